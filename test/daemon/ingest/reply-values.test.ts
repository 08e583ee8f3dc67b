import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordsAnswer } from '../../../daemon/ingest/http-answer.ts';
import { refusalCodes, refusalStatuses, refusals } from '../../../daemon/ingest/refusals.ts';
import { addReply, type Reply, replyLines } from '../../../daemon/ingest/replies.ts';

const okLine = '{"ok":true}\n';
const bad = refusals.invalid_record('not a JSON object', 0);
const badLine = '{"ok":false,"code":"invalid_record","message":"not a JSON object at byte 0"}\n';

function ok(records: number): Reply {
  return { kind: 'ok', records };
}

test('a run of ok replies is as many lines, however many they are', () => {
  // Up and down, so that shared bytes are used again; over the largest that are shared.
  for (const count of [1, 2, 3, 1, 64, 63, 65, 32_768, 32_769, 100_000, 5]) {
    const lines = replyLines([ok(count)]);
    assert.equal(lines.length, count * okLine.length);
    assert.equal(lines.toString(), okLine.repeat(count));
  }
  assert.equal(replyLines([ok(2), ok(3)]).toString(), okLine.repeat(5));
});

test('ordinary runs share their bytes', () => {
  replyLines([ok(64)]);
  assert.equal(replyLines([ok(20)]).buffer, replyLines([ok(30)]).buffer);
  assert.equal(replyLines([ok(32_768)]).buffer, replyLines([ok(1)]).buffer);
  assert.notEqual(replyLines([ok(32_769)]).buffer, replyLines([ok(1)]).buffer, 'large ones are not kept');
});

test('lines of every kind of reply', () => {
  const replies: Reply[] = [
    ok(1),
    { kind: 'refused', records: 2, refusal: bad },
    {
      kind: 'devices',
      records: 1,
      refusal: refusals.not_recorded('nobody has it'),
      name: { id: '7', type: 'request' },
      devices: { 'a/': 'late' },
    },
    {
      kind: 'devices',
      records: 1,
      refusal: null,
      name: { id: '8', type: '' },
      devices: { 'a/': 'recorded' },
    },
    ok(1),
  ];
  assert.equal(
    replyLines(replies).toString(),
    okLine +
      badLine.repeat(2) +
      '{"ok":false,"code":"not_recorded","message":"nobody has it","id":"7","type":"request","devices":{"a/":"late"}}\n' +
      '{"ok":true,"id":"8","type":"","devices":{"a/":"recorded"}}\n' +
      okLine,
  );
});

test('the same replies in a row are one', () => {
  const replies: Reply[] = [];
  const another = refusals.no_device();
  for (const refusal of [null, null, bad, bad, another, null, null, null, another])
    addReply(replies, refusal);
  assert.deepEqual(replies, [
    ok(2),
    { kind: 'refused', records: 2, refusal: bad },
    { kind: 'refused', records: 1, refusal: another },
    ok(3),
    { kind: 'refused', records: 1, refusal: another },
  ]);
  addReply(replies, refusals.no_device());
  assert.equal(replies.length, 5, 'the same words are the same refusal');
});

test('the bytes of a refusal are made once, and no more refusals are remembered than a thousand', () => {
  const refused = (atByte: number): Reply => ({
    kind: 'refused',
    records: 1,
    refusal: refusals.invalid_record('not a JSON object', atByte),
  });
  const line = replyLines([refused(0)]).toString();
  assert.equal(replyLines([{ ...refused(0), records: 3 } as Reply]).toString(), line.repeat(3));
  assert.equal(
    replyLines([ok(1), refused(0), refused(1)])
      .toString()
      .split('\n').length,
    4,
  );
  const first = refusals.invalid_record('not a JSON object', 0);
  assert.equal(refusals.invalid_record('not a JSON object', 0), first);
  for (let atByte = 1; atByte <= 1_000; atByte++) refusals.invalid_record('not a JSON object', atByte);
  assert.notEqual(refusals.invalid_record('not a JSON object', 0), first);
  assert.deepEqual(refusals.invalid_record('not a JSON object', 0), first);
});

test('each code has its text and its status', () => {
  const told = {
    invalid_record: bad,
    too_large: refusals.too_large(4096, ''),
    not_recorded: refusals.not_recorded('file/ is blocked'),
    no_device: refusals.no_device(),
    stopping: refusals.stopping(),
    overloaded: refusals.overloaded(),
  };
  for (const code of refusalCodes) {
    assert.equal(told[code].code, code);
    const { status, body } = recordsAnswer([{ kind: 'refused', records: 1, refusal: told[code] }], null);
    assert.equal(status, refusalStatuses[code]);
    assert.deepEqual(JSON.parse(`${body}`).errors, [told[code].message]);
  }
});

test('an HTTP answer has the status of the worst record, each message once, and a reply a record', () => {
  const large = refusals.too_large(4096, '');
  const answer = recordsAnswer(
    [ok(2), { kind: 'refused', records: 2, refusal: large }, { kind: 'refused', records: 1, refusal: bad }],
    null,
  );
  assert.equal(answer.status, 413);
  assert.equal(answer.headers?.['Content-Type'], 'application/json');
  assert.deepEqual(JSON.parse(`${answer.body}`), {
    errors: [large.message, bad.message],
    replies: [{ ok: true }, { ok: true }, ...[large, large, bad].map((each) => ({ ok: false, ...each }))],
  });
});

test('an HTTP answer lists ten different messages at most', () => {
  const replies = Array.from({ length: 20 }, (_, byte): Reply => {
    return { kind: 'refused', records: 1, refusal: refusals.invalid_record('bad', byte) };
  });
  const { errors, replies: listed } = JSON.parse(`${recordsAnswer(replies, null).body}`);
  assert.deepEqual(
    errors,
    Array.from({ length: 10 }, (_, byte) => `bad at byte ${byte}`),
  );
  assert.equal(listed.length, 20);
});

test('a fault of the body comes first, and lowers no status', () => {
  const refused: Reply = { kind: 'refused', records: 1, refusal: refusals.no_device() };
  const fault = { status: 413, message: 'too many' };
  const worse = recordsAnswer([refused], fault);
  assert.equal(worse.status, 503);
  assert.deepEqual(JSON.parse(`${worse.body}`).errors, ['too many', refusals.no_device().message]);
  const fine = recordsAnswer([ok(1)], fault);
  assert.equal(fine.status, 413);
  assert.deepEqual(JSON.parse(`${fine.body}`), { errors: ['too many'], replies: [{ ok: true }] });
  assert.equal(recordsAnswer([], fault).status, 413);
});

test('a body that was recorded has an empty answer, and one without a record is refused', () => {
  assert.deepEqual(recordsAnswer([ok(1), ok(3)], null), { status: 204, body: '' });
  assert.equal(recordsAnswer([], null).status, 400);
});

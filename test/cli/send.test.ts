import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { inputFault } from '../../cli/input-fault.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { runCommand, startCommand } from './command.ts';
import { ingestPeer, okReply } from './ingest-peer.ts';

const record = (id: number): string => JSON.stringify({ type: 'request', request: { id: `${id}` } });

function records(count: number): string[] {
  return Array.from({ length: count }, (_, id) => record(id));
}

test('every record of a file is sent once and in order, and counted', async (t) => {
  const peer = await ingestPeer(t, (_, connection) => connection.write(okReply));
  const file = path.join(temporaryDirectory(t), 'records.ndjson');
  const all = records(5000);
  writeFileSync(file, all.join('\n'));
  const { code, stdout, stderr } = await runCommand(t, ['send', file, '--socket', peer.socketPath]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(peer.records, all);
  assert.match(
    stdout,
    /^sent {8}5000\nok {10}5000\nrefused {5}0\nunanswered {2}0\nrate .* records\/s in .* s\nlatency {5}p50 /,
  );
  assert.equal(stderr, '');
});

test('refused records are counted by code and named by their line, and the exit code is 1', async (t) => {
  const peer = await ingestPeer(t, (text, connection) => {
    const refusal = text === 'no' ? 'invalid_record' : text === 'late' ? 'not_recorded' : null;
    connection.write(
      refusal === null ? okReply : `{"ok":false,"code":"${refusal}","message":"why ${text}"}\n`,
    );
  });
  // Empty lines and carriage returns are no records, and count as lines.
  const input = `${record(1)}\r\n\r\n\n  no\nno\n\n\n${record(2)}\nlate\nno`;
  const json = await runCommand(t, ['send', '-', '--json', '-s', peer.socketPath], { input });
  assert.equal(json.code, 1);
  const summary = JSON.parse(json.stdout) as Record<string, unknown>;
  assert.deepEqual(
    {
      sent: summary['sent'],
      ok: summary['ok'],
      refused: summary['refused'],
      unanswered: summary['unanswered'],
    },
    { sent: 6, ok: 3, refused: { invalid_record: 2, not_recorded: 1 }, unanswered: 0 },
  );
  assert.deepEqual(summary['refusals'], [
    { line: 5, code: 'invalid_record', message: 'why no' },
    { line: 9, code: 'not_recorded', message: 'why late' },
    { line: 10, code: 'invalid_record', message: 'why no' },
  ]);
  assert.equal(summary['failure'], null);
  assert.equal(
    json.stderr,
    'line 5: invalid_record: why no\nline 9: not_recorded: why late\nline 10: invalid_record: why no\n',
  );
});

test('only the first refusals are told one by one', async (t) => {
  const peer = await ingestPeer(t, (_, connection) =>
    connection.write('{"ok":false,"code":"no_device","message":"m"}\n'),
  );
  const { code, stdout, stderr } = await runCommand(t, ['send', '-', '-s', peer.socketPath], {
    input: 'x\n'.repeat(30),
  });
  assert.equal(code, 1);
  assert.equal(stderr.trimEnd().split('\n').length, 11);
  assert.match(stderr, /… and 20 more\n$/);
  assert.match(stdout, /refused {5}30 {2}no_device 30\n/);
});

test('replies that list the devices are understood', async (t) => {
  const peer = await ingestPeer(t, (_, connection) => {
    connection.write('{"ok":true,"id":"1","type":"request","devices":{"file/":"recorded","siem/":"late"}}\n');
  });
  const { code, stdout } = await runCommand(t, ['send', '-', '-s', peer.socketPath], {
    input: `${record(1)}\n`,
  });
  assert.equal(code, 0);
  assert.match(stdout, /^sent {8}1\nok {10}1\n/);
});

test('no more records than the window wait for their reply', async (t) => {
  let most = 0;
  let waiting = 0;
  const answer = (connection: { write(text: string): unknown }): void => {
    most = Math.max(most, waiting);
    connection.write(okReply.repeat(waiting));
    waiting = 0;
  };
  // Answers nothing before the window is full, so a sender that kept back more would never end.
  const peer = await ingestPeer(
    t,
    (_, connection) => {
      waiting++;
      if (waiting === 7) answer(connection);
    },
    (connection) => {
      answer(connection);
      connection.end();
    },
  );
  const { code } = await runCommand(t, ['send', '-', '-w', '7', '-s', peer.socketPath], {
    input: records(100).join('\n'),
  });
  assert.equal(code, 0);
  assert.equal(most, 7);
  assert.equal(peer.records.length, 100);
});

test('a record goes out before the input has ended', async (t) => {
  const peer = await ingestPeer(t, (_, connection) => connection.write(okReply));
  const command = startCommand(t, ['send', '-', '-s', peer.socketPath]);
  command.process.stdin.write(`${record(1)}\n`);
  await waitFor('the first record has arrived', () => peer.records.length === 1);
  command.process.stdin.end(record(2));
  assert.equal((await command.ended).code, 0);
  assert.deepEqual(peer.records, [record(1), record(2)]);
});

test('a record far longer than any buffer passes to a peer that stops reading for a while', async (t) => {
  const peer = await ingestPeer(t, (_, connection) => connection.write(okReply));
  const command = startCommand(t, ['send', '-', '-s', peer.socketPath]);
  await waitFor('the connection is there', () => peer.connections.length === 1);
  peer.connections[0]!.pause();
  const long = JSON.stringify({ request: { id: 'x'.repeat(5_000_000) } });
  let taken = false;
  command.process.stdin.end(long, () => {
    taken = true;
  });
  assert.equal(taken, false);
  peer.connections[0]!.resume();
  assert.equal((await command.ended).code, 0);
  assert.equal(peer.records.length, 1);
  assert.ok(peer.records[0] === long);
});

test('a connection that is lost leaves a count of what is unanswered', async (t) => {
  let answers = 0;
  const peer = await ingestPeer(t, (_, connection) => {
    if (answers < 3) connection.write(okReply);
    else if (answers === 3) connection.end();
    answers++;
  });
  const { code, stdout, stderr } = await runCommand(
    t,
    ['send', '-', '-w', '8', '--json', '-s', peer.socketPath],
    {
      input: `${records(1000).join('\n')}\n`,
    },
  );
  assert.equal(code, 1);
  const summary = JSON.parse(stdout) as { sent: number; ok: number; unanswered: number; failure: string };
  assert.ok(summary.ok <= 3);
  assert.ok(summary.unanswered >= 1 && summary.unanswered <= 8, stdout);
  assert.equal(summary.sent, summary.ok + summary.unanswered);
  assert.match(summary.failure, /: the other side closed the connection$/);
  assert.match(stderr, new RegExp(`${summary.unanswered} of ${summary.sent} records sent are unanswered`));
});

test('it ends when the peer goes, though more input may come', async (t) => {
  const peer = await ingestPeer(t, (_, connection) => connection.end(okReply));
  const command = startCommand(t, ['send', '-', '-s', peer.socketPath]);
  command.process.stdin.write(`${record(1)}\n`);
  const { code, stdout } = await command.ended;
  assert.equal(code, 1);
  assert.match(stdout, /^sent {8}1\nok {10}1\n/);
});

test('a peer that never replies is given up', async (t) => {
  const peer = await ingestPeer(
    t,
    () => {},
    () => {},
  );
  const words = ['send', '-', '-s', peer.socketPath, '--timeout', '50ms'];
  const { code, stderr } = await runCommand(t, words, { input: `${record(1)}\n` });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /no reply for 0.05 s; a listener with "replies: none" never sends one; 1 of 1 records sent are unanswered\n$/,
  );
});

test('whatever is no reply ends the sending, and is not repeated', async (t) => {
  for (const reply of ['s3cret\n', '{"s3cret":1}\n', '[]\n']) {
    const peer = await ingestPeer(t, (_, connection) => connection.write(reply));
    const { code, stderr } = await runCommand(t, ['send', '-', '-s', peer.socketPath], { input: 'a\n' });
    assert.equal(code, 1, reply);
    assert.match(stderr, /the other side does not speak the ingest protocol/);
    assert.ok(!stderr.includes('s3cret'));
  }
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} ends it with the summary so far`, async (t) => {
    const peer = await ingestPeer(t, () => {});
    const command = startCommand(t, ['send', '-', '-s', peer.socketPath]);
    command.process.stdin.write(`${record(1)}\n`);
    await waitFor('the record has arrived', () => peer.records.length === 1);
    command.process.kill(signal);
    const { code, stdout, stderr } = await command.ended;
    assert.equal(code, 1);
    assert.match(stdout, /unanswered {2}1\n/);
    assert.match(stderr, /interrupted; 1 of 1 records sent are unanswered/);
  });
}

test('what is no lines of records gets one hint, and nothing is sent', async (t) => {
  const peer = await ingestPeer(t, (_, connection) => connection.write(okReply));
  const all = records(200);
  const folder = temporaryDirectory(t);
  const values = all.map((text) => JSON.parse(text) as unknown);
  for (const [name, bytes, hint] of [
    ['a.gz', gzipSync(all.join('\n')), /: it is compressed; .*: zcat \S+a\.gz \| audit-sidecar send -\n$/],
    ['a.json', JSON.stringify(values), /: it is a JSON array; .*: jq -c '\.\[\]' \S+a\.json \|/],
    ['b.json', `\n${JSON.stringify(values, null, 2)}`, /: it is a JSON array; /],
    [
      'c.json',
      values.map((value) => JSON.stringify(value, null, 2)).join('\n'),
      /: its records go over several lines; .*: jq -c \. /,
    ],
    [
      'd.json',
      values
        .map((value) => JSON.stringify(value, null, '\t'))
        .join('\r\n')
        .replaceAll('\n', '\r\n'),
      /several lines/,
    ],
    ['e', Buffer.from(`\ufeff${all.join('\n')}`, 'utf16le'), /: it is UTF-16; /],
    ["it's", Buffer.from([0x42, 0x5a, 0x68, 0x39]), /: bzcat '\S+it'\\''s' \|/],
  ] as const) {
    const file = path.join(folder, name);
    writeFileSync(file, bytes);
    for (const [word, input] of [
      [file, ''],
      ['-', bytes],
    ] as const) {
      const { code, stdout, stderr } = await runCommand(t, ['send', word, '-s', peer.socketPath], { input });
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.equal(stderr.split('\n').length, 2, stderr);
      assert.match(stderr, word === '-' ? /^audit-sidecar: Cannot send standard input: it/ : hint);
    }
  }
  assert.deepEqual(peer.records, []);
});

test('the beginning of an input is judged as it comes, byte by byte', () => {
  const judged = (text: string | Buffer): string | null => {
    const bytes = Buffer.from(text);
    for (let length = 1; length <= bytes.length; length++) {
      const fault = inputFault(bytes.subarray(0, length), 'FILE', 'send');
      if (fault !== 'unknown') return fault;
    }
    return null;
  };
  for (const text of [
    '{"a":1}\n',
    ' {"a":1}',
    '{ "a":1}\n',
    '[1]\n',
    '[]',
    'x',
    '{}\n{',
    '\n\n{"a":1}',
    'BZ',
    '"\n',
  ]) {
    assert.equal(judged(text), null, text);
  }
  for (const text of ['[{', '[ \n{', ' \n[\n  {', '{\n', ' { \r\n', Buffer.from([0x1f, 0x8b]), 'BZh']) {
    assert.match(judged(text)!, /FILE \| audit-sidecar send -$/);
  }
});

test('a socket or file that is not there is said to be missing', async (t) => {
  const folder = temporaryDirectory(t);
  const socket = await runCommand(t, ['send', '-', '-s', `${folder}/none.sock`], { input: 'a\n' });
  assert.deepEqual(socket, {
    code: 1,
    stdout: '',
    stderr: `audit-sidecar: Cannot send to "${folder}/none.sock": there is no such socket; is the daemon running?\n`,
  });
  const peer = await ingestPeer(t, () => {});
  const file = await runCommand(t, ['send', `${folder}/none`, '-s', peer.socketPath]);
  assert.deepEqual(file, {
    code: 1,
    stdout: '',
    stderr: `audit-sidecar: Cannot read records from "${folder}/none": no such file\n`,
  });
  const directory = await runCommand(t, ['send', folder, '-s', peer.socketPath]);
  assert.match(directory.stderr, /: it is a directory\n$/);
});

test('an input without a record is no success', async (t) => {
  const peer = await ingestPeer(t, () => {});
  for (const input of ['', '\n\r\n\n']) {
    const { code, stdout, stderr } = await runCommand(t, ['send', '-', '-s', peer.socketPath], { input });
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.equal(stderr, 'audit-sidecar: Cannot send standard input: there is no record in it\n');
  }
});

test('a window or time that cannot be is refused before anything is sent', async (t) => {
  for (const words of [
    ['-w', '0'],
    ['-w', 'x'],
    ['-w', '-1'],
    ['--timeout', 'soon'],
    ['--timeout', '48h'],
  ]) {
    const { code, stderr } = await runCommand(t, ['send', '-', '-s', '/nowhere', ...words]);
    assert.equal(code, 2, words.join(' '));
    assert.match(stderr, /^audit-sidecar: Cannot use --(window|timeout) ".*": wanted /);
  }
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { OptionTexts } from '../../devices/device-kind.ts';
import { parseDevice } from '../../devices/registry.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { linesOf, recordText, recordTexts } from './batches.ts';
import { deviceContract, type Subject } from './contract.ts';
import { LaneStandIn } from './lane-stand-in.ts';
import { makeCertificate, opensslMissing } from './peers/certificates.ts';
import { HttpPeer, type HttpPeerOptions } from './peers/http-peer.ts';

async function subjectOf(peer: HttpPeer, options: OptionTexts): Promise<Subject> {
  await peer.start();
  return {
    type: 'http',
    options: { uri: peer.uri, ...options },
    received: () => peer.received(),
    stop: () => peer.stop(),
    start: () => peer.start(),
    pause: () => peer.pause(),
    resume: () => peer.resume(),
  };
}

/** Takes bodies up to a size, as servers with a limit do. */
function upTo(bytes: number) {
  return ({ body }: { body: string }, response: ServerResponse): void => {
    response.writeHead(body.length <= bytes ? 200 : 413).end('answer');
  };
}

for (const batch of ['false', 'true']) {
  const how = batch === 'true' ? 'in batches' : 'one by one';
  deviceContract(`http, ${how}`, (test) => subjectOf(new HttpPeer(test), { batch }), {
    restarts: true,
    stalls: 'waits',
  });
  deviceContract(
    `http, ${how}, to a peer that limits the body`,
    (test) => subjectOf(new HttpPeer(test, { answer: upTo(2000) }), { batch }),
    { restarts: false, stalls: 'never', limit: { fitting: 1990, tooLong: 2010 } },
  );
}
deviceContract(
  'http over TLS',
  (test) => {
    const { cert, key, certFile } = makeCertificate(temporaryDirectory(test), 'peer', 'IP:127.0.0.1');
    return subjectOf(new HttpPeer(test, { tls: { cert, key } }), { batch: 'true', tls_ca_cert: certFile });
  },
  { restarts: true, stalls: 'waits', skip: opensslMissing },
);

async function pair(
  context: TestContext,
  options: OptionTexts = {},
  peerOptions: HttpPeerOptions = {},
): Promise<{ peer: HttpPeer; lane: LaneStandIn }> {
  const peer = new HttpPeer(context, peerOptions);
  await peer.start();
  return { peer, lane: new LaneStandIn(context, 'http', { uri: peer.uri, ...options }) };
}

test('one connection carries many records, each in a POST of its own', async (context) => {
  const { peer, lane } = await pair(context);
  await lane.deliver(linesOf(recordTexts(0, 100, 200)));
  await lane.deliver(linesOf(recordTexts(100, 100, 200)));
  assert.equal(peer.connections, 1);
  assert.equal(peer.posted.length, 200);
  assert.deepEqual(
    peer.posted.map(({ body }) => body),
    recordTexts(0, 200, 200).map((text) => `${text}\n`),
  );
  const [first] = peer.posted;
  assert.equal(first!.method, 'POST');
  assert.equal(first!.url, '/audit?from=test');
  assert.equal(first!.headers['content-type'], 'application/json');
  assert.equal(first!.headers['content-length'], String(first!.body.length));
});

test('a batch is one POST of NDJSON', async (context) => {
  const { peer, lane } = await pair(context, { batch: 'true' });
  await lane.deliver(linesOf(recordTexts(0, 500, 200)));
  assert.equal(peer.posted.length, 1);
  assert.equal(peer.posted[0]!.headers['content-type'], 'application/x-ndjson');
  assert.deepEqual(peer.received(), recordTexts(0, 500, 200));
});

for (const [options, type] of [
  [{ prefix: '@cee: ' }, 'text/plain; charset=utf-8'],
  [{ format: 'jsonx' }, 'application/xml'],
  [{ headers: '{"content-type":["application/vnd.test"]}' }, 'application/vnd.test'],
] as const) {
  test(`with ${JSON.stringify(options)} the content type is ${type}`, async (context) => {
    const { peer, lane } = await pair(context, options);
    await lane.deliver(linesOf(recordTexts(0, 1, 100)));
    assert.equal(peer.posted[0]!.headers['content-type'], type);
    assert.equal(peer.posted[0]!.rawHeaders.filter((name) => /^content-type$/i.test(name)).length, 1);
  });
}

test('a redirect is a failure and is not followed', async (context) => {
  const elsewhere = new HttpPeer(context);
  await elsewhere.start();
  for (const status of [301, 302, 303, 307, 308]) {
    const { peer, lane } = await pair(
      context,
      {},
      { answer: (_, response) => response.writeHead(status, { location: elsewhere.uri }).end() },
    );
    await lane.open();
    const outcome = await lane.write(linesOf(recordTexts(0, 2, 100)));
    assert.equal(outcome.settled, 0);
    assert.equal(outcome.failure?.reason, 'rejected');
    assert.match(outcome.failure!.message, new RegExp(`status ${status}: a redirect is not followed$`));
    assert.equal(peer.posted.length, 1);
  }
  assert.equal(elsewhere.connections, 0);
});

test('what was answered with 2xx is settled, and the rest is sent again after a 500', async (context) => {
  let count = 0;
  const { peer, lane } = await pair(
    context,
    {},
    {
      answer: (_, response) => {
        count++;
        response.writeHead(count === 4 ? 500 : 201).end('the body of the answer');
      },
    },
  );
  await lane.open();
  const outcome = await lane.write(linesOf(recordTexts(0, 6, 100)));
  assert.equal(outcome.settled, 3);
  assert.equal(outcome.failure?.reason, 'rejected');
  assert.equal(
    outcome.failure?.message,
    `Cannot post to "${peer.uri.replace(/\?.*/, '')}": answered with status 500`,
  );
  assert.equal(outcome.failure?.permanent, false);
  await lane.deliver(linesOf(recordTexts(3, 3, 100)));
  assert.deepEqual(peer.received(), recordTexts(0, 6, 100));
});

test('a peer that answers late is waited for on the same connection', async (context) => {
  const { peer, lane } = await pair(context);
  await lane.open();
  peer.pause();
  const writing = lane.write(linesOf(recordTexts(0, 3, 100)));
  await waitFor('the peer has read a record', () => peer.posted.length === 1);
  peer.resume();
  assert.equal((await writing).settled, 3);
  assert.deepEqual(peer.received(), recordTexts(0, 3, 100));
  assert.equal(peer.connections, 1);
});

test('a peer that ends idle connections is no failure', async (context) => {
  const { peer, lane } = await pair(context);
  await lane.open();
  for (let number = 0; number < 20; number++) {
    assert.equal((await lane.write(linesOf([recordText(number, 100)]))).failure, null);
    peer.endIdle();
  }
  assert.deepEqual(peer.received(), recordTexts(0, 20, 100));
  assert.deepEqual(lane.failures, []);
});

test('a peer that breaks the connection instead of answering is a failure, and nothing is settled', async (context) => {
  const { peer, lane } = await pair(
    context,
    {},
    { answer: (_, response) => void response.socket!.destroy() },
  );
  await lane.open();
  const outcome = await lane.write(linesOf(recordTexts(0, 2, 100)));
  assert.equal(outcome.settled, 0);
  assert.equal(outcome.failure?.reason, 'reset');
  assert.equal(peer.posted.length, 1);
});

test('an answer without end does not hold the next record back', async (context) => {
  const { lane } = await pair(
    context,
    {},
    {
      answer: (_, response) => {
        response.writeHead(200);
        const more = (): void => {
          // A turn of the event loop between: Node 26's test runner keeps a note of each callback until then.
          if (!response.destroyed) response.write(Buffer.alloc(16 * 1024), () => setImmediate(more));
        };
        more();
      },
    },
  );
  await lane.open();
  assert.equal((await lane.write(linesOf(recordTexts(0, 3, 100)))).settled, 3);
});

test('a status stands when the connection breaks in the midst of the answer', async (context) => {
  const { peer, lane } = await pair(
    context,
    {},
    {
      answer: (_, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('half', () => response.socket!.resetAndDestroy());
      },
    },
  );
  await lane.open();
  assert.equal((await lane.write(linesOf(recordTexts(0, 5, 100)))).settled, 5);
  assert.deepEqual(peer.received(), recordTexts(0, 5, 100));
});

test('only the record that is too large is refused, wherever it stands in a batch', async (context) => {
  const { peer, lane } = await pair(context, { batch: 'true' }, { answer: upTo(10_000) });
  const tooLong = new Set([0, 17, 18, 63]);
  const texts = Array.from({ length: 64 }, (_, index) =>
    recordText(index, tooLong.has(index) ? 10_001 : 120),
  );
  await lane.open();
  const outcome = await lane.write(linesOf(texts));
  assert.deepEqual(outcome, { settled: 64, refused: [...tooLong], failure: null });
  assert.deepEqual(
    peer.received(),
    texts.filter((_, index) => !tooLong.has(index)),
  );
});

test('headers are sent as written, also several values and those read elsewhere', async (context) => {
  const token = path.join(temporaryDirectory(context), 'token');
  writeFileSync(token, 'Bearer first\n');
  process.env['HTTP_TEST_TENANT'] = 'one';
  context.after(() => delete process.env['HTTP_TEST_TENANT']);
  const headers = {
    Authorization: [` FILE://${token}`],
    'X-Tenant': ['env://HTTP_TEST_TENANT'],
    'X-Multi': ['a', 'b'],
    __proto__x: ['c'],
  };
  let status = 200;
  const { peer, lane } = await pair(
    context,
    { headers: JSON.stringify(headers) },
    { answer: (_, response) => response.writeHead(status).end() },
  );
  await lane.deliver(linesOf(recordTexts(0, 1, 100)));
  const sent = peer.posted[0]!.headers;
  assert.equal(sent['authorization'], 'Bearer first');
  assert.equal(sent['x-tenant'], 'one');
  assert.equal(sent['x-multi'], 'a, b');
  assert.equal(sent['__proto__x'], 'c');

  // A token that was renewed is read after the peer has refused the old one.
  writeFileSync(token, 'Bearer second\n');
  status = 401;
  const refused = await lane.write(linesOf(recordTexts(1, 1, 100)));
  assert.match(refused.failure!.message, /status 401$/);
  status = 200;
  await lane.deliver(linesOf(recordTexts(1, 1, 100)));
  assert.equal(peer.posted.at(-1)!.headers['authorization'], 'Bearer second');
});

test('a user and password in the URI are sent, and never shown', async (context) => {
  const peer = new HttpPeer(context, { answer: (_, response) => response.writeHead(403).end() });
  await peer.start();
  const lane = new LaneStandIn(context, 'http', { uri: peer.uri.replace('//', '//us%20er:hunter2@') });
  await lane.open();
  const { failure } = await lane.write(linesOf(recordTexts(0, 1, 100)));
  assert.equal(
    peer.posted[0]!.headers['authorization'],
    `Basic ${Buffer.from('us er:hunter2').toString('base64')}`,
  );
  assert.doesNotMatch(`${failure!.message}${failure!.stack}`, /hunter2|us%20er|from=test/);
});

test('a header whose value cannot be read is a failure that stays', async (context) => {
  const folder = temporaryDirectory(context);
  writeFileSync(path.join(folder, 'two-lines'), 'hunter2\nX-Forged: yes');
  const faults: [source: string, message: string][] = [
    ['env://NOPE_X', 'failed to parse header a: environment variable NOPE_X unset'],
    [
      `file://${folder}/missing`,
      `failed to parse header a: file "${folder}/missing": no such file or directory`,
    ],
    [`file://${folder}`, `failed to parse header a: file "${folder}": it is a directory`],
    ['file:///dev/zero', 'failed to parse header a: file "/dev/zero": it is not a regular file'],
    [
      `file://${folder}/two-lines`,
      `failed to parse header a: file "${folder}/two-lines" holds characters that no header may have`,
    ],
  ];
  for (const [source, message] of faults) {
    const { lane } = await pair(context, { headers: JSON.stringify({ a: [source] }) });
    const failure = await lane.openFailure();
    assert.equal(failure.message, message);
    assert.equal(failure.permanent, true);
  }
});

test('the certificate must be that of the host', { skip: opensslMissing }, async (context) => {
  const folder = temporaryDirectory(context);
  const own = makeCertificate(folder, 'own', 'DNS:collector.example.org');
  const { peer, lane } = await pair(context, { tls_ca_cert: own.certFile }, { tls: own });
  await lane.open();
  const { failure } = await lane.write(linesOf(recordTexts(0, 1, 100)));
  assert.equal(failure?.reason, 'tls');
  assert.equal(peer.posted.length, 0);
  const named = new LaneStandIn(context, 'http', {
    uri: peer.uri,
    tls_ca_cert: own.certFile,
    tls_server_name: 'collector.example.org',
  });
  await named.deliver(linesOf(recordTexts(0, 2, 100)));
  assert.deepEqual(peer.received(), recordTexts(0, 2, 100));
});

test('a header that is sent anyway is replaced, and never doubled', async (t) => {
  const peer = new HttpPeer(t);
  await peer.start();
  const headers = {
    host: ['vhost.example'],
    AUTHORIZATION: ['Bearer one'],
    'content-type': ['text/x'],
    'X-Two': ['1'],
    'x-two': ['2', '3'],
  };
  const uri = peer.uri.replace('//', '//user:password@');
  const device = new LaneStandIn(t, 'http', { uri, headers: JSON.stringify(headers) });
  await device.deliver(linesOf(['{}', '{}']));
  for (const { rawHeaders } of peer.taken) {
    const sent = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1]]] : [],
    );
    const values = (wanted: string): unknown[] =>
      sent.filter(([name]) => name === wanted).map(([, value]) => value);
    assert.deepEqual(values('host'), ['vhost.example']);
    assert.deepEqual(values('authorization'), ['Bearer one']);
    assert.deepEqual(values('content-type'), ['text/x']);
    assert.deepEqual(values('x-two'), ['1', '2', '3']);
  }
  assert.equal(peer.taken.length, 2);
  for (const refused of [
    { Host: ['a', 'b'] },
    { Host: ['a'], host: ['b'] },
    { Host: [] },
    { Host: ['a\r\nX: b'] },
  ]) {
    const options = { uri, headers: JSON.stringify(refused) };
    assert.throws(() => parseDevice('http', options), /Cannot use option "headers"/, JSON.stringify(refused));
  }
});

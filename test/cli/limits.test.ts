import assert from 'node:assert/strict';
import http from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { runCommandLine } from '../../cli/command-line.ts';
import { httpCall } from '../../cli/http-call.ts';
import { age, size } from '../../cli/quantities.ts';
import { sendRecords } from '../../cli/record-sender.ts';
import { refusalsText, summarise } from '../../cli/send-summary.ts';
import { addRefusal, emptyTally, type Tally } from '../../cli/tally.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { noSignals } from './command.ts';
import { ingestPeer } from './ingest-peer.ts';

test('a window is from 1 to 1000000, and a timeout at most 24 hours', async (t) => {
  t.mock.method(process.stderr, 'write', () => true);
  const socket = path.join(temporaryDirectory(t), 'nobody.sock');
  const exitCode = (option: string, value: string): Promise<number> =>
    runCommandLine(['send', '/dev/null', '--socket', socket, option, value], noSignals);
  for (const [option, least, most] of [
    ['--window', '1', '1000000'],
    ['--timeout', '0', '24h'],
  ] as const) {
    // Both may be; nobody listens.
    assert.equal(await exitCode(option, least), 1);
    assert.equal(await exitCode(option, most), 1);
  }
  for (const window of ['0', '1000001', '10000000']) assert.equal(await exitCode('--window', window), 2);
  for (const timeout of ['86400001ms', '-1s']) assert.equal(await exitCode('--timeout', timeout), 2);
});

function refused(count: number, message: string): Tally {
  const tally = emptyTally();
  for (let line = 1; line <= count; line++) {
    tally.sent++;
    addRefusal(tally, { line, code: 'invalid_record', message });
  }
  return tally;
}

test('ten refusals are told one by one, of eleven the last is only counted', () => {
  const told = (count: number): string => refusalsText(summarise(refused(count, 'x'), 1000, null));
  assert.equal(told(10).split('\n').length, 11);
  assert.doesNotMatch(told(10), /more/);
  assert.match(told(11), /^line 10: invalid_record: x\n… and 1 more\n$/m);
});

test('a message of 300 characters is told whole, a longer one cut', () => {
  const told = (length: number): string =>
    refusalsText(summarise(refused(1, 'x'.repeat(length)), 1000, null));
  assert.equal(told(300), `line 1: invalid_record: ${'x'.repeat(300)}\n`);
  assert.equal(told(301), `line 1: invalid_record: ${'x'.repeat(300)}…\n`);
});

test('an age and a size are in the largest unit of which there is one', () => {
  const day = 86_400_000;
  for (const [milliseconds, text] of [
    [Number.NaN, '?'],
    [-5, '0ms'],
    [999, '999ms'],
    [1000, '1s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_999, '59m'],
    [3_600_000, '1h'],
    [day - 1, '23h'],
    [day, '1d'],
    [40 * day, '40d'],
  ] as const) {
    assert.equal(age(milliseconds), text);
  }
  for (const [bytes, text] of [
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1KiB'],
    [1536, '1.5KiB'],
    [1024 ** 2, '1MiB'],
    [1024 ** 3 - 1, '1024MiB'],
    [1024 ** 3, '1GiB'],
    [1.25 * 1024 ** 4, '1280GiB'],
  ] as const) {
    assert.equal(size(bytes), text);
  }
});

test('an answer of four mebibytes is read, a longer one not', async (t) => {
  const socket = path.join(temporaryDirectory(t), 'http.sock');
  const most = 4 * 1024 * 1024;
  const server = http.createServer(({ url }, response) => response.end('x'.repeat(Number(url!.slice(1)))));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(() => server.close());
  const call = (bytes: number) =>
    httpCall({ socket }, { method: 'GET', path: `/${bytes}`, patienceMs: 60_000 });
  assert.equal((await call(most)).body.length, most);
  await assert.rejects(call(most + 1), /too long/);
});

test('a reply of a mebibyte is waited for, a longer one is foreign', async (t) => {
  const most = 1024 * 1024;
  const around = '{"ok":false,"code":"c","message":""}';
  const sending = async (t: TestContext, bytes: number): Promise<Tally> => {
    const reply = around.replace('""', `"${'m'.repeat(bytes - around.length)}"`);
    const peer = await ingestPeer(t, (_, connection) => {
      // Without its end first, so that all of it is held.
      connection.write(reply, () => setImmediate(() => connection.write('\n')));
    });
    const { signal } = new AbortController();
    const settings = { socketPath: peer.socketPath, window: 1, replyTimeoutMs: 0, signal };
    const tally = emptyTally();
    await sendRecords(Readable.from([Buffer.from('{}\n')]), 'FILE', settings, tally);
    return tally;
  };
  assert.equal((await sending(t, most)).refusals[0]?.message.length, most - around.length);
  await assert.rejects(sending(t, most + 64 * 1024), /does not speak the ingest protocol/);
});

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { rsyslogMissing, startRsyslog } from '../devices/peers/rsyslog.ts';
import { StreamPeer } from '../devices/peers/stream-peer.ts';
import { UdpPeer } from '../devices/peers/udp-peer.ts';
import { DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { koffiMissing } from '../support/koffi.ts';
import { RecordClient } from '../support/record-client.ts';
import { corpusLines, numberedRecord, recordNumbers } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const count = 2000;

/** Sends numbered records, a few at a time so that no datagram is lost for want of a buffer. */
async function sendNumbered(client: RecordClient, from: number, to: number, window = 20): Promise<void> {
  for (let next = from; next < to; next += window) {
    const records = Array.from({ length: Math.min(window, to - next) }, (_, index) =>
      numberedRecord(next + index),
    );
    const answered = client.replies.length;
    client.send(...records);
    await client.replied(answered + records.length);
  }
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

test('a file, TCP, UDP, UNIX and rsyslog devices at once each get every record', {
  // The local logger is a UNIX datagram socket.
  skip: rsyslogMissing || koffiMissing,
}, async (t) => {
  const folder = temporaryDirectory(t);
  const rsyslog = await startRsyslog(t);
  const udp = new UdpPeer(t);
  await udp.start();
  const { addresses } = rsyslog;
  const socket = (address: string, socket_type: string, framing = 'newline') => ({
    type: 'socket',
    options: socket_type === 'udp' ? { address, socket_type } : { address, socket_type, framing },
  });
  const syslog = (address: string, socket_type: string, options: object = {}) => ({
    type: 'syslog',
    options: { address, socket_type, facility: 'LOCAL3', tag: 'sidecar', ...options },
  });
  const tcp = new StreamPeer(t, { framing: 'newline' });
  const unix = new StreamPeer(t, { framing: 'octet-counting', path: path.join(folder, 'unix.sock') });
  await Promise.all([tcp.start(), unix.start()]);
  const daemon = await DaemonProcess.start(t, folder, {
    require: 'all',
    devices: {
      'file/': fileDevice,
      'tcp/': socket(tcp.address, 'tcp'),
      'udp/': socket(udp.address, 'udp'),
      'unix/': socket(unix.address, 'unix', 'octet-counting'),
      'syslog/newline/': syslog(addresses.imtcp, 'tcp', { framing: 'newline' }),
      'syslog/counted/': syslog(addresses.imptcp, 'tcp', { framing: 'octet-counting' }),
      'syslog/unix/': syslog(addresses.imptcpPath, 'unix'),
      'syslog/udp/': syslog(addresses.imudp, 'udp', { rfc: '3164' }),
      'syslog/local/': syslog(addresses.imuxsock, 'unixgram', { rfc: '3164' }),
    },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  await sendNumbered(client, 0, count);
  assert.ok(client.replies.every((reply) => reply.ok));

  const all = numbers(0, count);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), all);
  for (const peer of [tcp, udp, unix]) {
    await waitFor('the peer has every record', () => peer.received().length >= count);
    assert.deepEqual(recordNumbers(peer.received()), all);
  }
  for (const input of ['imtcp', 'imptcp', 'imptcpPath', 'imudp', 'imuxsock'] as const) {
    await waitFor(`${input} has every record`, () => rsyslog.messages(input).length >= count);
    const messages = rsyslog.messages(input);
    assert.deepEqual(recordNumbers(messages.map((message) => message.text)), all, input);
    assert.ok(messages.every((message) => message.facility === 'local3' && message.program === 'sidecar'));
    for (const { text } of messages) JSON.parse(text);
  }
});

test('the recorded corpus goes through a running daemon to file, socket and syslog, and no secret with it', {
  skip: rsyslogMissing,
}, async (t) => {
  const folder = temporaryDirectory(t);
  const rsyslog = await startRsyslog(t);
  const tcp = new StreamPeer(t, { framing: 'octet-counting' });
  await tcp.start();
  const daemon = await DaemonProcess.start(t, folder, {
    devices: {
      'file/': fileDevice,
      'tcp/': { type: 'socket', options: { address: tcp.address, framing: 'octet-counting' } },
      'syslog/': { type: 'syslog', options: { address: rsyslog.addresses.imptcp, socket_type: 'tcp' } },
    },
    require: 'all',
  });
  // Their lines are longer: one of more than 200,000 bytes would be refused for syslog over streams.
  const records = corpusLines('raw.ndjson').filter((record) => record.length < 60_000);
  assert.ok(records.length > 1600);
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(...records);
  const replies = await client.replied(records.length);
  assert.ok(replies.every((reply) => reply.ok));
  const ids = records.map((record) => (JSON.parse(record) as { request?: { id?: string } }).request?.id);
  const idsIn = (lines: readonly string[]): (string | undefined)[] =>
    lines.map((line) => (JSON.parse(line) as { request?: { id?: string } }).request?.id);
  assert.deepEqual(idsIn(daemon.lines('audit.log')), ids);
  await waitFor('the peer has every record', () => tcp.received().length >= records.length);
  assert.deepEqual(idsIn(tcp.received()), ids);
  await waitFor('rsyslog has every record', () => rsyslog.messages('imptcp').length >= records.length);
  assert.deepEqual(idsIn(rsyslog.messages('imptcp').map((message) => message.text)), ids);
  const tokens = new Set(records.flatMap((record) => record.match(/"client_token":"[^"]{8,}"/g) ?? []));
  const everything = [...daemon.lines('audit.log'), ...tcp.received(), daemon.log].join('\n');
  assert.ok(tokens.size > 20);
  for (const token of tokens) assert.ok(!everything.includes(token));
});

test('a peer that stops reading slows nothing: replies go on, and that device alone is blocked', async (t) => {
  const folder = temporaryDirectory(t);
  const stalled = new StreamPeer(t, { framing: 'newline' });
  const healthy = new StreamPeer(t, { framing: 'newline', path: path.join(folder, 'healthy.sock') });
  await Promise.all([stalled.start(), healthy.start()]);
  stalled.pause();
  const daemon = await DaemonProcess.start(t, folder, {
    devices: {
      'file/': fileDevice,
      'healthy/': { type: 'socket', options: { address: healthy.address, socket_type: 'unix' } },
      'stalled/': { type: 'socket', options: { address: stalled.address, write_timeout: '300ms' } },
    },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  const blocked = async (device: string): Promise<number | undefined> => {
    for (const [series, value] of await daemon.metrics()) {
      if (series.startsWith('audit_sidecar_device_blocked{') && series.includes(`device="${device}"`))
        return value;
    }
    return undefined;
  };
  assert.equal(await blocked('stalled/'), 0);
  let sent = 0;
  while ((await blocked('stalled/')) !== 1) {
    client.send(...Array.from({ length: 200 }, () => numberedRecord(sent++, 20_000)));
    await client.replied(sent);
  }
  assert.ok(client.replies.every((reply) => reply.ok));
  assert.equal(await blocked('file/'), 0);
  assert.equal(await blocked('healthy/'), 0);
  assert.equal(daemon.log.match(/device blocked/g)?.length, 1);
  assert.match(daemon.log, /device blocked.*stalled\//);

  stalled.resume();
  await waitFor('the peer catches up', () => stalled.received().length >= sent);
  await waitFor('the device is over it', async () => (await blocked('stalled/')) === 0);
  await waitFor('the log says so', () => /device recovered.*stalled\//.test(daemon.log));
  // Nothing was torn, lost or sent twice: the connection stayed the same.
  assert.deepEqual(recordNumbers(stalled.received()), numbers(0, sent));
  assert.equal(stalled.connections.length, 1);
  assert.deepEqual(recordNumbers(daemon.lines('audit.log')), numbers(0, sent));
});

test("with the only device's peer stalled, replies are `not_recorded`, and `ok` again when it reads", async (t) => {
  const stalled = new StreamPeer(t, { framing: 'newline' });
  await stalled.start();
  stalled.pause();
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'only/': { type: 'socket', options: { address: stalled.address, write_timeout: '200ms' } } },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  let sent = 0;
  while (client.replies.every((reply) => reply.ok)) {
    client.send(...Array.from({ length: 100 }, () => numberedRecord(sent++, 50_000)));
    await client.replied(sent);
  }
  const refused = client.replies.find((reply) => !reply.ok)!;
  assert.equal(refused.code, 'not_recorded');
  assert.match(refused.message!, /only\/ is blocked/);
  assert.equal((await daemon.get('/readyz')).status, 503);

  stalled.resume();
  await waitFor('a record is recorded again', async () => {
    client.send(numberedRecord(sent++));
    return (await client.replied(sent)).at(-1)!.ok;
  });
  await waitFor(
    'every record has arrived, the late ones too',
    () => new Set(recordNumbers(stalled.received())).size === sent,
  );
  assert.equal((await daemon.get('/readyz')).status, 200);
});

test('a peer that is killed with records unread gets them again when it is back', async (t) => {
  const peer = new StreamPeer(t, { framing: 'newline' });
  await peer.start();
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'only/': { type: 'socket', options: { address: peer.address, write_timeout: '60s' } } },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  await sendNumbered(client, 0, 100);
  await waitFor('the first records are read', () => peer.received().length === 100);
  peer.pause();
  await sendNumbered(client, 100, 600);
  await peer.stop();
  const more = sendNumbered(client, 600, 700);
  peer.resume();
  await peer.start();
  await more;
  assert.ok(client.replies.every((reply) => reply.ok));
  await waitFor('the peer has every record', () => new Set(recordNumbers(peer.received())).size === 700);
  for (const line of peer.received()) JSON.parse(line);
});

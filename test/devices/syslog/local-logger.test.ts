import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FramedDevice } from '../../../devices/framed-device.ts';
import { LocalLoggerTransport } from '../../../devices/syslog/local-logger.ts';
import { koffiMissing } from '../../support/koffi.ts';
import { projectRoot } from '../../support/project-root.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { linesOf, recordTexts } from '../batches.ts';
import { LaneStandIn } from '../lane-stand-in.ts';
import { StreamPeer } from '../peers/stream-peer.ts';
import { UdpPeer } from '../peers/udp-peer.ts';
import { UnixDatagramPeer } from '../peers/unix-datagram-peer.ts';
import { unheardSettings } from '../unheard-settings.ts';

function loggerLane(context: TestContext, logPath: string): LaneStandIn {
  const device = new FramedDevice(new LocalLoggerTransport(null, logPath), (lines) => lines, unheardSettings);
  return new LaneStandIn(context, 'syslog', {}, device);
}

test('a logger with datagrams gets them', { skip: koffiMissing }, async (context) => {
  const peer = new UnixDatagramPeer(context, path.join(temporaryDirectory(context), 'log'));
  await peer.start();
  const lane = loggerLane(context, peer.address);
  await lane.deliver(linesOf(recordTexts(0, 3, 100)));
  await waitFor('the lines are there', () => peer.received().length === 3);
  assert.deepEqual(peer.received(), recordTexts(0, 3, 100));
});

test('a logger with a stream gets lines', { skip: koffiMissing }, async (context) => {
  const file = path.join(temporaryDirectory(context), 'log');
  const peer = new StreamPeer(context, { framing: 'newline', path: file });
  await peer.start();
  const lane = loggerLane(context, file);
  await lane.deliver(linesOf(recordTexts(0, 3, 100)));
  await waitFor('the lines are there', () => peer.received().length === 3);
  assert.deepEqual(peer.received(), recordTexts(0, 3, 100));
});

test('a logger that is not there is not found, for now', { skip: koffiMissing }, async (context) => {
  const lane = loggerLane(context, path.join(temporaryDirectory(context), 'log'));
  const failure = await lane.openFailure();
  assert.deepEqual([failure.reason, failure.permanent], ['not_found', false]);
});

/** Runs a module that imports devices from a folder from which every package but koffi can be found. */
function withoutKoffi(context: TestContext, script: (devices: string) => string): string {
  const directory = temporaryDirectory(context);
  const built = fileURLToPath(new URL('../../..', import.meta.url));
  for (const room of ['devices', 'config', 'format', 'kernel']) {
    cpSync(path.join(built, room), path.join(directory, room), { recursive: true });
  }
  const packages = path.join(projectRoot, 'node_modules');
  mkdirSync(path.join(directory, 'node_modules'));
  for (const name of readdirSync(packages)) {
    if (name !== 'koffi') symlinkSync(path.join(packages, name), path.join(directory, 'node_modules', name));
  }
  writeFileSync(path.join(directory, 'package.json'), '{"type":"module"}');
  writeFileSync(path.join(directory, 'main.js'), script(directory));
  return execFileSync(process.execPath, [path.join(directory, 'main.js')], { encoding: 'utf8' });
}

const settings = `{ path: 'f/', clock: {}, onLost() {}, onTrouble() {}, peerBounds: null }`;

test('without koffi a UNIX datagram device says what to install', (context) => {
  const said = withoutKoffi(
    context,
    () => `
    import { parseDevice } from './devices/registry.js';
    const options = { address: '/nowhere', socket_type: 'unixgram' };
    const device = parseDevice('socket', options).create(${settings});
    device.open(new AbortController().signal).catch((failure) => {
      console.log(failure.reason, failure.permanent, failure.message);
    });`,
  );
  assert.match(said, /^unsuitable true Cannot connect to "\/nowhere": .*npm install koffi$/m);
});

test('without koffi the local logger is sought by UDP on this machine', async (context) => {
  const peer = new UdpPeer(context, '127.0.0.1');
  await peer.start();
  const port = peer.address.split(':')[1];
  withoutKoffi(
    context,
    () => `
    import { LocalLoggerTransport } from './devices/syslog/local-logger.js';
    const { signal } = new AbortController();
    const connection = await new LocalLoggerTransport(null, '/nowhere', ${port}).connect(signal, () => {});
    await connection.write({ bytes: Buffer.from('one\\ntwo\\n'), ends: Uint32Array.of(4, 8) }, signal);
    await connection.close(AbortSignal.abort());`,
  );
  await waitFor('the lines are there', () => peer.received().length === 2);
  assert.deepEqual(peer.received(), ['one', 'two']);
});

import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { WriteOutcome } from '../../../devices/device.ts';
import { UnreadBytes } from '../../../devices/transport/unread-bytes.ts';
import { DaemonProcess } from '../../support/daemon-process.ts';
import { koffiMissing } from '../../support/koffi.ts';
import { RecordClient } from '../../support/record-client.ts';
import { numberedRecord, recordNumbers } from '../../support/records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { linesOf, recordText, recordTexts } from '../batches.ts';
import { LaneStandIn } from '../lane-stand-in.ts';
import { UnixDatagramPeer } from '../peers/unix-datagram-peer.ts';

async function connected(context: TestContext): Promise<{ peer: UnixDatagramPeer; lane: LaneStandIn }> {
  const peer = new UnixDatagramPeer(context, path.join(temporaryDirectory(context), 'd'));
  await peer.start();
  const lane = new LaneStandIn(context, 'socket', { address: peer.address, socket_type: 'unixgram' });
  return { peer, lane };
}

/** The outcome of a write that may be stuck if the device is wrong. */
async function ended(writing: Promise<WriteOutcome>): Promise<WriteOutcome> {
  let outcome: WriteOutcome | undefined;
  void writing.then((found) => {
    outcome = found;
  });
  await waitFor('the write ends', () => outcome !== undefined);
  return outcome!;
}

/** How many of the last bytes are said to be lost, by what the device told the lane once. */
function lostBytes(lane: LaneStandIn): number {
  assert.equal(lane.lost.length, 1);
  const { scope } = lane.lost[0]!;
  assert.ok(typeof scope === 'number', String(scope));
  return scope;
}

test('what a receiver has read is known when it is seen to live after its queue was looked at', () => {
  const unread = new UnreadBytes();
  unread.add(100);
  unread.add(100);
  unread.see(0);
  assert.equal(unread.most, 200, 'the queue of a dead one is empty, too');
  unread.add(50);
  assert.equal(unread.most, 50);
  unread.see(70);
  unread.believe();
  assert.equal(unread.most, 50, 'it counts more than the bytes of a message');
  unread.see(null);
  unread.see(10);
  assert.equal(unread.most, 50);
  unread.believe();
  assert.equal(unread.most, 10);
});

describe('UNIX datagrams whose receiver ends', { skip: koffiMissing }, () => {
  test('what it had not read is told to be lost, to who sends nothing more', async (context) => {
    const { peer, lane } = await connected(context);
    await lane.deliver(linesOf(recordTexts(0, 3, 200)));
    await waitFor('the peer has read three', () => peer.received().length === 3);
    peer.pause();
    await lane.deliver(linesOf(recordTexts(3, 5, 200)));
    await peer.stop();
    await waitFor('the device notices', () => lane.lost.length > 0);
    assert.ok(lostBytes(lane) >= 5 * 201);
    assert.equal(lane.failures.at(-1)!.reason, 'closed');
  });

  test('and to who sends, with what is sent settled no further than it was read', async (context) => {
    const { peer, lane } = await connected(context);
    const texts = recordTexts(0, 200, 200);
    peer.pauseAt(60);
    await lane.open();
    const writing = lane.write(linesOf(texts));
    await waitFor('it has read what it will', () => peer.received().length === 60);
    await peer.stop();
    const { settled, failure } = await ended(writing);
    assert.ok(failure !== null && ['closed', 'refused'].includes(failure.reason), failure?.message);
    assert.ok(settled <= 60, `${settled} settled`);
    assert.deepEqual(lane.lost, []);
  });

  test('little more than what it had not read counts as lost', async (context) => {
    const { peer, lane } = await connected(context);
    for (let number = 0; number < 50; number++) {
      await lane.deliver(linesOf([recordText(number, 300)]));
      await waitFor('the peer has read it', () => peer.received().length === number + 1);
    }
    peer.pause();
    await lane.deliver(linesOf([recordText(50, 300)]));
    await peer.stop();
    await waitFor('the device notices', () => lane.lost.length > 0);
    // A message takes more than a kilobyte in the system's memory, and that is what it tells.
    assert.ok(lostBytes(lane) >= 301 && lostBytes(lane) < 20 * 301, String(lostBytes(lane)));
  });

  test('when the device closes, what it had not read is told, and nothing of one that lives', async (context) => {
    for (const ends of [true, false]) {
      const { peer, lane } = await connected(context);
      peer.pause();
      await lane.deliver(linesOf(recordTexts(0, 3, 200)));
      if (ends) await peer.stop();
      await lane.device.close(new AbortController().signal);
      assert.equal(lane.lost.length, ends ? 1 : 0);
      if (ends) assert.ok(lostBytes(lane) >= 3 * 201);
    }
  });

  test('a file that is gone ends nothing while its receiver lives', async (context) => {
    const { peer, lane } = await connected(context);
    peer.pause();
    await lane.deliver(linesOf(recordTexts(0, 3, 200)));
    rmSync(peer.address);
    assert.equal((await lane.write(linesOf(recordTexts(3, 3, 200)))).failure, null);
    peer.resume();
    await waitFor('all are there', () => peer.received().length === 6);
    assert.equal((await lane.write(linesOf(recordTexts(6, 3, 200)))).failure, null);
    await waitFor('all are there', () => peer.received().length === 9);
    await lane.device.close(AbortSignal.abort());
    assert.deepEqual(peer.received(), recordTexts(0, 9, 200));
  });

  test('another one in its place is gone over to, also from one that hangs', async (context) => {
    const { peer: hung, lane } = await connected(context);
    hung.pause();
    await lane.open();
    const writing = lane.write(linesOf(recordTexts(0, 50, 200)));
    const other = new UnixDatagramPeer(context, `${hung.address}.new`);
    await other.start();
    renameSync(other.address, hung.address);
    const { settled, failure } = await ended(writing);
    assert.deepEqual([settled, failure?.reason], [0, 'closed']);
    await lane.deliver(linesOf(recordTexts(0, 50, 200)));
    await waitFor('the other has them', () => other.received().length === 50);
  });
});

test('records that a receiver had not read when it ended are with the next one, whether others follow or not', {
  skip: koffiMissing,
}, async (context) => {
  const folder = temporaryDirectory(context);
  const peer = new UnixDatagramPeer(context, path.join(folder, 'd'));
  await peer.start();
  const options = { address: peer.address, socket_type: 'unixgram', write_timeout: '60s' };
  const daemon = await DaemonProcess.start(context, folder, {
    devices: { 'd/': { type: 'socket', options } },
  });
  const client = await RecordClient.connect(context, daemon.socketPath);
  let sent = 0;
  const send = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left--) client.send(numberedRecord(sent++));
    await client.replied(sent);
  };
  const allArrived = (): Promise<void> =>
    waitFor('every record that was acknowledged is there', () => {
      const arrived = new Set(recordNumbers(peer.received()));
      return client.replies.every(({ ok }, number) => !ok || arrived.has(number));
    });
  for (let round = 0; round < 2; round++) {
    await send(20);
    // Its queue is empty, and holds the six that follow.
    await allArrived();
    peer.pause();
    await send(6);
    await peer.stop();
    // None was refused when the device was new, so six are owed to the next receiver.
    if (round === 0) assert.ok(client.replies.every(({ ok }) => ok));
    else client.send(numberedRecord(sent++));
    await peer.start();
    peer.resume();
    await client.replied(sent);
    await allArrived();
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../support/wait-for.ts';
import { linesOf, recordTexts } from '../batches.ts';
import { LaneStandIn } from '../lane-stand-in.ts';
import { UdpPeer } from '../peers/udp-peer.ts';

test('a destination that the system refuses is a failure of opening', async (context) => {
  // The broadcast address of the loopback network: sending there has to be asked for, and nothing is sent.
  const options = { address: '127.255.255.255:9', socket_type: 'udp' };
  const failure = await new LaneStandIn(context, 'socket', options).openFailure();
  assert.equal(failure.message, 'Cannot connect to "127.255.255.255:9": permission denied');
});

test('an opening that is aborted already looks nothing up', async (context) => {
  const lane = new LaneStandIn(context, 'socket', { address: '127.0.0.1:9', socket_type: 'udp' });
  await assert.rejects(
    lane.device.open(AbortSignal.abort()),
    (error) => lane.checked(error).reason === 'aborted',
  );
});

test('a name is looked up, in the family that is asked for', async (context) => {
  const peer = new UdpPeer(context, '127.0.0.1');
  await peer.start();
  const address = peer.address.replace('127.0.0.1', 'localhost');
  const lane = new LaneStandIn(context, 'socket', { address, socket_type: 'udp4' });
  await lane.deliver(linesOf(recordTexts(0, 2, 100)));
  await waitFor('the lines are there', () => peer.received().length === 2);
});

test('that nobody listens is told to the next write', async (context) => {
  const peer = new UdpPeer(context);
  await peer.start();
  const lane = new LaneStandIn(context, 'socket', { address: peer.address, socket_type: 'udp' });
  await lane.deliver(linesOf(recordTexts(0, 1, 100)));
  await peer.stop();
  await waitFor('the device knows', async () => {
    await lane.open();
    await lane.write(linesOf(recordTexts(1, 1, 100)));
    return lane.failures.length > 0;
  });
  assert.equal(lane.failures[0]!.reason, 'refused');
});

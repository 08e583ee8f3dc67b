import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lane } from '../../../daemon/delivery/lane.ts';
import { writeTestRecord } from '../../../daemon/table/test-record.ts';
import type { Device, WriteOutcome } from '../../../devices/device.ts';
import { parseDevice } from '../../../devices/registry.ts';
import { Formatter } from '../../../format/formatter.ts';
import { emptyRecordPolicy } from '../../../format/line-options.ts';
import { HeldClock } from '../../support/held-clock.ts';

test('the test record of a device that waits without end is waited for ten seconds', async () => {
  const { line, lane: options } = parseDevice('file', { file_path: 'discard', write_timeout: '0' });
  assert.equal(options.writeTimeoutMs, 0);
  const clock = new HeldClock();
  let writes = 0;
  const device: Device = {
    tailBytes: 0,
    open: async () => {},
    reopen: async () => {},
    write: () => {
      writes++;
      return new Promise<WriteOutcome>(() => {});
    },
    close: async () => {},
  };
  const lane = new Lane({
    path: 'x/',
    type: 'file',
    options,
    format: new Formatter(emptyRecordPolicy).line(line, Buffer.from('salt')),
    clock,
    events: { onState: () => {}, onWrite: () => {} },
    createDevice: () => device,
  });
  await lane.open();
  const why = writeTestRecord(lane, clock);
  while (writes === 0) await new Promise(setImmediate);
  assert.ok(clock.pending.includes(10_000), String(clock.pending));
  clock.fire();
  assert.equal(await why, 'it did not take the record in time');
});

import { DeviceFailure } from '../../devices/device.ts';
import type { Lane } from '../delivery/lane.ts';
import type { Log } from '../log/log.ts';
import { DevicesRefused } from './devices-refused.ts';
import type { Patience } from './patience.ts';

/** How long a change waits for a device to open. A slower one goes on opening in its lane. */
export const openPatienceMs = 2_000;

/**
 * Opens lanes before their first record. Rejects with `DevicesRefused` when a device cannot work until somebody does
 * something, unless `mayFail` says that its lane is to go on trying.
 */
export async function openLanes(
  lanes: readonly Lane[],
  mayFail: (lane: Lane) => boolean,
  patience: Patience,
): Promise<void> {
  const refused: string[] = [];
  const opening = lanes.map(async (lane) => {
    try {
      await lane.open();
    } catch (error) {
      if (!(error instanceof DeviceFailure)) throw error;
      // One that may come back by itself is the watchdog's to report and the lane's to try again.
      if (error.permanent && !mayFail(lane)) refused.push(`${lane.path}: ${error.message}`);
    }
  });
  const opened = Promise.all(opening);
  // A device that fails in its own way after the wait must not end the process.
  opened.catch(() => {});
  await patience.wait(openPatienceMs, opened);
  if (refused.length > 0) throw new DevicesRefused(refused.join('; '));
}

/**
 * How long a reload waits for files to be opened anew. A write under way comes first: one of a healthy file ends long
 * before, and a device that takes nothing holds up nobody.
 */
export const reopenPatienceMs = 500;

/**
 * Follows a rotation on every lane; one that cannot goes on with what it has, and the log says so, as it does of one
 * that is still writing and comes to it later.
 */
export async function reopenLanes(lanes: readonly Lane[], patience: Patience, log: Log): Promise<void> {
  const busy = new Set(lanes);
  const reopening = lanes.map(async (lane) => {
    try {
      await lane.reopen();
    } catch (error) {
      const message = error instanceof DeviceFailure ? error.message : 'internal error';
      log.error('device not reopened', { device: lane.path, type: lane.type, error: message });
    }
    busy.delete(lane);
  });
  await patience.wait(reopenPatienceMs, Promise.all(reopening));
  for (const { path, type } of busy) log.warn('device reopened later: it is writing', { device: path, type });
}

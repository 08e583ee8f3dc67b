import { DeviceFailure } from '../../devices/device.ts';
import type { Lane } from '../delivery/lane.ts';
import type { Log } from '../log/log.ts';
import { DevicesRefused } from './devices-refused.ts';
import type { OpeningRule } from './opening-rule.ts';
import type { Patience } from './patience.ts';

/** How long a change waits for a device to open. A slower one goes on opening in its lane. */
export const openPatienceMs = 2_000;

/** How long a start waits for the others once those that it needs are open: what is near opens at once. */
export const restPatienceMs = 200;

/**
 * Opens lanes before their first record. Rejects with `DevicesRefused` when the rule refuses the change for devices that
 * cannot work until somebody does something; those that it bears go on trying, and the log says so.
 */
export async function openLanes(
  lanes: readonly Lane[],
  rule: OpeningRule,
  patience: Patience,
  log: Log,
): Promise<void> {
  const open = new Set<Lane>();
  const unable = new Map<Lane, string>();
  let decided = false;
  let goOn = (): void => {};
  const enough = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const opening = lanes.map(async (lane) => {
    try {
      await lane.open();
      open.add(lane);
      if (rule.enough(lanes, open)) goOn();
    } catch (error) {
      if (!(error instanceof DeviceFailure)) throw error;
      // One that may come back by itself is the watchdog's to report and the lane's to try again.
      if (!error.permanent) return;
      unable.set(lane, error.message);
      if (decided) tellUnable(lane, error.message, log);
    }
  });
  const opened = Promise.all(opening);
  // A device that fails in its own way after the wait must not end the process.
  opened.catch(() => {});
  const rest = enough.then(() => patience.wait(restPatienceMs, opened));
  await patience.wait(openPatienceMs, Promise.race([opened, rest]));
  decided = true;
  if (rule.refuses(lanes, new Set(unable.keys()))) {
    throw new DevicesRefused([...unable].map(([{ path }, message]) => `${path}: ${message}`).join('; '));
  }
  for (const [lane, message] of unable) tellUnable(lane, message, log);
}

function tellUnable({ path, type }: Lane, error: string, log: Log): void {
  log.error('device cannot work until something is changed', { device: path, type, error });
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

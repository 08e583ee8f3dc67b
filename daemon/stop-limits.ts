/**
 * What each step of a stop may take, in milliseconds, beyond `stop_timeout`, which is there for the devices. Each is
 * what its step takes at worst as long as the disk answers, and a little more.
 */
export const stopLimitsMs = {
  // It waits 2 s for devices to open.
  start: 2_500,
  listeners: 500,
  // A reload waits as long for its devices.
  changes: 2_500,
  admin: 1_500,
  // A last write may end within 1 s, and clients have 1 s to read their last replies.
  devices: 2_500,
  watchdog: 100,
  monitoring: 1_500,
  'state directory': 500,
  metrics: 100,
} as const;

export type StopStepName = keyof typeof stopLimitsMs;

/** What all of them may take together beyond `stop_timeout`. */
export const stopGraceMs: number = Object.values(stopLimitsMs).reduce((sum, each) => sum + each, 0);

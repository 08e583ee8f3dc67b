import type { EnabledDevice, Situation } from './simulated-daemon.ts';

/** Whether the record is where the policy wants it, by what is in the world and not by what the daemon thinks. */
export function isRecorded(record: number, { requirement, enabled }: Situation): boolean {
  const holding = enabled.filter((device) => device.destination.took(record));
  switch (requirement.kind) {
    case 'any':
      return holding.length > 0;
    case 'all':
      return holding.length === enabled.length;
    case 'count':
      return holding.length >= requirement.count;
    case 'devices':
      return requirement.paths.every((path) => holding.some((device) => device.destination.path === path));
  }
}

/** Milliseconds after which the last device's outcome is certain; infinite when one waits without end. */
export function longestTimeoutMs(enabled: readonly EnabledDevice[]): number {
  let longest = 0;
  for (const { plan } of enabled) {
    const { writeTimeoutMs } = plan.lane;
    longest = Math.max(longest, writeTimeoutMs === 0 ? Number.POSITIVE_INFINITY : writeTimeoutMs);
  }
  return longest;
}

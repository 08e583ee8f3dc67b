import type { Requirement } from '../../config/config.ts';
import { firstFew, shortPath } from './first-few.ts';
import type { LaneStatus } from './lane-status.ts';

/** How many of which lanes must record a record: the `require` policy, resolved for the lanes of one moment. */
export interface Quorum {
  /** Device paths by lane slot. */
  readonly paths: readonly string[];
  /** More than there are qualifying lanes when the policy cannot be met; then nothing is ever `ok`. */
  readonly need: number;
  /** By lane slot: does recording there count? */
  readonly qualifies: readonly boolean[];
  /** Whether one lane less is needed for a record that a qualifying device does not want. */
  readonly excusesFiltered: boolean;
}

/** Resolves the policy for the lanes that are enabled now, given by their paths in slot order. */
export function resolveQuorum(requirement: Requirement, paths: readonly string[]): Quorum {
  const all = { paths, qualifies: paths.map(() => true), excusesFiltered: false };
  switch (requirement.kind) {
    case 'any':
      return { ...all, need: 1 };
    case 'all':
      // One at least: a record that no device has is not recorded.
      return { ...all, need: Math.max(1, paths.length), excusesFiltered: true };
    case 'count':
      return { ...all, need: requirement.count };
    case 'devices':
      // A named device that is not enabled leaves fewer qualifying lanes than are needed: nothing is `ok`.
      return {
        ...all,
        need: requirement.paths.length,
        qualifies: paths.map((path) => requirement.paths.includes(path)),
      };
  }
}

/** Whether the lanes that are `able`, by slot, are enough. */
export function isMet({ need, qualifies }: Quorum, able: (slot: number) => boolean): boolean {
  let count = 0;
  for (const [slot, counts] of qualifies.entries()) if (counts && able(slot)) count++;
  return count >= need;
}

/** Why the enabled lanes cannot meet the policy now, in words for an operator; `null` when they can. */
export function whyUnmet(requirement: Requirement, enabled: readonly LaneStatus[]): string | null {
  if (enabled.length === 0) return 'no device is enabled';
  const quorum = resolveQuorum(
    requirement,
    enabled.map(({ path }) => path),
  );
  if (isMet(quorum, (slot) => enabled[slot]!.takes)) return null;
  const broken = enabled.filter(({ takes }, slot) => quorum.qualifies[slot] && !takes);
  const trouble = (lane: LaneStatus): string => `"${shortPath(lane.path)}" ${troubleOf(lane)}`;
  const described = firstFew(broken, '; ', trouble);
  switch (requirement.kind) {
    case 'any':
      return `no device takes records: ${described}`;
    case 'all':
      return `all devices are required: ${described}`;
    case 'count': {
      const why = broken.length === 0 ? `${enabled.length} enabled` : described;
      return `${requirement.count} devices are required and ${enabled.length - broken.length} take records: ${why}`;
    }
    case 'devices': {
      const missing = requirement.paths.filter((path) => !quorum.paths.includes(path));
      const parts = [...missing, ...broken];
      const named = firstFew(parts, '; ', (each) =>
        typeof each === 'string' ? `"${shortPath(each)}" is not enabled` : trouble(each),
      );
      return `required devices do not take records: ${named}`;
    }
  }
}

/** What a lane is doing, with the reason of a failure: nothing of any record. */
export function troubleOf({ state, lastFailure }: Pick<LaneStatus, 'state' | 'lastFailure'>): string {
  // A blocked device reports no error; its last one is from another time.
  return state === 'failing' && lastFailure !== null ? `is failing (${lastFailure.reason})` : `is ${state}`;
}

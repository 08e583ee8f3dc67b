import type { Requirement } from '../../config/config.ts';
import type { Lane } from '../delivery/lane.ts';
import { isMet, resolveQuorum } from '../delivery/requirement.ts';

/** What becomes of a change some of whose devices do not open. */
export interface OpeningRule {
  /** Whether it is refused when the lanes in `unable` cannot work until somebody does something. */
  readonly refuses: (lanes: readonly Lane[], unable: ReadonlySet<Lane>) => boolean;
  /** Whether it goes on once the lanes in `open` are open, and the others may come later. */
  readonly enough: (lanes: readonly Lane[], open: ReadonlySet<Lane>) => boolean;
  /** Whether it is made all the same when devices then have more files than there are threads for. */
  readonly bearsManyFiles: boolean;
}

/** What runs already is good: a change of it waits for every device, and is made with all of them or not at all. */
export const everyDevice: OpeningRule = {
  refuses: (_lanes, unable) => unable.size > 0,
  enough: () => false,
  bearsManyFiles: false,
};

/**
 * At a start records can be recorded as soon as the requirement is met, and nothing is gained by refusing it as long as it
 * still can be: the API server would have no audit at all. A device of the API that cannot work never keeps the daemon,
 * and so the API that can disable it, from starting.
 */
export function requiredDevices(
  requirement: Requirement,
  ofApi: (devicePath: string) => boolean,
): OpeningRule {
  const met = (lanes: readonly Lane[], able: (lane: Lane) => boolean): boolean => {
    const quorum = resolveQuorum(
      requirement,
      lanes.map(({ path }) => path),
    );
    return isMet(quorum, (slot) => able(lanes[slot]!));
  };
  return {
    refuses: (lanes, unable) =>
      [...unable].some(({ path }) => !ofApi(path)) && !met(lanes, (lane) => !unable.has(lane)),
    enough: (lanes, open) => met(lanes, (lane) => open.has(lane)),
    // It may be that the machine affords no more, or that they are the API's.
    bearsManyFiles: true,
  };
}

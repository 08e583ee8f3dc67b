import { pathsCollide } from '../../config/device-path.ts';
import { type Conflict, conflictsAmong, conflictsWith } from './claim-conflict.ts';
import type { Claimant, Standing } from './claimant.ts';
import { filesAmong } from './file-threads.ts';

/** What a change wants, from its first look until it is done or given up. */
export interface Hold {
  /** What the change cannot have, as things are at this moment. */
  conflicts(): Promise<Conflict[]>;
  /** How many files devices would have with the change, those that are on their way in or out counted. */
  files(): number;
  /** Lets go; twice does nothing. */
  release(): void;
}

/**
 * Who claims which path, file and socket: the devices that are there, the daemon itself, and the changes under way. Each
 * start, reload and call of the API asks here, at its first look and again at the moment of its change, because a path
 * may lead elsewhere by then.
 *
 * Whoever holds first wins, whether a reload or an enable. So a reload that declares what is being enabled at that
 * moment is refused, and told to the operator like any other; the alternative, to break off the enable, would end the same when the call is
 * answered a moment earlier. An enable that comes during a reload is refused in turn.
 */
export class Claims {
  /** The devices that are there and what the daemon uses. */
  readonly #present: () => readonly Claimant[];
  /** In the order in which they were begun. */
  readonly #holds = new Map<symbol, readonly Claimant[]>();

  constructor(present: () => readonly Claimant[]) {
    this.#present = present;
  }

  /** Whether a device at `path` would collide with another, there or on its way. */
  isPathTaken(path: string): boolean {
    return [...this.#present(), ...this.#held()].some(
      (each) => each.kind === 'device' && each.standing !== 'ending' && pathsCollide(each.path, path),
    );
  }

  /** Paths of devices that are on their way in, or out through the API: their salts are those changes' own. */
  pathsUnderWay(): ReadonlySet<string> {
    const paths = this.#held().flatMap((each) =>
      each.kind === 'device' && each.standing !== 'ending' ? [each.path] : [],
    );
    return new Set(paths);
  }

  /** Claims for one device, beside all that is there. */
  holdOne(wanted: Claimant): Hold {
    const key = this.#begin([wanted]);
    return this.#hold(
      key,
      () => conflictsWith([...this.#present(), ...this.#before(key)], [wanted]),
      () => filesOf([...this.#present(), ...this.#passing()]),
    );
  }

  /** Claims for a table that takes the place of all that is there. */
  holdAll(wanted: readonly Claimant[]): Hold {
    const key = this.#begin(wanted);
    // What was enabled before has looked for itself at what is being enabled, and will again.
    const asking = wanted.filter((each) => each.kind === 'daemon' || each.standing === 'declared');
    const conflicts = async (): Promise<Conflict[]> => {
      const [within, beside] = await Promise.all([
        conflictsAmong(wanted),
        conflictsWith(this.#before(key), asking),
      ]);
      // The last lines of a device that a reload removes may go to a file that its heir has open already.
      return [...within, ...beside.filter(({ option, other }) => option === null || !isLeaving(other))];
    };
    return this.#hold(key, conflicts, () => filesOf([...wanted, ...this.#passing()]));
  }

  #begin(wanted: readonly Claimant[]): symbol {
    const key = Symbol();
    this.#holds.set(key, wanted);
    return key;
  }

  #hold(key: symbol, conflicts: () => Promise<Conflict[]>, files: () => number): Hold {
    return {
      conflicts,
      files,
      release: () => {
        this.#holds.delete(key);
      },
    };
  }

  #held(): Claimant[] {
    return [...this.#holds.values()].flat();
  }

  /** Devices on their way in through the API, or out. What a reload holds is there, or takes the place of what is. */
  #passing(): Claimant[] {
    return this.#held().filter(
      (each) => each.kind === 'device' && each.standing !== 'declared' && each.standing !== 'enabled',
    );
  }

  /** What is held by changes that began before. */
  #before(key: symbol): Claimant[] {
    const holds = [...this.#holds];
    return holds
      .slice(
        0,
        holds.findIndex(([each]) => each === key),
      )
      .flatMap(([, wanted]) => wanted);
  }
}

function filesOf(claimants: readonly Claimant[]): number {
  return claimants.reduce((sum, { claims }) => sum + filesAmong(claims), 0);
}

function isLeaving(claimant: Claimant): boolean {
  return (
    claimant.kind === 'device' && (['ending', 'removing'] as readonly Standing[]).includes(claimant.standing)
  );
}

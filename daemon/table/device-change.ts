import type { Lane } from '../delivery/lane.ts';
import type { Hold } from './claims.ts';
import type { DeclaredDevice, DeclaredTable } from './declared-devices.ts';

/** What a change of the devices will do. Nothing has changed yet but that new devices are open. */
export interface DeviceChange {
  readonly scope: ChangeScope;
  /** Lanes of new and changed devices. */
  readonly lanes: Lane[];
  /** Paths whose salt was made for this change. */
  readonly newSalts: string[];
  /** What the change claims until it is made or taken back. */
  readonly hold: Hold;
}

/** A table in place of the one that is there, or one device more. */
export type ChangeScope =
  | { readonly kind: 'table'; readonly table: DeclaredTable }
  | { readonly kind: 'one'; readonly device: DeclaredDevice };

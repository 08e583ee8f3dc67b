import path from 'node:path';
import { pathsCollide } from '../../config/device-path.ts';
import { isLoopback } from '../../config/listen-address.ts';
import type { Claim, Claimant } from './claimant.ts';
import { type Place, placeOf, placeOfDescriptor } from './place.ts';
import { isRotatedName } from './rotated-name.ts';

export type DeviceClaimant = Extract<Claimant, { kind: 'device' }>;

/** Two that cannot be there together. */
export interface Conflict {
  /** The one to refuse: never the daemon itself, and of the configuration and the API the one of the configuration. */
  readonly device: DeviceClaimant;
  readonly other: Claimant;
  /** The option that leads to what both want; `null` for the path of the device. */
  readonly option: string | null;
  /** What both want and who has it, as a sentence without its end: `file "/x" is that of device "a/"`. */
  readonly text: string;
}

/** A claim, and where it leads at this moment: `null` for one that leads to no file. */
interface Placed {
  readonly claim: Claim;
  readonly place: Place | null;
}

interface PlacedClaimant {
  readonly claimant: Claimant;
  readonly placed: readonly Placed[];
}

/** Every pair among `claimants` that cannot be there together, by where their paths lead now. */
export async function conflictsAmong(claimants: readonly Claimant[]): Promise<Conflict[]> {
  const placed = await Promise.all(claimants.map(placedClaimant));
  return placed.flatMap((later, index) =>
    placed.slice(0, index).flatMap((earlier) => conflictOf(later, earlier) ?? []),
  );
}

/** What `wanted` cannot have because of `holders`, by where their paths lead now. */
export async function conflictsWith(
  holders: readonly Claimant[],
  wanted: readonly Claimant[],
): Promise<Conflict[]> {
  const [held, wanting] = await Promise.all([
    Promise.all(holders.map(placedClaimant)),
    Promise.all(wanted.map(placedClaimant)),
  ]);
  return wanting.flatMap((each) => held.flatMap((holder) => conflictOf(each, holder) ?? []));
}

async function placedClaimant(claimant: Claimant): Promise<PlacedClaimant> {
  const placed = await Promise.all(
    claimant.claims.map(async (claim): Promise<Placed> => ({ claim, place: await placeOfClaim(claim) })),
  );
  return { claimant, placed };
}

async function placeOfClaim(claim: Claim): Promise<Place | null> {
  switch (claim.kind) {
    case 'stdout':
      return placeOfDescriptor(1);
    case 'descriptor':
      return placeOfDescriptor(claim.fd);
    case 'port':
    case 'listen':
      return null;
    default:
      return placeOf(claim.path);
  }
}

function conflictOf(wanting: PlacedClaimant, holding: PlacedClaimant): Conflict | null {
  const [one, other] = turned(wanting, holding);
  const device = one.claimant;
  if (device.kind === 'daemon') return null;
  const taken = takenPath(device, other.claimant);
  if (taken !== null) return { device, other: other.claimant, option: null, text: taken };
  for (const mine of one.placed) {
    for (const theirs of other.placed) {
      const text = sharedBy(mine, theirs, other.claimant);
      if (text === null) continue;
      const option = 'option' in mine.claim ? mine.claim.option : null;
      return { device, other: other.claimant, option, text };
    }
  }
  return null;
}

/** The one that is to be refused comes first: whoever asks, but for the operator's word against what came by the API. */
function turned(wanting: PlacedClaimant, holding: PlacedClaimant): [PlacedClaimant, PlacedClaimant] {
  const [one, other] = [wanting.claimant, holding.claimant];
  if (one.kind === 'daemon') return [holding, wanting];
  const yields = one.standing === 'enabled' && other.kind === 'device' && other.standing === 'declared';
  return yields ? [holding, wanting] : [wanting, holding];
}

function takenPath(device: DeviceClaimant, other: Claimant): string | null {
  if (other.kind === 'daemon' || device.standing === 'ending' || other.standing === 'ending') return null;
  if (!pathsCollide(device.path, other.path)) return null;
  if (device.path === other.path) return `the path is that of ${nameOf(other)}`;
  return `the path lies ${device.path.startsWith(other.path) ? 'below' : 'above'} that of ${nameOf(other)}`;
}

/** What the claim of a device shares with one of `holder`, as a sentence without its end. */
function sharedBy(mine: Placed, theirs: Placed, holder: Claimant): string | null {
  const [one, other] = [mine.claim, theirs.claim];
  const same = leadsToSame(mine.place, theirs.place);
  switch (one.kind) {
    case 'stdout':
      if (other.kind === 'stdout') return `the standard output is that of ${nameOf(holder)}`;
      if (!same) return null;
      if (other.kind === 'file') return `the standard output is file "${other.path}" of ${nameOf(holder)}`;
      return other.kind === 'own file' ? `the standard output is ${nameOf(holder)}` : null;
    case 'file':
      return sharedByFile(one.path, mine.place!, theirs, same, holder);
    case 'peer':
      if (other.kind === 'folder' && liesIn(mine.place!, theirs.place!)) {
        return `socket "${one.path}" lies in ${nameOf(holder)}`;
      }
      if (other.kind !== 'socket' || !same) return null;
      return `socket "${one.path}" is ${nameOf(holder)} of this very daemon`;
    case 'port':
      if (other.kind !== 'listen' || one.port !== other.port || !sameHost(one.host, other.host)) return null;
      return `port ${one.port} is ${nameOf(holder)} of this very daemon: each record would make another one`;
    default:
      return null;
  }
}

function sharedByFile(
  at: string,
  place: Place,
  { claim, place: other }: Placed,
  same: boolean,
  holder: Claimant,
): string | null {
  switch (claim.kind) {
    case 'file':
      if (same) return `file "${at}" is that of ${nameOf(holder)}`;
      if (rotatesTo(other!, place)) {
        return `file "${at}" has a name that a rotation gives to file "${claim.path}" of ${nameOf(holder)}`;
      }
      if (!rotatesTo(place, other!)) return null;
      return `a rotation of file "${at}" gives it the name of file "${claim.path}" of ${nameOf(holder)}`;
    case 'stdout':
      return same ? `file "${at}" is the standard output, which is that of ${nameOf(holder)}` : null;
    case 'folder':
      return liesIn(place, other!) ? `file "${at}" lies in ${nameOf(holder)}` : null;
    case 'socket':
      return same ? `file "${at}" is the socket of ${nameOf(holder)}` : null;
    case 'own file':
    case 'descriptor':
      return same ? `file "${at}" is ${nameOf(holder)}` : null;
    default:
      return null;
  }
}

/** As it stands in messages. */
export function nameOf(holder: Claimant): string {
  return holder.kind === 'daemon' ? holder.what : `device "${holder.path}"`;
}

function leadsToSame(one: Place | null, other: Place | null): boolean {
  if (one === null || other === null) return false;
  return one.real === other.real || (one.identity !== null && one.identity === other.identity);
}

function rotatesTo(from: Place, to: Place): boolean {
  return [from.entry, from.real].some((name) =>
    [to.entry, to.real].some(
      (other) =>
        path.dirname(name) === path.dirname(other) &&
        isRotatedName(path.basename(name), path.basename(other)),
    ),
  );
}

function liesIn(place: Place, folder: Place): boolean {
  const below = (name: string): boolean => name === folder.real || name.startsWith(`${folder.real}/`);
  return below(place.real) || below(place.entry);
}

/** Whether a peer at `host` may be a listener at `own`: a name is not looked up, and every loopback name is one machine. */
function sameHost(host: string, own: string): boolean {
  return host === own || (isLoopback(host) && isLoopback(own));
}

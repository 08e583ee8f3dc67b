import path from 'node:path';
import type { Claim, Claimant, DeviceClaimant } from './claimant.ts';
import { reaches } from './own-address.ts';
import type { Place } from './place.ts';
import { isRotatedName } from './rotated-name.ts';

/** A claim, and where it leads at this moment: `null` for one that leads to no file. */
export interface Placed {
  readonly claim: Claim;
  readonly place: Place | null;
  /** The files in a folder that have another name elsewhere, as far as that was looked for. */
  readonly inside: ReadonlySet<string>;
}

/** Whose the other claim is, and where it leads; `same`: to where the device's own leads. */
interface Other extends Placed {
  readonly device: DeviceClaimant;
  readonly holder: Claimant;
  readonly same: boolean;
}

/** What the claim of a device shares with one of `holder`, as a sentence without its end. */
export function sharedBy(
  device: DeviceClaimant,
  mine: Placed,
  theirs: Placed,
  holder: Claimant,
): string | null {
  const [one, other] = [mine.claim, theirs.claim];
  // Where devices connect to is their own to share.
  if (other.kind === 'port' || other.kind === 'peer') return null;
  const same = leadsToSame(mine.place, theirs.place);
  switch (one.kind) {
    case 'stdout':
      if (other.kind === 'stdout') return `the standard output is that of ${nameOf(holder)}`;
      if (!same) return null;
      if (other.kind === 'file') return `the standard output is file "${other.path}" of ${nameOf(holder)}`;
      if (other.kind === 'read') return `the standard output is a file that ${nameOf(holder)} reads`;
      return other.kind === 'own file' ? `the standard output is ${nameOf(holder)}` : null;
    case 'file':
      // Each device meets each other one here: nothing is made for the pair.
      if (other.kind === 'file') return sharedByFiles(one.path, mine, other.path, theirs, same, holder);
      return sharedByFile(one.path, mine.place!, { ...theirs, device, holder, same });
    case 'read':
      return sharedByReader(one.path, mine.place!, { ...theirs, device, holder, same });
    case 'peer':
      if (isClosed(theirs, device) && liesIn(mine.place!, theirs)) {
        return `socket "${one.path}" lies in ${nameOf(holder)}`;
      }
      if (other.kind !== 'socket' || !same) return null;
      return `socket "${one.path}" is ${nameOf(holder)} of this very daemon`;
    case 'port':
      if (other.kind !== 'listen' || one.protocol !== 'tcp') return null;
      if (one.port !== other.port || !reaches(one.host, other.host)) return null;
      return `port ${one.port} is ${nameOf(holder)} of this very daemon: each record would make another one`;
    default:
      return null;
  }
}

function sharedByFiles(
  at: string,
  { place: mine }: Placed,
  its: string,
  { place: theirs }: Placed,
  same: boolean,
  holder: Claimant,
): string | null {
  if (same) return `file "${at}" is that of ${nameOf(holder)}`;
  if (rotatesTo(theirs!, mine!)) {
    return `file "${at}" has a name that a rotation gives to file "${its}" of ${nameOf(holder)}`;
  }
  if (!rotatesTo(mine!, theirs!)) return null;
  return `a rotation of file "${at}" gives it the name of file "${its}" of ${nameOf(holder)}`;
}

function sharedByFile(at: string, mine: Place, theirs: Other): string | null {
  const { claim, holder, same } = theirs;
  switch (claim.kind) {
    case 'read':
      return same ? `file "${at}" is one that ${nameOf(holder)} reads` : null;
    case 'stdout':
      return same ? `file "${at}" is the standard output, which is that of ${nameOf(holder)}` : null;
    default:
      return sharedWithOwn(at, mine, theirs);
  }
}

/** The operator's own device may show a certificate of the daemon; whoever may call the API is not to use its key. */
function sharedByReader(at: string, mine: Place, theirs: Other): string | null {
  if (theirs.claim.kind === 'file') {
    return theirs.same ? `file "${at}" is that of ${nameOf(theirs.holder)}` : null;
  }
  return theirs.device.standing === 'declared' ? null : sharedWithOwn(at, mine, theirs);
}

function sharedWithOwn(at: string, mine: Place, theirs: Other): string | null {
  const { claim, place, holder, same, device } = theirs;
  switch (claim.kind) {
    case 'folder':
    case 'closed folder':
      if (!isClosed(theirs, device)) return null;
      if (liesIn(mine, theirs)) return `file "${at}" lies in ${nameOf(holder)}`;
      break;
    case 'socket':
      if (same) return `file "${at}" is the socket of ${nameOf(holder)}`;
      break;
    case 'own file':
    case 'descriptor':
      if (same) return `file "${at}" is ${nameOf(holder)}`;
      break;
    default:
      return null;
  }
  // What is not there yet is made later, and then this is no file.
  return place !== null && isBelow(place, mine) ? `file "${at}" is a folder above ${nameOf(holder)}` : null;
}

/** Whether a device may use nothing that lies there. */
function isClosed({ claim }: Placed, device: DeviceClaimant): boolean {
  return claim.kind === 'folder' || (claim.kind === 'closed folder' && device.standing !== 'declared');
}

/** As it stands in messages. */
export function nameOf(holder: Claimant): string {
  return holder.kind === 'daemon' ? holder.what : `device "${holder.path}"`;
}

/** Whether both are there, and one socket or file. */
export function leadsToSame(one: Place | null, other: Place | null): boolean {
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

function liesIn(place: Place, { place: folder, inside }: Placed): boolean {
  const { identity } = folder!;
  if (isBelow(place, folder!) || place.real === folder!.real) return true;
  return (
    (identity !== null && place.above.includes(identity)) ||
    (place.identity !== null && inside.has(place.identity))
  );
}

/** By name; the folder is one that may not be there yet. */
function isBelow(place: Place, folder: Place): boolean {
  return place.real.startsWith(`${folder.real}/`) || place.entry.startsWith(`${folder.real}/`);
}

import { pathsCollide } from '../../config/device-path.ts';
import type { Claim, Claimant, DeviceClaimant } from './claimant.ts';
import { identitiesIn, type Place, placeOf, placeOfDescriptor } from './place.ts';
import { nameOf, type Placed, sharedBy } from './shared-claim.ts';

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

interface PlacedClaimant {
  readonly claimant: Claimant;
  readonly placed: readonly Placed[];
}

/** Every pair among `claimants` that cannot be there together, by where their paths lead now. */
export async function conflictsAmong(claimants: readonly Claimant[]): Promise<Conflict[]> {
  const placed = await seenInside(await Promise.all(claimants.map(placedClaimant)));
  return placed.flatMap((later, index) =>
    placed.slice(0, index).flatMap((earlier) => conflictOf(later, earlier) ?? []),
  );
}

/** What `wanted` cannot have because of `holders`, by where their paths lead now. */
export async function conflictsWith(
  holders: readonly Claimant[],
  wanted: readonly Claimant[],
): Promise<Conflict[]> {
  const all = await seenInside(await Promise.all([...holders, ...wanted].map(placedClaimant)));
  const [held, wanting] = [all.slice(0, holders.length), all.slice(holders.length)];
  return wanting.flatMap((each) => held.flatMap((holder) => conflictOf(each, holder) ?? []));
}

async function placedClaimant(claimant: Claimant): Promise<PlacedClaimant> {
  const placed = await Promise.all(
    claimant.claims.map(async (claim): Promise<Placed> => {
      return { claim, place: await placeOfClaim(claim), inside: new Set() };
    }),
  );
  return { claimant, placed };
}

/** Looks into the folders of the daemon when a file that a device wants has a second name: it may be there. */
async function seenInside(claimants: readonly PlacedClaimant[]): Promise<readonly PlacedClaimant[]> {
  const linked = claimants.some(
    ({ claimant, placed }) =>
      claimant.kind === 'device' && placed.some(({ place }) => place !== null && place.names > 1),
  );
  if (!linked) return claimants;
  const looked = claimants.map(async ({ claimant, placed }): Promise<PlacedClaimant> => {
    const seen = placed.map(async (each): Promise<Placed> => {
      const { claim } = each;
      if (claim.kind !== 'folder' && claim.kind !== 'closed folder') return each;
      return { ...each, inside: await identitiesIn(claim.path) };
    });
    return { claimant, placed: await Promise.all(seen) };
  });
  return Promise.all(looked);
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
      const text = sharedBy(device, mine, theirs, other.claimant);
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

import { type BigIntStats, fstatSync } from 'node:fs';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import PQueue from 'p-queue';

/** Where a path leads at one moment. */
export interface Place {
  /** The name that was asked for, in the real path of its folder: a rotation renames that entry. */
  readonly entry: string;
  /** With every symbolic link followed, also one to a file that is not there yet. */
  readonly real: string;
  /** Tells the file whatever its name is, so that hard links are seen; `null` for one that is not there. */
  readonly identity: string | null;
  /** The folders above it, told the same way: one that is mounted in two places is one. */
  readonly above: readonly string[];
  /** How many names it has. */
  readonly names: number;
}

/** A disk that hangs answers no question, and no other device is to wait for it. */
const patienceMs = 1_000;

/** As in Linux: a path with more links leads nowhere. */
const mostLinks = 40;

/**
 * Looks under way, by path. Each may hold one of the few threads that serve all files for as long as a disk hangs, so a path
 * is never looked at twice at a time, whoever asks.
 */
const looks = new Map<string, Promise<Place>>();

/** Fewer than the threads that the daemon keeps for itself (file-threads.ts): the others are for what devices write. */
const turns = new PQueue({ concurrency: 8 });

/** Where an absolute path leads now. What cannot be found out in time counts as leading to its own name. */
export async function placeOf(at: string): Promise<Place> {
  const before = looks.get(at);
  // One that was begun earlier may have seen what is no longer so.
  if (before !== undefined) await inTime(before, null);
  const look = looks.get(at) ?? begin(at);
  return look === before ? asNamed(at) : inTime(look, asNamed(at));
}

function begin(at: string): Promise<Place> {
  const look = turns.add(() => lookAt(at)).finally(() => looks.delete(at));
  looks.set(at, look);
  return look;
}

/** The file that a descriptor of this process is open on; `null` for a pipe, a terminal or a socket. */
export function placeOfDescriptor(fd: number): Place | null {
  try {
    const found = fstatSync(fd, { bigint: true });
    const name = `descriptor ${fd}`;
    if (!found.isFile()) return null;
    return { entry: name, real: name, identity: identityOf(found), above: [], names: Number(found.nlink) };
  } catch {
    // Closed by whoever started the daemon.
    return null;
  }
}

function asNamed(at: string): Place {
  return { entry: at, real: at, identity: null, above: [], names: 0 };
}

async function inTime<Found, Otherwise>(
  look: Promise<Found>,
  otherwise: Otherwise,
): Promise<Found | Otherwise> {
  const timer = new AbortController();
  const late = delay(patienceMs, otherwise, { signal: timer.signal, ref: false }).catch(() => otherwise);
  try {
    return await Promise.race([look, late]);
  } finally {
    timer.abort();
  }
}

async function lookAt(at: string): Promise<Place> {
  const folder = await leadsTo(path.dirname(at), mostLinks);
  const real = await leadsTo(at, mostLinks);
  const found = await stat(real, { bigint: true }).catch(() => null);
  return {
    entry: path.join(folder, path.basename(at)),
    real,
    identity: found === null ? null : identityOf(found),
    above: await identitiesAbove(real),
    names: Number(found?.nlink ?? 0),
  };
}

async function identitiesAbove(real: string): Promise<string[]> {
  const found: string[] = [];
  for (let at = real; at !== path.dirname(at); ) {
    at = path.dirname(at);
    const folder = await stat(at, { bigint: true }).catch(() => null);
    if (folder !== null) found.push(identityOf(folder));
  }
  return found;
}

/** More entries than a folder of ours has. */
const mostEntries = 20_000;

/** The files in a folder and below it, as `Place.identity` tells them: one of them may have another name elsewhere. */
export async function identitiesIn(folder: string): Promise<ReadonlySet<string>> {
  return inTime(listed(folder), new Set<string>());
}

async function listed(folder: string): Promise<ReadonlySet<string>> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const found = new Set<string>();
  for (const entry of entries.slice(0, mostEntries)) {
    const file = await lstat(path.join(folder, entry), { bigint: true }).catch(() => null);
    if (file?.isFile() || file?.isSocket()) found.add(identityOf(file));
  }
  return found;
}

/** As `realpath`; of what is not there the names are kept, and a link to such a name is followed. */
async function leadsTo(at: string, links: number): Promise<string> {
  const found = await realpath(at).catch(() => null);
  if (found !== null) return found;
  const above = path.dirname(at);
  if (above === at) return at;
  const folder = await leadsTo(above, links);
  const entry = path.join(folder, path.basename(at));
  const link = links === 0 ? null : await readlink(entry).catch(() => null);
  return link === null ? entry : leadsTo(path.resolve(folder, link), links - 1);
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

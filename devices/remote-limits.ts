import path from 'node:path';
import { type AllowedAddress, allowsHost } from '../config/allowed-address.ts';
import type { LineOptions } from '../format/line-options.ts';
import type { DeviceClaim } from './device-claim.ts';
import type { OptionProblem } from './device-kind.ts';
import { leadsSync, liesBelow } from './file/leads.ts';

/**
 * Limits for a device that somebody enables through the API. Whoever could choose any file to write, any prefix, or
 * any file to read could act as the daemon's user (CVE-2025-6000, CVE-2025-54997). Devices of the configuration file
 * are the operator's own and have no limits.
 */
export interface RemoteLimits {
  /** Folders below which a file has to lie; they need not exist yet. */
  readonly fileRoots: readonly string[];
  readonly allowPrefix: boolean;
  readonly allowLogRaw: boolean;
  /** Where a device may connect; `null`: anywhere. */
  readonly allowAddresses: readonly AllowedAddress[] | null;
}

/** Adds a problem for each option of the line that asks for more than the limits allow. */
export function refuseBeyond(limits: RemoteLimits, line: LineOptions, problems: OptionProblem[]): void {
  // What was understood is judged and not the text, so that no spelling gets past.
  if (line.prefix !== '' && !limits.allowPrefix) problems.push(notAllowed('prefix', 'admin.allow_prefix'));
  if (line.logRaw && !limits.allowLogRaw) problems.push(notAllowed('log_raw', 'admin.allow_log_raw'));
}

/** Adds a problem for each peer that the limits do not allow, as far as that can be told before its name is looked up. */
export function refusePeers(
  { allowAddresses }: RemoteLimits,
  claims: readonly DeviceClaim[],
  problems: OptionProblem[],
): void {
  if (allowAddresses === null) return;
  for (const claim of claims) {
    if (!mayConnect(allowAddresses, claim)) problems.push(notAllowed(claim.option, 'admin.allow_addresses'));
  }
}

function mayConnect(allowed: readonly AllowedAddress[], claim: DeviceClaim): boolean {
  if (claim.kind === 'port') {
    const { protocol: kind, host, port } = claim;
    return allowsHost(allowed, { kind, host, port }) !== 'no';
  }
  if (claim.kind !== 'peer') return true;
  const socket = leadsSync(claim.path);
  return allowed.some((each) => each.kind === 'path' && leadsSync(path.resolve(each.path)) === socket);
}

/**
 * The folders below which `file` lies at this moment, as real paths, or `null` with a problem when it lies below none.
 * They are resolved here, once: a root that is replaced by a symbolic link later is no root any more.
 */
export function rootsOf(
  option: string,
  file: string,
  limits: RemoteLimits,
  problems: OptionProblem[],
): readonly string[] | null {
  const roots = limits.fileRoots.map((root) => leadsSync(path.resolve(root)));
  if (!file.includes('\0') && liesBelow(leadsSync(file), roots)) return roots;
  problems.push({
    option,
    message: `Cannot use option "${option}" through the API: it leads to no file below a folder of admin.file_roots`,
  });
  return null;
}

function notAllowed(option: string, key: string): OptionProblem {
  return { option, message: `Cannot use option "${option}" through the API: ${key} does not allow it` };
}

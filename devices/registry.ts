import path from 'node:path';
import { suggest } from '../config/suggestion.ts';
import type { DeviceClaim } from './device-claim.ts';
import { type OptionProblem, OptionsRefused, type OptionTexts, type ParsedDevice } from './device-kind.ts';
import { fileKind } from './file.ts';
import { httpKind } from './http.ts';
import { laneOptionTable, readLaneOptions } from './lane-option-texts.ts';
import { lineOptionTable, readLineOptions } from './line-option-texts.ts';
import {
  alternatives,
  type OptionTable,
  refuseUnknownOptions,
  shortened,
  shownOptions,
} from './option-table.ts';
import type { RegisteredKind } from './registered-kind.ts';
import { type RemoteLimits, refuseBeyond, refusePeers } from './remote-limits.ts';
import { socketKind } from './socket.ts';
import { syslogKind } from './syslog.ts';

/** Every kind of device there is; a new one is its own file and a line here. */
export const deviceKinds: readonly RegisteredKind[] = [fileKind, socketKind, syslogKind, httpKind];

/** The values of a device's `type`. */
export const deviceTypes: readonly string[] = deviceKinds.map((kind) => kind.type);

/** What became of reading a device's options. */
export interface JudgedDevice {
  /** Everything that is wrong. */
  readonly problems: readonly OptionProblem[];
  /** `null` when what makes it this kind of device cannot be read; with problems, it is what it would be without those options. */
  readonly device: ParsedDevice | null;
}

/**
 * A device's options, as an operator wrote them, read into a frozen value with the defaults filled in.
 * Throws `OptionsRefused` with everything that is wrong, unknown options and an unknown type included. With `limits`,
 * for a device enabled through the API, the file system is asked where the paths among the options lead.
 */
export function parseDevice(
  type: string,
  options: OptionTexts,
  limits: RemoteLimits | null = null,
): ParsedDevice {
  const { problems, device } = judgeDevice(type, options, limits);
  if (device === null || problems.length > 0) throw new OptionsRefused(problems);
  return device;
}

/** As `parseDevice`, but hands the problems back for others to add to. */
export function judgeDevice(type: string, options: OptionTexts, limits: RemoteLimits | null): JudgedDevice {
  const kind = deviceKinds.find((candidate) => candidate.type === type);
  if (kind === undefined) {
    const meant = suggest(type, deviceTypes);
    const hint = `${meant === null ? '' : `did you mean "${meant}"? `}wanted ${alternatives(deviceTypes)}`;
    const message = `unknown backend type: "${shortened(type)}"`;
    return { problems: [{ option: 'type', message, hint }], device: null };
  }
  const problems: OptionProblem[] = [];
  refuseUnknownOptions(type, [kind.options, lineOptionTable, laneOptionTable], options, problems);
  const line = readLineOptions(options, problems);
  const lane = readLaneOptions(options, problems);
  if (limits !== null) refuseBeyond(limits, line, problems);
  // Apart: what is wrong with the others does not keep a kind from finding contradictions among its own.
  const own: OptionProblem[] = [];
  const read = kind.read(options, own, line, limits) ?? kind.read(without(options, own), [], line, limits);
  problems.push(...own);
  if (read === null) return { problems, device: null };
  if (limits !== null) refusePeers(limits, read.claims, problems);
  const claims = [...read.claims, ...filesRead(kind.options, options)];
  const { create, faults } = read;
  return { problems, device: Object.freeze({ type, line, lane, claims, create, faults }) };
}

/** Where the rest can be read with defaults, it tells what the device would claim. */
function without(texts: OptionTexts, problems: readonly OptionProblem[]): OptionTexts {
  const wrong = new Set(problems.map(({ option }) => option));
  return Object.fromEntries(Object.entries(texts).filter(([name]) => !wrong.has(name)));
}

/** Claims of the files that options name for reading. */
function filesRead(table: OptionTable, texts: OptionTexts): DeviceClaim[] {
  return Object.entries(table).flatMap(([option, { readsFile }]) => {
    const text = texts[option];
    return readsFile && text !== undefined ? [{ kind: 'read', option, path: path.resolve(text) }] : [];
  });
}

/** The options of a device without passwords and the like. Of a type that is not known nothing may be shown. */
export function shownDeviceOptions(type: string, options: OptionTexts): Record<string, string> {
  const kind = deviceKinds.find((candidate) => candidate.type === type);
  return kind === undefined ? {} : shownOptions(kind.options, options);
}

/** The options of a type, its own first; none for a type that is not known. */
export function optionNames(type: string): readonly string[] {
  const kind = deviceKinds.find((candidate) => candidate.type === type);
  return kind === undefined ? [] : [kind.options, lineOptionTable, laneOptionTable].flatMap(Object.keys);
}

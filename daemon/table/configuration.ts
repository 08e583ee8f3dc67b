import path from 'node:path';
import type { Config, ConfigProblem } from '../../config/config.ts';
import { normaliseDevicePath } from '../../config/device-path.ts';
import type { ReadableDevice } from '../../config/device-schema.ts';
import { inFileOrder, readConfig } from '../../config/load.ts';
import { ConfigRefused } from '../../config/problem.ts';
import { ruleWarnings } from '../../config/rule-warnings.ts';
import type { ReadKeys } from '../../config/schema.ts';
import type { ConfigSource } from '../../config/source.ts';
import type { OptionProblem, ParsedDevice } from '../../devices/device-kind.ts';
import { deviceTypes, judgeDevice, optionNames } from '../../devices/registry.ts';
import { conflictsAmong } from './claim-conflict.ts';
import { type Claimant, ownClaimants } from './claimant.ts';
import { filesAmong, mostFilesEver } from './file-threads.ts';
import { nameOf } from './shared-claim.ts';

/** A configuration that can be run, as far as that can be told without opening anything. */
export interface Configuration {
  /** The file it was read from, as an absolute path; the embedded default has a name in brackets. */
  readonly file: string;
  readonly config: Config;
  /** The options of each declared device, by its path. */
  readonly devices: ReadonlyMap<string, ParsedDevice>;
  /** The files, folders and sockets that the daemon itself uses. */
  readonly own: readonly Claimant[];
  /** What can be run, but is hardly what was meant; in the order of the file. */
  readonly warnings: readonly ConfigProblem[];
}

/** A configuration file as far as it can be read, and all that is wrong with it by itself. */
export interface JudgedConfiguration {
  /** `null` exactly when there are problems. */
  readonly configuration: Configuration | null;
  /** In the order of the file. */
  readonly problems: readonly ConfigProblem[];
  /** The keys that are in order by themselves. */
  readonly keys: Partial<ReadKeys>;
  readonly devices: readonly JudgedEntry[];
  readonly source: ConfigSource;
}

/** A device as far as it can be read. */
export interface JudgedEntry extends ReadableDevice {
  /** `null` when what makes it a device of its type cannot be read. */
  readonly parsed: ParsedDevice | null;
}

/**
 * Reads a configuration file (`null`: the embedded default) and the options of its devices: what `run` starts with and
 * what a reload re-reads. Rejects with `ConfigRefused` and the problems of the file, of the options and of what two
 * devices both claim, in the order of the file.
 */
export async function loadConfiguration(file: string | null): Promise<Configuration> {
  const { configuration, problems } = await judgeConfiguration(file);
  if (configuration === null) throw new ConfigRefused(problems);
  return configuration;
}

/** As `loadConfiguration`, but hands the problems back for others to add to. */
export async function judgeConfiguration(file: string | null): Promise<JudgedConfiguration> {
  const { config, devices: readable, keys, credentialFiles, problems, source } = readConfig(file);
  const all = [...problems];
  const devices = readable.map((device): JudgedEntry => {
    const judged = judgeOptions(device, source);
    all.push(...judged.problems);
    return { ...device, parsed: judged.parsed };
  });
  const parsed = new Map<string, ParsedDevice>();
  for (const device of devices) {
    const devicePath = normaliseDevicePath(device.written);
    if (devicePath !== null && device.parsed !== null && !parsed.has(devicePath)) {
      parsed.set(devicePath, device.parsed);
    }
  }
  const own = ownClaimants(file, keys, saltFilesOf(devices), {
    folder: process.env['CREDENTIALS_DIRECTORY'],
    files: credentialFiles,
  });
  const secretive = new Set(
    devices
      .filter((each) => Object.keys(each.credentialOptions).length > 0)
      .flatMap(({ written }) => normaliseDevicePath(written) ?? []),
  );
  all.push(...(await claimProblems(own, parsed, secretive, source)), ...fileProblems(parsed, source));
  const ordered = inFileOrder(all);
  const name = file === null ? source.file : path.resolve(file);
  const usable = config !== null && ordered.length === 0;
  const configuration = usable
    ? { file: name, config, devices: parsed, own, warnings: ruleWarnings(config.records, source) }
    : null;
  return { configuration, problems: ordered, keys, devices, source };
}

/**
 * What two devices both claim, or a device and the daemon itself, at the option of the device that comes later. The
 * claims of `secretive` devices may come from a credential, which no message repeats.
 */
async function claimProblems(
  own: readonly Claimant[],
  devices: ReadonlyMap<string, ParsedDevice>,
  secretive: ReadonlySet<string>,
  source: ConfigSource,
): Promise<ConfigProblem[]> {
  const claimants = [...devices].map(
    ([devicePath, { claims }]): Claimant => ({
      kind: 'device',
      path: devicePath,
      standing: 'declared',
      claims,
    }),
  );
  const conflicts = await conflictsAmong([...own, ...claimants]);
  const told = new Set<string>();
  return conflicts.flatMap(({ device, other, option, text }) => {
    // That paths collide is a problem of the file by itself.
    if (option === null) return [];
    // Of several that have it, who comes first.
    const key = JSON.stringify([device.path, option]);
    if (told.has(key)) return [];
    told.add(key);
    const involved = other.kind === 'device' ? [device.path, other.path] : [device.path];
    const shown = involved.some((each) => secretive.has(each))
      ? `Cannot use option "${option}": it leads to what ${nameOf(other)} uses already`
      : text;
    return [source.problem(['devices', device.path, 'options', option], shown)];
  });
}

/** No process can have the threads for more. */
function fileProblems(devices: ReadonlyMap<string, ParsedDevice>, source: ConfigSource): ConfigProblem[] {
  const files = [...devices.values()].reduce((sum, { claims }) => sum + filesAmong(claims), 0);
  if (files <= mostFilesEver) return [];
  const message = `found ${files} files that devices write, wanted at most ${mostFilesEver}: each needs a thread of its own`;
  return [source.problem(['devices'], message)];
}

function saltFilesOf(devices: readonly ReadableDevice[]): Map<string, string> {
  return new Map(
    devices.flatMap(({ written, saltFile }) =>
      saltFile === null ? [] : [[normaliseDevicePath(written) ?? written, saltFile]],
    ),
  );
}

function judgeOptions(
  device: ReadableDevice,
  source: ConfigSource,
): { readonly parsed: ParsedDevice | null; readonly problems: readonly ConfigProblem[] } {
  const { written, type, options, unreadable } = device;
  if (type === null) return { parsed: null, problems: [] };
  const judged = judgeDevice(type, options, null);
  if (!deviceTypes.includes(type)) {
    const problems = judged.problems.map((each) =>
      source.problem(['devices', written, 'type'], withHint(each)),
    );
    return { parsed: null, problems };
  }
  // Of an option that cannot be read there is a problem already, and it is not missing.
  if (unreadable === null) return { parsed: null, problems: [] };
  const names = Object.fromEntries([...unreadable].map((name) => [name, '']));
  const unknown = judgeDevice(type, names, null).problems.filter(
    ({ option }) => unreadable.has(option) && !optionNames(type).includes(option),
  );
  const problems = judged.problems
    .filter(({ option }) => !unreadable.has(option))
    .concat(unknown)
    .map((each) => {
      const { option } = each;
      return source.problem(['devices', written, 'options', option], shownOptionProblem(device, each));
    });
  return { parsed: judged.device, problems };
}

/** Without what a credential holds: the message may quote the value, which nobody should read. */
export function shownOptionProblem(device: ReadableDevice, problem: OptionProblem): string {
  const reference = device.credentialOptions[problem.option];
  if (reference === undefined) return withHint(problem);
  return `Cannot use option "${problem.option}": what "${reference}" holds does not fit`;
}

function withHint({ message, hint }: OptionProblem): string {
  return hint === undefined ? message : `${message}: ${hint}`;
}

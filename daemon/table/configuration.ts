import path from 'node:path';
import type { Config, ConfigProblem, DeviceConfig } from '../../config/config.ts';
import { inFileOrder, readConfig } from '../../config/load.ts';
import { ConfigRefused } from '../../config/problem.ts';
import type { ConfigSource } from '../../config/source.ts';
import { type OptionProblem, OptionsRefused, type ParsedDevice } from '../../devices/device-kind.ts';
import { deviceTypes, parseDevice } from '../../devices/registry.ts';
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
}

/**
 * Reads a configuration file (`null`: the embedded default) and the options of its devices: what `run` starts with,
 * what a reload re-reads and what `check` checks. Rejects with `ConfigRefused` and the problems of the file, of the
 * options and of what two devices both claim, in the order of the file.
 */
export async function loadConfiguration(file: string | null): Promise<Configuration> {
  const { config, devices, keys, credentialFiles, problems, source } = readConfig(file);
  const parsed = new Map<string, ParsedDevice>();
  const all = [...problems];
  for (const device of devices) {
    const result = parseOptions(device, source);
    if (Array.isArray(result)) all.push(...result);
    else parsed.set(device.path, result as ParsedDevice);
  }
  const own = ownClaimants(file, keys, saltFilesOf(devices), {
    folder: process.env['CREDENTIALS_DIRECTORY'],
    files: credentialFiles,
  });
  const secretive = new Set(
    devices.filter((each) => Object.keys(each.credentialOptions).length > 0).map(({ path }) => path),
  );
  all.push(...(await claimProblems(own, parsed, secretive, source)), ...fileProblems(parsed, source));
  if (config === null || all.length > 0) throw new ConfigRefused(inFileOrder(all));
  return { file: file === null ? source.file : path.resolve(file), config, devices: parsed, own };
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
  return conflicts.flatMap(({ device, other, option, text }) => {
    // That paths collide is a problem of the file by itself.
    if (option === null) return [];
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

function saltFilesOf(devices: readonly DeviceConfig[]): Map<string, string> {
  return new Map(devices.flatMap(({ path, saltFile }) => (saltFile === null ? [] : [[path, saltFile]])));
}

function parseOptions(device: DeviceConfig, source: ConfigSource): ParsedDevice | readonly ConfigProblem[] {
  try {
    return parseDevice(device.type, device.options);
  } catch (error) {
    if (!(error instanceof OptionsRefused)) throw error;
    if (!deviceTypes.includes(device.type)) {
      return error.problems.map((problem) =>
        source.problem(['devices', device.path, 'type'], withHint(problem)),
      );
    }
    return error.problems.map((problem) => {
      const { option } = problem;
      const reference = device.credentialOptions[option];
      // The message may quote the value, which nobody should read.
      const shown =
        reference === undefined
          ? withHint(problem)
          : `Cannot use option "${option}": what "${reference}" holds does not fit`;
      return source.problem(['devices', device.path, 'options', option], shown);
    });
  }
}

function withHint({ message, hint }: OptionProblem): string {
  return hint === undefined ? message : `${message}: ${hint}`;
}

import type { Config, ConfigProblem, DeviceConfig } from '../../config/config.ts';
import { inFileOrder, readConfig } from '../../config/load.ts';
import { ConfigRefused } from '../../config/problem.ts';
import type { ConfigSource } from '../../config/source.ts';
import { type OptionProblem, OptionsRefused, type ParsedDevice } from '../../devices/device-kind.ts';
import { deviceTypes, parseDevice } from '../../devices/registry.ts';

/** A configuration that can be run, as far as that can be told without opening anything. */
export interface Configuration {
  readonly config: Config;
  /** The options of each declared device, by its path. */
  readonly devices: ReadonlyMap<string, ParsedDevice>;
}

/**
 * Reads a configuration file (`null`: the embedded default) and the options of its devices: what `run` starts with,
 * what a reload re-reads and what `check` checks. Rejects with `ConfigRefused` and the problems of the file and of the
 * options together, in the order of the file.
 */
export async function loadConfiguration(file: string | null): Promise<Configuration> {
  const { config, devices, problems, source } = readConfig(file);
  const parsed = new Map<string, ParsedDevice>();
  const all = [...problems];
  for (const device of devices) {
    const result = parseOptions(device, source);
    if (Array.isArray(result)) all.push(...result);
    else parsed.set(device.path, result as ParsedDevice);
  }
  if (config === null || all.length > 0) throw new ConfigRefused(inFileOrder(all));
  return { config, devices: parsed };
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

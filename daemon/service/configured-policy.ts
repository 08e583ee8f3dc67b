import type { LineOptions, RecordPolicy } from '../../format/line-options.ts';
import { StateRefused, stateFiles } from '../state/state-directory.ts';
import { emptyTable, readTable, type StoredTable } from '../state/stored-table.ts';
import { loadConfiguration } from '../table/configuration.ts';
import { declaredDevices } from '../table/declared-devices.ts';
import { recordPolicy } from '../table/record-policy.ts';

/** What a daemon would make of records. */
export interface ConfiguredPolicy {
  readonly policy: RecordPolicy;
  /** By device path. */
  readonly devices: ReadonlyMap<string, LineOptions>;
  readonly maxRecordBytes: number;
  /** Why what was set through the API is not among it; `null` when it is. */
  readonly apiUnknown: string | null;
}

/**
 * Reads a configuration file (`null`: the embedded default) and what was set through the API, where this user may look. Rejects with
 * `ConfigRefused` and, when the two contradict each other, `DevicesRefused`.
 */
export async function configuredPolicy(file: string | null): Promise<ConfiguredPolicy> {
  const configuration = await loadConfiguration(file);
  const { config } = configuration;
  let stored: StoredTable = emptyTable;
  let apiUnknown: string | null = null;
  try {
    stored = await readTable(stateFiles(config.stateDir));
  } catch (error) {
    if (!(error instanceof StateRefused)) throw error;
    apiUnknown = error.message;
  }
  const { devices } = declaredDevices(configuration, stored);
  return {
    policy: recordPolicy(config, stored),
    devices: new Map([...devices].map(([path, { parsed }]) => [path, parsed.line])),
    maxRecordBytes: config.limits.maxRecordBytes,
    apiUnknown,
  };
}

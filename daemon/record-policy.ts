import type { Config } from '../config/config.ts';
import type { RecordPolicy } from '../format/line-options.ts';
import type { StoredTable } from './stored-table.ts';

/** What is hashed and left out: the configuration's word, with what was set through the API on top. */
export function recordPolicy(config: Config, stored: StoredTable): RecordPolicy {
  return {
    clearFields: config.clearFields,
    unauditedPaths: config.unauditedPaths,
    auditedHeaders: new Map([...config.auditedHeaders, ...stored.headers]),
    mounts: new Map([...config.mounts, ...stored.mounts]),
  };
}

// Written by `npm run record-types` from record.schema.json: change that, and run it again.
import type { ApiRecord } from './api-record.ts';
import type { VaultRecord } from './vault-record.ts';

export type * from './api-record.ts';
export type * from './vault-record.ts';

/**
 * An audit record. Every member may be left out, and any other may be there: what no profile knows is hashed.
 */
export type AuditRecord = ApiRecord | VaultRecord;

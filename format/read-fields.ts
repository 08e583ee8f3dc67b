import * as fields from '../kernel/numbers/fields.ts';
import { type MatchedField, matchedFields } from './record-rules.ts';

/** Where the kernel's fields lie in a record. */
const fieldPaths: Readonly<Record<keyof typeof fields, string>> = {
  TIME: 'time',
  TYPE: 'type',
  REQUEST: 'request',
  REQUEST_ID: 'request.id',
  OPERATION: 'request.operation',
  PATH: 'request.path',
  MOUNT_POINT: 'request.mount_point',
  NAMESPACE: 'request.namespace',
  NAMESPACE_PATH: 'request.namespace.path',
  REQUEST_DATA: 'request.data',
  RESPONSE_DATA: 'response.data',
  REQUEST_HEADERS: 'request.headers',
  LISTED_KEYS: 'response.data.keys',
  LISTED_INFO: 'response.data.key_info',
  WRAPPING: 'response.wrap_info',
  WRAPPING_TIME: 'response.wrap_info.creation_time',
  WRAPPING_TOKEN: 'response.wrap_info.token',
  WRAPPING_ACCESSOR: 'response.wrap_info.accessor',
  METHOD: matchedFields.method,
  ROUTE: matchedFields.route,
  TENANT: matchedFields.tenant,
  OUTCOME: matchedFields.outcome,
};

/** Each path whose value the kernel itself reads or treats by more than its path, and the kernel's number for it. */
export const readFields: readonly (readonly [path: string, field: number])[] = Object.entries(fields).map(
  ([name, field]) => [fieldPaths[name as keyof typeof fields], field],
);

/** Those of them that nobody reads unless a rule asks for them. */
export const ruleFields: ReadonlyMap<string, MatchedField> = new Map(
  (['method', 'route', 'tenant', 'outcome'] as const).map((field) => [matchedFields[field], field]),
);

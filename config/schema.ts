import type { z } from 'zod';
import { admin } from './admin-schema.ts';
import type {
  AdminConfig,
  Config,
  DeviceConfig,
  LimitsConfig,
  ListenerConfig,
  Requirement,
} from './config.ts';
import { normaliseDevicePath } from './device-path.ts';
import { devices } from './device-schema.ts';
import { Leaf } from './leaf.ts';
import { listenAddress, listeners } from './listener-schema.ts';
import { auditedHeaders, clearFields, hashFields, mounts, unauditedPaths } from './policy-schema.ts';
import { records } from './record-rules-schema.ts';
import { byteSize, duration, filePath, longDuration, oneOf, scalar, wholeNumber } from './scalars.ts';
import { either, list, section } from './shapes.ts';

const requirement: z.ZodType<Requirement> = either(
  (value) => (value instanceof Leaf || !Array.isArray(value) ? 'first' : 'second'),
  scalar(
    'any, all, a number of devices from 1, or a list of device paths',
    ({ text }): Requirement | null => {
      if (text === 'any' || text === 'all') return { kind: text };
      return /^[1-9]\d{0,5}$/.test(text) ? { kind: 'count', count: Number(text) } : null;
    },
  ),
  list(
    'a list of device paths',
    scalar('the path of a device', ({ text }) => normaliseDevicePath(text)),
  ).transform((paths, context): Requirement => {
    if (paths.length === 0) {
      const message =
        'found an empty list, wanted at least one device: with none, nothing would have to be recorded';
      context.issues.push({ code: 'custom', message, input: paths });
    }
    return { kind: 'devices', paths: [...new Set(paths)] };
  }),
);

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

const limits: z.ZodType<LimitsConfig> = section({
  // A record and its line are in memory at once; the kernel itself would take longer ones.
  max_record_bytes: byteSize(1024, 128 * MiB).default(32 * MiB),
  connection_bytes: byteSize(1024, 64 * GiB).default(64 * MiB),
  total_bytes: byteSize(1024, 64 * GiB).default(256 * MiB),
  connections: wholeNumber(1, 1_000_000).default(1024),
  // A record that takes longer is a sender that has stopped.
  record_timeout: longDuration.default(60_000),
  stop_timeout: duration.default(10_000),
})
  .transform((found) => ({
    maxRecordBytes: found.max_record_bytes,
    connectionBytes: found.connection_bytes,
    totalBytes: found.total_bytes,
    connections: found.connections,
    recordTimeoutMs: found.record_timeout,
    stopTimeoutMs: found.stop_timeout,
  }))
  .prefault({});

const metrics: z.ZodType<Config['metrics']> = section({
  listen: listenAddress.nullable().default({ kind: 'tcp', host: '127.0.0.1', port: 8219 }),
})
  .transform(({ listen }) => (listen === null ? null : { listen }))
  .nullable()
  .prefault({});

const log: z.ZodType<Config['log']> = section({
  format: oneOf('text', 'json').default('text'),
  level: oneOf('debug', 'info', 'warn', 'error').default('info'),
}).prefault({});

/** What each key becomes. */
export interface ReadKeys {
  readonly state_dir: string;
  readonly profile: Config['profile'];
  readonly require: Requirement;
  readonly listeners: readonly ListenerConfig[];
  readonly admin: AdminConfig;
  readonly metrics: Config['metrics'];
  readonly devices: Readonly<Record<string, Omit<DeviceConfig, 'path'>>>;
  readonly audited_headers: Config['auditedHeaders'];
  readonly mounts: Config['mounts'];
  readonly clear_fields: readonly string[];
  readonly hash_fields: readonly string[];
  readonly unaudited_paths: readonly string[];
  readonly records: Config['records'];
  readonly limits: LimitsConfig;
  readonly log: Config['log'];
}

/** The keys of the file, each with its default beside it here or in its own schema: what is not here is refused. */
export const keySchemas: { readonly [Key in keyof ReadKeys]: z.ZodType<ReadKeys[Key]> } = {
  state_dir: filePath.default('/var/lib/audit-sidecar'),
  profile: oneOf('vault', 'api').default('vault'),
  require: requirement.default({ kind: 'any' }),
  listeners,
  admin,
  metrics,
  devices,
  audited_headers: auditedHeaders,
  mounts,
  clear_fields: clearFields,
  hash_fields: hashFields,
  unaudited_paths: unauditedPaths,
  records,
  limits,
  log,
};

/** The whole file. */
export const fileSchema: z.ZodType<ReadKeys> = section(keySchemas) as z.ZodType<ReadKeys>;

import type { MountKeys } from '../format/line-options.ts';
import type { ProfileName } from '../format/profile.ts';
import type { RecordRule } from '../format/record-rules.ts';
import type { AllowedAddress } from './allowed-address.ts';

/** Which devices must have a record before it is answered `ok`. */
export type Requirement =
  | { readonly kind: 'any' }
  | { readonly kind: 'all' }
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'devices'; readonly paths: readonly string[] };

/** Where a server listens: a UNIX socket or TCP. Port 0 lets the system choose. */
export type ListenAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** A stream listener for records. */
export interface StreamListenerConfig {
  readonly kind: 'stream';
  readonly path: string;
  /** File mode bits of the socket, e.g. 0o660. */
  readonly mode: number;
  /** Group that owns the socket, by name or number; null leaves the process's. */
  readonly group: string | null;
  readonly replies: 'status' | 'devices' | 'none';
  readonly headers: 'apply' | 'as_is';
}

/** An HTTP listener for records. */
export interface HttpListenerConfig {
  readonly kind: 'http';
  readonly address: ListenAddress;
  readonly mode: number;
  readonly group: string | null;
  readonly headers: 'apply' | 'as_is';
}

export type ListenerConfig = StreamListenerConfig | HttpListenerConfig;

export interface AdminConfig {
  readonly path: string;
  readonly mode: number;
  readonly tcp: {
    readonly address: { readonly host: string; readonly port: number };
    readonly tokenFile: string;
    readonly tls: { readonly cert: string; readonly key: string } | null;
  } | null;
  readonly fileRoots: readonly string[];
  readonly allowPrefix: boolean;
  readonly allowLogRaw: boolean;
  /** Where devices of the API may connect; `null`: anywhere. */
  readonly allowAddresses: readonly AllowedAddress[] | null;
}

export interface DeviceConfig {
  /** With its trailing slash. */
  readonly path: string;
  readonly type: string;
  readonly description: string;
  readonly local: boolean;
  /** Every value as text; numbers and booleans keep the spelling they have in the file. */
  readonly options: Readonly<Record<string, string>>;
  /**
   * Those of `options` that hold a credential, with the reference (`${credential:NAME}`) in place of its value: what
   * may be shown. Empty when none does.
   */
  readonly credentialOptions: Readonly<Record<string, string>>;
  readonly saltFile: string | null;
}

/** All sizes in bytes, all times in milliseconds. */
export interface LimitsConfig {
  readonly maxRecordBytes: number;
  readonly connectionBytes: number;
  readonly totalBytes: number;
  readonly connections: number;
  readonly recordTimeoutMs: number;
  readonly stopTimeoutMs: number;
}

/** What the operator wrote, with defaults filled in; frozen all the way down. */
export interface Config {
  readonly stateDir: string;
  readonly profile: ProfileName;
  readonly require: Requirement;
  readonly listeners: readonly ListenerConfig[];
  readonly admin: AdminConfig;
  readonly metrics: { readonly listen: ListenAddress } | null;
  /** By path, in the order of the file. */
  readonly devices: ReadonlyMap<string, DeviceConfig>;
  /** By lower-case name. */
  readonly auditedHeaders: ReadonlyMap<string, { readonly hmac: boolean }>;
  readonly mounts: ReadonlyMap<string, MountKeys>;
  readonly clearFields: readonly string[];
  readonly hashFields: readonly string[];
  /** With presets written out. */
  readonly unauditedPaths: readonly string[];
  /** In the order of the file; empty when the file has none. */
  readonly records: readonly RecordRule[];
  readonly limits: LimitsConfig;
  readonly log: { readonly format: 'text' | 'json'; readonly level: 'debug' | 'info' | 'warn' | 'error' };
}

/** One thing wrong in a configuration file. */
export interface ConfigProblem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** Dotted, e.g. `devices.siem/.options.framing`; empty for the file as a whole. */
  readonly key: string;
  /** What was found, what is wanted, and a suggestion where there is one. */
  readonly message: string;
}

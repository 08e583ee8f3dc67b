import type { Registry } from 'prom-client';
import type { Clock } from './clock.ts';
import type { Log } from './log/log.ts';
import type { Configuration } from './table/configuration.ts';

/** What a daemon is started with. */
export interface DaemonSettings {
  readonly configuration: Configuration;
  readonly log: Log;
  readonly clock: Clock;
  /** For the metrics of this daemon alone: another one in the process has its own. */
  readonly registry: Registry;
  /** Of this process, for files and name lookups. */
  readonly threads: number;
}

import type { LimitsConfig } from '../../config/config.ts';
import type { Formatter } from '../../format/formatter.ts';
import type { Clock } from '../clock.ts';
import type { Broker } from '../delivery/broker.ts';
import type { IngestCounters } from './ingest-counters.ts';

/** What every session of a daemon shares. */
export interface IngestSettings {
  readonly formatter: Formatter;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly counters: IngestCounters;
  /** Hears of an error that nobody expected: the client that was served is ended, and no other is harmed. */
  readonly onDefect: (error: unknown) => void;
  /** A reload replaces them; the record size applies to senders that connect from then on. */
  limits: LimitsConfig;
}

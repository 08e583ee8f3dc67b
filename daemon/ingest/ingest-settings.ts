import type { LimitsConfig, Requirement } from '../../config/config.ts';
import { Formatter } from '../../format/formatter.ts';
import { startLargeThread } from '../../format/large-thread.ts';
import type { RecordPolicy } from '../../format/line-options.ts';
import type { Clock } from '../clock.ts';
import { Broker } from '../delivery/broker.ts';
import { type IngestCounters, zeroIngestCounters } from './ingest-counters.ts';
import { LargeRecords, largeBounds } from './large-records.ts';

/** What every session of a daemon shares. */
export interface IngestSettings {
  readonly formatter: Formatter;
  readonly large: LargeRecords;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly counters: IngestCounters;
  /** Hears of an error that nobody expected: the client that was served is ended, and no other is harmed. */
  readonly onDefect: (error: unknown) => void;
  /** A reload replaces them; the record size applies to senders that connect from then on. */
  limits: LimitsConfig;
}

interface IngestParts extends Pick<IngestSettings, 'clock' | 'limits' | 'onDefect'> {
  readonly policy: RecordPolicy;
  readonly requirement: Requirement;
  /** Hears why the thread for large records has died. */
  readonly onThreadDeath: (error: unknown) => void;
}

/** Without a device. Throws `PolicyRefused`. */
export function createIngest({ policy, requirement, onThreadDeath, ...rest }: IngestParts): IngestSettings {
  const formatter = new Formatter(policy);
  const broker = new Broker(requirement);
  const large = new LargeRecords({
    formatter,
    broker,
    clock: rest.clock,
    bounds: largeBounds,
    start: startLargeThread,
    onDeath: onThreadDeath,
  });
  return { ...rest, formatter, broker, large, counters: zeroIngestCounters() };
}

import { Counter, Gauge, type Registry } from 'prom-client';
import { levels } from '../../format/record-rules.ts';
import type { IngestCounters } from '../ingest/ingest-counters.ts';
import { refusalCodes } from '../ingest/refusals.ts';

/** What clients sent and what they were answered, over all listeners. */
export function registerIngestMetrics(registry: Registry, ingest: Readonly<IngestCounters>): void {
  const registers = [registry];
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };

  counter(
    'audit_sidecar_records_received_total',
    'Records read from clients, refused ones included',
    () => ingest.received,
  );
  counter('audit_sidecar_received_bytes_total', 'Bytes read from clients', () => ingest.bytes);
  new Counter({
    name: 'audit_sidecar_records_refused_total',
    help: 'Records answered with a refusal, by its code',
    labelNames: ['code'],
    registers,
    collect() {
      this.reset();
      for (const code of refusalCodes) this.inc({ code }, ingest.refused[code]);
    },
  });
  new Counter({
    name: 'audit_sidecar_replies_total',
    help: 'Records whose reply is decided, by outcome',
    labelNames: ['outcome'],
    registers,
    collect() {
      let refused = 0;
      for (const code of refusalCodes) refused += ingest.refused[code];
      this.reset();
      this.inc({ outcome: 'ok' }, ingest.ok);
      this.inc({ outcome: 'refused' }, refused);
    },
  });
  counter(
    'audit_sidecar_records_unaudited_total',
    'Records of paths that are not audited: answered ok, written nowhere',
    () => ingest.unaudited,
  );
  new Counter({
    name: 'audit_sidecar_records_by_level_total',
    help: 'Other valid records by the level at which the rules of the configuration have them written',
    labelNames: ['level'],
    registers,
    collect() {
      this.reset();
      for (const level of levels) this.inc({ level }, ingest.levels[level]);
    },
  });
  gauge('audit_sidecar_connections', 'Client connections open now', () => ingest.connections);
  counter(
    'audit_sidecar_connections_accepted_total',
    'Client connections accepted',
    () => ingest.connectionsAccepted,
  );
  counter(
    'audit_sidecar_connections_given_up_total',
    'Idle client connections ended to make room for others',
    () => ingest.connectionsGivenUp,
  );
  counter(
    'audit_sidecar_connections_refused_total',
    'Client connections closed at once, because there was no room',
    () => ingest.connectionsRefused,
  );
  gauge(
    'audit_sidecar_in_flight_bytes',
    'Bytes of records whose reply is not decided yet',
    () => ingest.bytesInFlight,
  );
}

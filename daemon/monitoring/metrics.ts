import { Gauge, type Registry } from 'prom-client';
import type { LaneStatus } from '../delivery/lane-status.ts';
import type { IngestCounters } from '../ingest/ingest-counters.ts';
import type { BuildInfo } from './build-info.ts';
import { registerDeviceMetrics, type WriteTimes } from './device-metrics.ts';
import { watchEventLoop } from './event-loop-lag.ts';
import { registerIngestMetrics } from './ingest-metrics.ts';
import { registerProcessMetrics } from './process-metrics.ts';

/** Where the numbers are; they are copied when somebody asks for the metrics, and at no other time. */
export interface MetricsSource {
  lanes(): readonly LaneStatus[];
  readonly ingest: Readonly<IngestCounters>;
}

export interface Metrics extends WriteTimes {
  /** The Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
  /** Stops watching the event loop. */
  close(): void;
}

/** Registers every metric of the daemon (docs/metrics.md lists them). Call it once for a registry. */
export function createMetrics(registry: Registry, source: MetricsSource, build: BuildInfo): Metrics {
  new Gauge({
    name: 'audit_sidecar_build_info',
    help: 'Always 1; the labels say what is running',
    labelNames: ['version', 'node', 'commit'],
    registers: [registry],
  }).set({ version: build.version, node: build.node, commit: build.commit ?? 'unknown' }, 1);
  registerIngestMetrics(registry, source.ingest);
  const writeTimes = registerDeviceMetrics(registry, source);
  registerProcessMetrics(registry);
  const eventLoop = watchEventLoop(registry);
  return {
    ...writeTimes,
    text: () => registry.metrics(),
    contentType: registry.contentType,
    close: () => eventLoop.close(),
  };
}

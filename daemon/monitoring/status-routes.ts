import type { Requirement } from '../../config/config.ts';
import type { LaneStatus } from '../delivery/lane-status.ts';
import { type HttpRoute, jsonAnswer } from '../http/http-routes.ts';
import { type Phase, readinessReport } from './health.ts';

export interface StatusSource {
  readonly require: Requirement;
  lanes(): readonly LaneStatus[];
  phase(): Phase;
  /** Where a device comes from. */
  declared(path: string): 'config' | 'api';
  /** What prom-client's registry renders, and its media type. */
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
}

/** `/healthz`: the process lives and its event loop runs; `/readyz`: it can record; `/metrics`. */
export function statusRoutes(source: StatusSource): readonly HttpRoute[] {
  return [
    { path: '/healthz', methods: { GET: () => jsonAnswer(200, { ok: true }) } },
    {
      path: '/readyz',
      methods: {
        GET() {
          const { require } = source;
          const report = readinessReport(require, source.lanes(), source.phase(), source.declared);
          return jsonAnswer(report.ready ? 200 : 503, report);
        },
      },
    },
    {
      path: '/metrics',
      methods: {
        GET: async () => ({
          status: 200,
          headers: { 'Content-Type': source.metrics.contentType },
          body: await source.metrics.text(),
        }),
      },
    },
  ];
}

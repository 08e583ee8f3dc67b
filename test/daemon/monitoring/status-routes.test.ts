import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import type { LaneStatus } from '../../../daemon/delivery/lane-status.ts';
import { plainRefusals, routed } from '../../../daemon/http/http-router.ts';
import { startHttpServer } from '../../../daemon/http/http-server.ts';
import { zeroIngestCounters } from '../../../daemon/ingest/ingest-counters.ts';
import type { Phase } from '../../../daemon/monitoring/health.ts';
import { createMetrics } from '../../../daemon/monitoring/metrics.ts';
import { statusRoutes } from '../../../daemon/monitoring/status-routes.ts';
import { laneStatus } from '../../support/lane-status.ts';
import { quietServer } from '../http/quiet-server.ts';

test('health, readiness and metrics are served to whoever asks', async (t) => {
  let lanes: LaneStatus[] = [];
  let phase: Phase = 'starting';
  const build = { version: '0', node: '0', commit: null };
  const metrics = createMetrics(new Registry(), { lanes: () => lanes, ingest: zeroIngestCounters() }, build);
  t.after(() => metrics.close());
  const server = await startHttpServer({
    ...quietServer,
    respond: routed(
      statusRoutes({
        require: { kind: 'any' },
        lanes: () => lanes,
        phase: () => phase,
        declared: () => 'config',
        metrics,
      }),
      plainRefusals,
    ),
  });
  t.after(() => server.close(0));
  assert.ok(server.address.kind === 'tcp');
  const { port } = server.address;
  const get = async (path: string): Promise<{ status: number; type: string | null; body: string }> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: await response.text(),
    };
  };

  assert.deepEqual(await get('/healthz'), { status: 200, type: 'application/json', body: '{"ok":true}\n' });
  let ready = await get('/readyz');
  assert.equal(ready.status, 503);
  assert.deepEqual(JSON.parse(ready.body), { ready: false, reason: 'the daemon is starting', devices: [] });

  phase = 'running';
  lanes = [laneStatus()];
  ready = await get('/readyz');
  assert.equal(ready.status, 200);
  assert.equal(JSON.parse(ready.body).devices[0].path, 'file/');

  const text = await get('/metrics');
  assert.equal(text.status, 200);
  assert.match(text.type ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(text.body, /^audit_sidecar_device_up\{device="file\/",type="file"\} 1$/m);
});

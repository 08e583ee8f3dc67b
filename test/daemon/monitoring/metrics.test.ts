import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { zeroLaneCounters } from '../../../daemon/delivery/lane-counters.ts';
import type { LaneStatus } from '../../../daemon/delivery/lane-status.ts';
import { zeroIngestCounters } from '../../../daemon/ingest/ingest-counters.ts';
import { readBuildInfo } from '../../../daemon/monitoring/build-info.ts';
import { createMetrics, type Metrics } from '../../../daemon/monitoring/metrics.ts';
import { laneStatus } from '../../support/lane-status.ts';
import { projectRoot } from '../../support/project-root.ts';
import { waitFor } from '../../support/wait-for.ts';

const build = { version: '1.2.3', node: '20.0.0', commit: null };

function created(t: TestContext, lanes: LaneStatus[], ingest = zeroIngestCounters()): Metrics {
  const metrics = createMetrics(new Registry(), { lanes: () => lanes, ingest }, build);
  t.after(() => metrics.close());
  for (const lane of lanes) metrics.addDevice(lane.path, lane.type);
  return metrics;
}

/** The sample lines of a scrape, as value by name with labels. */
async function scraped(metrics: Metrics): Promise<Map<string, number>> {
  const samples = new Map<string, number>();
  for (const line of (await metrics.text()).split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.lastIndexOf(' ');
    samples.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return samples;
}

const promtool = spawnSync('promtool', ['--version']).status === 0;

test('promtool has nothing to say about the metrics', {
  skip: promtool ? false : 'needs promtool: apt-get install prometheus',
}, async (t) => {
  const metrics = created(t, [laneStatus(), laneStatus({ path: 'siem "x"\\\n/', type: 'socket' })]);
  const check = spawnSync('promtool', ['check', 'metrics'], {
    input: await metrics.text(),
    encoding: 'utf8',
  });
  assert.equal(check.stdout + check.stderr, '');
  assert.equal(check.status, 0);
});

test('every series of the daemon and of each device is there at zero from the start', async (t) => {
  const samples = await scraped(created(t, [laneStatus({ path: 'a/' }), laneStatus({ path: 'b/' })]));
  const devices = [...samples.keys()].filter((name) => name.includes('device="a/"'));
  assert.ok(devices.length > 40);
  for (const name of devices) assert.ok(samples.has(name.replace('"a/"', '"b/"')), name);
  const notZero = ['up', 'state', 'queue_limit_bytes'].map((name) => `audit_sidecar_device_${name}{`);
  for (const [name, value] of samples) {
    if (!/_total\b|_count\b|_bucket\b|_sum\b|audit_sidecar_device_/.test(name) || name.startsWith('process_'))
      continue;
    if (notZero.some((start) => name.startsWith(start))) continue;
    assert.equal(value, 0, name);
  }
  for (const code of ['invalid_record', 'too_large', 'not_recorded', 'no_device', 'stopping']) {
    assert.ok(samples.has(`audit_sidecar_records_refused_total{code="${code}"}`), code);
  }
});

test('the numbers of lanes and ingest arrive in the metrics, in base units', async (t) => {
  const counters = zeroLaneCounters();
  Object.assign(counters, { recorded: 1, late: 2, bytes: 3, resent: 4, timeouts: 5, reconnects: 6 });
  counters.dropped.queue_full = 7;
  counters.failures.no_space = 8;
  const lane = laneStatus({
    path: 'f/',
    state: 'blocked',
    oldestWaitingMs: 1500,
    blockedMs: 2500,
    queueRecords: 9,
    queueBytes: 10,
    queueLimitBytes: 11,
    counters,
  });
  const ingest = zeroIngestCounters();
  Object.assign(ingest, { received: 20, bytes: 21, ok: 22, unaudited: 23, connections: 24 });
  Object.assign(ingest, {
    connectionsAccepted: 25,
    bytesInFlight: 26,
    connectionsGivenUp: 29,
    connectionsRefused: 30,
  });
  Object.assign(ingest.levels, { none: 31, metadata: 32, request: 33, full: 34 });
  ingest.refused.not_recorded = 27;
  ingest.refused.too_large = 28;
  const metrics = created(t, [lane], ingest);
  // Reading them adds nothing up.
  await metrics.text();
  const samples = await scraped(metrics);
  const expected: Record<string, number> = {
    'audit_sidecar_device_records_recorded_total{device="f/",type="file"}': 1,
    'audit_sidecar_device_records_late_total{device="f/",type="file"}': 2,
    'audit_sidecar_device_recorded_bytes_total{device="f/",type="file"}': 3,
    'audit_sidecar_device_records_resent_total{device="f/",type="file"}': 4,
    'audit_sidecar_device_write_timeouts_total{device="f/",type="file"}': 5,
    'audit_sidecar_device_reconnects_total{device="f/",type="file"}': 6,
    'audit_sidecar_device_records_dropped_total{device="f/",type="file",reason="queue_full"}': 7,
    'audit_sidecar_device_records_dropped_total{device="f/",type="file",reason="too_large"}': 0,
    'audit_sidecar_device_failures_total{device="f/",type="file",reason="no_space"}': 8,
    'audit_sidecar_device_up{device="f/",type="file"}': 0,
    'audit_sidecar_device_blocked{device="f/",type="file"}': 1,
    'audit_sidecar_device_state{device="f/",type="file",state="blocked"}': 1,
    'audit_sidecar_device_state{device="f/",type="file",state="ok"}': 0,
    'audit_sidecar_device_blocked_seconds_total{device="f/",type="file"}': 2.5,
    'audit_sidecar_device_oldest_waiting_seconds{device="f/",type="file"}': 1.5,
    'audit_sidecar_device_queue_records{device="f/",type="file"}': 9,
    'audit_sidecar_device_queue_bytes{device="f/",type="file"}': 10,
    'audit_sidecar_device_queue_limit_bytes{device="f/",type="file"}': 11,
    audit_sidecar_records_received_total: 20,
    audit_sidecar_received_bytes_total: 21,
    'audit_sidecar_replies_total{outcome="ok"}': 22,
    'audit_sidecar_replies_total{outcome="refused"}': 55,
    audit_sidecar_records_unaudited_total: 23,
    'audit_sidecar_records_by_level_total{level="none"}': 31,
    'audit_sidecar_records_by_level_total{level="metadata"}': 32,
    'audit_sidecar_records_by_level_total{level="request"}': 33,
    'audit_sidecar_records_by_level_total{level="full"}': 34,
    audit_sidecar_connections: 24,
    audit_sidecar_connections_given_up_total: 29,
    audit_sidecar_connections_refused_total: 30,
    audit_sidecar_connections_accepted_total: 25,
    audit_sidecar_in_flight_bytes: 26,
    'audit_sidecar_records_refused_total{code="not_recorded"}': 27,
    'audit_sidecar_build_info{version="1.2.3",node="20.0.0",commit="unknown"}': 1,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name);
});

test('write times are counted for the devices there are, and all series of a device go with it', async (t) => {
  const lanes = [laneStatus({ path: 'a/' }), laneStatus({ path: 'b/' })];
  const metrics = created(t, lanes);
  metrics.observeWrite('a/', 0.002);
  metrics.observeWrite('a/', 3);
  metrics.observeWrite('unknown/', 1);
  let samples = await scraped(metrics);
  const count = (device: string): number | undefined =>
    samples.get(`audit_sidecar_device_write_seconds_count{device="${device}",type="file"}`);
  assert.equal(count('a/'), 2);
  assert.equal(count('b/'), 0);
  assert.equal(count('unknown/'), undefined);
  assert.equal(
    samples.get('audit_sidecar_device_write_seconds_bucket{le="0.0025",device="a/",type="file"}'),
    1,
  );

  lanes.shift();
  metrics.forgetDevice('a/');
  metrics.observeWrite('a/', 1);
  samples = await scraped(metrics);
  assert.deepEqual(
    [...samples.keys()].filter((name) => name.includes('"a/"')),
    [],
  );
  assert.equal(count('b/'), 0);

  metrics.addDevice('a/', 'file');
  samples = await scraped(metrics);
  assert.equal(count('a/'), 0, 'a device that comes back begins anew');
});

test('a blocked event loop shows as lag', async (t) => {
  const metrics = created(t, []);
  const lag = async (stat: string): Promise<number> =>
    (await scraped(metrics)).get(`audit_sidecar_event_loop_lag_seconds{stat="${stat}"}`)!;
  await waitFor('a blocked loop has been seen', async () => {
    // Node measures from its second sample after a reset on.
    await delay(60);
    const end = performance.now() + 400;
    while (performance.now() < end);
    return (await lag('max')) >= 0.3;
  });
});

test('two daemons in one process have metrics of their own', async (t) => {
  const first = created(t, [laneStatus({ path: 'a/' })]);
  const second = created(t, [laneStatus({ path: 'b/' })]);
  assert.ok((await first.text()).includes('"a/"'));
  assert.ok(!(await second.text()).includes('"a/"'));
});

test('the build is the version in package.json and the commit of the checkout', () => {
  const info = readBuildInfo();
  const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  assert.equal(info.version, version);
  assert.equal(info.node, process.versions.node);
  const git = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: projectRoot, encoding: 'utf8' });
  if (git.status === 0) assert.equal(info.commit, git.stdout.trim());
  else assert.equal(info.commit, null);
});

test('docs/metrics.md lists every metric with its type and labels, and no other', async (t) => {
  const registry = new Registry();
  const source = { lanes: () => [laneStatus()], ingest: zeroIngestCounters() };
  const metrics = createMetrics(registry, source, build);
  t.after(() => metrics.close());
  metrics.addDevice('file/', 'file');
  const actual: string[] = [];
  for (const metric of await registry.getMetricsAsJSON()) {
    const labels = new Set(metric.values.flatMap((value) => Object.keys(value.labels)));
    labels.delete('le');
    actual.push(`${metric.name} ${metric.type} ${[...labels].join(' ')}`.trim());
  }
  const text = readFileSync(path.join(projectRoot, 'docs/metrics.md'), 'utf8');
  const documented = [...text.matchAll(/^\| `([a-z_]+)` \| (counter|gauge|histogram) \| ([^|]*) \|/gm)].map(
    ([, name, type, labels]) =>
      `${name} ${type} ${labels!.replace(/[`,]/g, '').trim().replace('–', '')}`.trim(),
  );
  assert.deepEqual(documented.sort(), actual.sort());
});

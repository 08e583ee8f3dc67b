import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Requirement } from '../../../config/config.ts';
import type { LaneState } from '../../../daemon/delivery/lane-status.ts';
import { readiness, readinessReport } from '../../../daemon/monitoring/health.ts';
import { laneStatus } from '../../support/lane-status.ts';

function reasonOf(require: Requirement, states: Record<string, LaneState>): string | null {
  const lanes = Object.entries(states).map(([path, state]) => laneStatus({ path, state }));
  return readiness(require, lanes, 'running').reason;
}

test('any: one device that takes records is enough, also a slow one', () => {
  assert.equal(reasonOf({ kind: 'any' }, { 'a/': 'ok', 'b/': 'failing' }), null);
  assert.equal(reasonOf({ kind: 'any' }, { 'a/': 'slow', 'b/': 'blocked' }), null);
  assert.equal(
    reasonOf({ kind: 'any' }, { 'a/': 'blocked', 'b/': 'failing' }),
    'no device takes records: "a/" is blocked; "b/" is failing',
  );
});

test('all: every enabled device has to take records', () => {
  assert.equal(reasonOf({ kind: 'all' }, { 'a/': 'ok', 'b/': 'slow', 'c/': 'disabled' }), null);
  assert.equal(
    reasonOf({ kind: 'all' }, { 'a/': 'ok', 'b/': 'blocked' }),
    'all devices are required: "b/" is blocked',
  );
});

test('count: as many devices as asked for have to take records', () => {
  const require = { kind: 'count', count: 2 } as const;
  assert.equal(reasonOf(require, { 'a/': 'ok', 'b/': 'ok', 'c/': 'failing' }), null);
  assert.equal(
    reasonOf(require, { 'a/': 'ok', 'b/': 'blocked' }),
    '2 devices are required and 1 take records: "b/" is blocked',
  );
  assert.equal(reasonOf(require, { 'a/': 'ok' }), '2 devices are required and 1 take records: 1 enabled');
});

test('devices: each of those named has to take records, whatever the others do', () => {
  const require = { kind: 'devices', paths: ['a/', 'b/'] } as const;
  assert.equal(reasonOf(require, { 'a/': 'ok', 'b/': 'slow', 'c/': 'failing' }), null);
  assert.equal(
    reasonOf(require, { 'a/': 'failing', 'c/': 'failing' }),
    'required devices do not take records: "b/" is not enabled; "a/" is failing',
  );
});

test('without an enabled device no policy can be met', () => {
  const policies: Requirement[] = [
    { kind: 'any' },
    { kind: 'all' },
    { kind: 'count', count: 1 },
    { kind: 'devices', paths: ['a/'] },
  ];
  for (const require of policies) {
    assert.equal(reasonOf(require, {}), 'no device is enabled');
    assert.equal(reasonOf(require, { 'a/': 'disabled' }), 'no device is enabled');
  }
});

test('while it starts or stops the daemon is not ready, and says so', () => {
  const lanes = [laneStatus({ state: 'ok' })];
  assert.deepEqual(readiness({ kind: 'any' }, lanes, 'starting'), {
    ready: false,
    reason: 'the daemon is starting',
  });
  assert.deepEqual(readiness({ kind: 'any' }, lanes, 'stopping'), {
    ready: false,
    reason: 'the daemon is stopping',
  });
});

test('the report shows each device with its state, last error and queue', () => {
  const lanes = [
    laneStatus({ path: 'file/', type: 'file', since: 0 }),
    laneStatus({
      path: 'siem/',
      type: 'socket',
      state: 'failing',
      since: 1000,
      lastFailure: { reason: 'refused', message: 'Cannot connect to "127.0.0.1:6514": refused', at: 2000 },
      oldestWaitingMs: 1500,
      queueRecords: 3,
      queueBytes: 400,
      queueLimitBytes: 500,
    }),
  ];
  assert.deepEqual(
    readinessReport({ kind: 'all' }, lanes, 'running', () => 'api'),
    {
      ready: false,
      reason: 'all devices are required: "siem/" is failing (refused)',
      devices: [
        {
          path: 'file/',
          type: 'file',
          declared: 'api',
          state: 'ok',
          since: '1970-01-01T00:00:00.000Z',
          last_error: null,
          oldest_waiting_seconds: 0,
          queue_records: 0,
          queue_bytes: 0,
          queue_limit_bytes: 67108864,
        },
        {
          path: 'siem/',
          type: 'socket',
          declared: 'api',
          state: 'failing',
          since: '1970-01-01T00:00:01.000Z',
          last_error: {
            reason: 'refused',
            message: 'Cannot connect to "127.0.0.1:6514": refused',
            at: '1970-01-01T00:00:02.000Z',
          },
          oldest_waiting_seconds: 1.5,
          queue_records: 3,
          queue_bytes: 400,
          queue_limit_bytes: 500,
        },
      ],
    },
  );
});

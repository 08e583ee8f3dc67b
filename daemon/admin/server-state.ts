import { jsonAnswer } from '../http/http-routes.ts';
import type { AdminRoute } from './admin-route.ts';

/** What `bao status`, client libraries and probes of a Vault server ask for before anything else. */
export function serverStateRoutes(version: string): readonly AdminRoute[] {
  return [
    {
      path: '/v1/sys/health',
      shown: '/v1/sys/health',
      about: 'Whether the daemon runs; whether it can record is told by /readyz.',
      methods: {
        GET: () =>
          jsonAnswer(200, {
            initialized: true,
            sealed: false,
            standby: false,
            server_time_utc: Math.floor(Date.now() / 1000),
            version,
          }),
      },
    },
    {
      path: '/v1/sys/seal-status',
      shown: '/v1/sys/seal-status',
      about: 'What `bao status` asks for: nothing is ever sealed here.',
      methods: {
        GET: () =>
          jsonAnswer(200, {
            type: 'audit-sidecar',
            initialized: true,
            sealed: false,
            t: 0,
            n: 0,
            progress: 0,
            nonce: '',
            version,
            build_date: '',
            migration: false,
            recovery_seal: false,
            storage_type: '',
          }),
      },
    },
    {
      path: '/v1/sys/leader',
      shown: '/v1/sys/leader',
      about: 'What `bao status` asks for: there is one daemon, and no leader.',
      methods: { GET: () => jsonAnswer(200, { ha_enabled: false }) },
    },
    {
      path: '/v1/sys/init',
      shown: '/v1/sys/init',
      about: 'Whether there is anything to initialize: there is not.',
      methods: { GET: () => jsonAnswer(200, { initialized: true }) },
    },
  ];
}

/**
 * Whether a request, by its method and its target as they were sent, asks for no more than the state of the server, which
 * Vault tells everybody: clients look there before they have a token.
 */
export function isServerState(method: string, target: string): boolean {
  const end = target.indexOf('?');
  const path = end < 0 ? target : target.slice(0, end);
  return (method === 'GET' || method === 'HEAD') && openPaths.has(path);
}

const openPaths: ReadonlySet<string> = new Set([
  '/v1/sys/health',
  '/v1/sys/seal-status',
  '/v1/sys/leader',
  '/v1/sys/init',
]);

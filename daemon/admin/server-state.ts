import { type HttpRoute, jsonAnswer } from '../http/http-routes.ts';

/** `/v1/sys/health`, `seal-status` and `leader`: what `bao status` and probes of a Vault server ask for. */
export function serverStateRoutes(version: string): readonly HttpRoute[] {
  return [
    {
      path: '/v1/sys/health',
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
    { path: '/v1/sys/leader', methods: { GET: () => jsonAnswer(200, { ha_enabled: false }) } },
  ];
}

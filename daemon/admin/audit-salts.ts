import type { AdminControl } from './admin-control.ts';
import type { AdminRoute } from './admin-route.ts';
import { done, enveloped } from './answers.ts';
import { devicePath } from './audit.ts';
import { refuseNamespace } from './namespace.ts';

/** `/v1/sys/audit-salts`: whose salts are stored, and destroying one. Vault has no such thing: there a salt ends with its device. */
export function auditSaltsRoutes(control: AdminControl): readonly AdminRoute[] {
  return [
    {
      path: '/v1/sys/audit-salts',
      shown: '/v1/sys/audit-salts',
      about: 'The salts that are stored, those of devices that are gone too. Their text is never shown.',
      methods: {
        GET: async () => {
          const salts = await control.salts();
          return enveloped(
            Object.fromEntries(
              salts.map(({ device, inUse, since, unusedSince }) => [
                device,
                { in_use: inUse, since, unused_since: unusedSince },
              ]),
            ),
          );
        },
      },
    },
    {
      path: /^\/v1\/sys\/audit-salts\/(.+)$/s,
      shown: '/v1/sys/audit-salts/:path',
      about: 'Destroy the salt of a device that is gone.',
      methods: {
        async DELETE({ request, name }) {
          refuseNamespace(request, 'Devices belong');
          await control.destroySalt(devicePath(name));
          return done;
        },
      },
    },
  ];
}

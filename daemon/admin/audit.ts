import { normaliseDevicePath } from '../../config/device-path.ts';
import { type AdminControl, AdminRefused, type DeviceListing } from './admin-control.ts';
import type { AdminRoute } from './admin-route.ts';
import { done, enveloped } from './answers.ts';
import { booleanField, textField, textsField } from './field-values.ts';
import { refuseNamespace } from './namespace.ts';
import { putOrPost } from './put-or-post.ts';
import { readFields } from './request-body.ts';

/** Bytes: the path stands in log lines and metric labels. */
const longestPath = 256;

/** `/v1/sys/audit`: which devices there are, enabling one and disabling one. */
export function auditRoutes(control: AdminControl): readonly AdminRoute[] {
  return [
    {
      path: '/v1/sys/audit',
      shown: '/v1/sys/audit',
      about: 'The devices that records are written to.',
      methods: { GET: () => enveloped(listed(control.devices())) },
    },
    {
      path: /^\/v1\/sys\/audit\/(.+)$/s,
      shown: '/v1/sys/audit/:path',
      about: 'Enable a device of a type with its options, or disable the one at this path.',
      methods: {
        ...putOrPost(async ({ request, name }) => {
          refuseNamespace(request, 'Devices belong');
          const path = devicePath(name);
          const given = await readFields(request);
          await control.enable(path, {
            type: textField(given, 'type'),
            description: textField(given, 'description'),
            local: booleanField(given, 'local'),
            options: textsField(given, 'options', 'option'),
          });
          return done;
        }),
        async DELETE({ request, name }) {
          refuseNamespace(request, 'Devices belong');
          await control.disable(devicePath(name));
          return done;
        },
      },
    },
  ];
}

/** Member for member what Vault answers; who declared a device is said by `/readyz`. */
function listed(devices: readonly DeviceListing[]): Record<string, Omit<DeviceListing, 'declared'>> {
  return Object.fromEntries(devices.map(({ declared: _, ...device }) => [device.path, device]));
}

/** Throws `AdminRefused`. */
export function devicePath(name: string): string {
  const path = normaliseDevicePath(name);
  if (path === null) {
    throw new AdminRefused(
      `Cannot use device path "${name}": wanted one such as file/ or site/siem/, without empty parts, "." or ".."`,
    );
  }
  if (Buffer.byteLength(path) > longestPath) {
    throw new AdminRefused(
      `Cannot use device path "${name.slice(0, 32)}…": it is longer than ${longestPath} bytes`,
    );
  }
  return path;
}

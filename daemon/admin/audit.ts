import { normaliseDevicePath } from '../../config/device-path.ts';
import { type AdminControl, AdminRefused, type DeviceListing } from './admin-control.ts';
import type { AdminRoute } from './admin-route.ts';
import { done, enveloped } from './answers.ts';
import { booleanField, textField, textsField } from './field-values.ts';

/** Bytes: the path stands in log lines and metric labels. */
const longestPath = 256;

/** `/v1/sys/audit`: which devices there are, enabling one and disabling one. */
export function auditRoutes(control: AdminControl): readonly AdminRoute[] {
  return [
    {
      path: /^\/v1\/sys\/audit$/,
      // The plain list is what Vault answers, member for member; who declared a device is said to those who ask.
      read: ({ query }) => enveloped(listed(control.devices(), query.get('detailed') === 'true')),
    },
    {
      path: /^\/v1\/sys\/audit\/(.+)$/s,
      async write({ name, fields }) {
        const path = devicePath(name);
        const given = await fields();
        await control.enable(path, {
          type: textField(given, 'type'),
          description: textField(given, 'description'),
          local: booleanField(given, 'local'),
          options: textsField(given, 'options', 'option'),
        });
        return done;
      },
      async remove({ name }) {
        await control.disable(devicePath(name));
        return done;
      },
    },
  ];
}

function listed(
  devices: readonly DeviceListing[],
  detailed: boolean,
): Record<string, Partial<DeviceListing>> {
  return Object.fromEntries(
    devices.map(({ declared, ...device }) => [device.path, detailed ? { ...device, declared } : device]),
  );
}

function devicePath(name: string): string {
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

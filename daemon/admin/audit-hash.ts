import { normaliseDevicePath } from '../../config/device-path.ts';
import { type AdminControl, AdminRefused } from './admin-control.ts';
import type { AdminRoute } from './admin-route.ts';
import { enveloped } from './answers.ts';
import { textField } from './field-values.ts';

/** `/v1/sys/audit-hash/:path`: what a device writes in place of a value. */
export function auditHashRoutes(control: AdminControl): readonly AdminRoute[] {
  return [
    {
      path: /^\/v1\/sys\/audit-hash\/(.+)$/s,
      async write({ name, fields }) {
        // Booleans as OpenBao's field conversion has them; numbers by their text.
        const input = textField(await fields(), 'input', ['0', '1']);
        if (input === '') throw new AdminRefused('the "input" parameter is empty');
        const path = normaliseDevicePath(name) ?? `${name}/`;
        return enveloped({ hash: control.hash(path, input) });
      },
    },
    {
      path: /^\/v1\/sys\/audit-hash$/,
      // OpenBao sends every method to the path with a slash, where nothing can be written.
      ...methodsAlike(() => ({ status: 307, headers: { Location: '/v1/sys/audit-hash/' }, body: '' })),
    },
  ];
}

function methodsAlike(answer: NonNullable<AdminRoute['read']>): Omit<AdminRoute, 'path'> {
  return { read: answer, write: answer, remove: answer };
}

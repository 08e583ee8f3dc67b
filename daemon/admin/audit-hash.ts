import { normaliseDevicePath } from '../../config/device-path.ts';
import type { HttpAnswer } from '../http/http-routes.ts';
import { type AdminControl, AdminRefused } from './admin-control.ts';
import type { AdminRoute } from './admin-route.ts';
import { enveloped } from './answers.ts';
import { textField } from './field-values.ts';
import { putOrPost } from './put-or-post.ts';
import { readSecretField } from './request-body.ts';

/** `/v1/sys/audit-hash/:path`: what a device writes in place of a value. */
export function auditHashRoutes(control: AdminControl): readonly AdminRoute[] {
  return [
    {
      path: /^\/v1\/sys\/audit-hash\/(.+)$/s,
      shown: '/v1/sys/audit-hash/:path',
      about: 'What the device at this path writes in place of the text "input".',
      methods: putOrPost(async ({ request, name }) => {
        // Booleans as OpenBao's field conversion has them; numbers by their text.
        const { fields, secret } = await readSecretField(request, 'input');
        const input = secret ?? Buffer.from(textField(fields, 'input', ['0', '1']));
        try {
          if (input.length === 0) throw new AdminRefused('the "input" parameter is empty');
          const path = normaliseDevicePath(name) ?? `${name}/`;
          return enveloped({ hash: control.hash(path, input) });
        } finally {
          input.fill(0);
        }
      }),
    },
    {
      path: '/v1/sys/audit-hash',
      shown: '/v1/sys/audit-hash',
      about: 'Hashes of values, by the path of a device.',
      // OpenBao sends every method to the path with a slash, where nothing can be written.
      methods: { GET: moved, PUT: moved, POST: moved, DELETE: moved },
    },
  ];
}

function moved(): HttpAnswer {
  return { status: 307, headers: { Location: '/v1/sys/audit-hash/' }, body: '' };
}

import { type AdminControl, AdminRefused } from './admin-control.ts';
import type { AdminRoute } from './admin-route.ts';
import { done, enveloped } from './answers.ts';
import { booleanField } from './field-values.ts';
import { refuseNamespace } from './namespace.ts';
import { refuseUnusableEntry } from './policy-entry.ts';
import { putOrPost } from './put-or-post.ts';
import { readFields } from './request-body.ts';

/** `/v1/sys/config/auditing/request-headers`: which headers of a record are written, and which of them hashed. */
export function requestHeaderRoutes(control: AdminControl): readonly AdminRoute[] {
  return [
    {
      path: '/v1/sys/config/auditing/request-headers',
      shown: '/v1/sys/config/auditing/request-headers',
      about: 'The headers of requests that are written, and which of them are hashed.',
      methods: { GET: () => enveloped({ headers: Object.fromEntries(control.headers()) }) },
    },
    {
      path: /^\/v1\/sys\/config\/auditing\/request-headers\/(.+)$/s,
      shown: '/v1/sys/config/auditing/request-headers/:name',
      about: 'Have a header written, hashed with "hmac": true, or not written any more.',
      methods: {
        GET({ name }) {
          const header = control.headers().get(name.toLowerCase());
          if (header === undefined) throw new AdminRefused('Could not find header in config');
          return enveloped({ [name]: header });
        },
        ...putOrPost(async ({ request, name }) => {
          refuseNamespace(request, 'Audited headers belong');
          const hmac = booleanField(await readFields(request), 'hmac');
          refuseUnusableEntry({ auditedHeaders: new Map([[name, { hmac }]]) });
          await control.setHeader(name, hmac);
          return done;
        }),
        async DELETE({ request, name }) {
          refuseNamespace(request, 'Audited headers belong');
          await control.deleteHeader(name);
          return done;
        },
      },
    },
  ];
}

import type { HttpRoute } from '../http/http-routes.ts';
import { type AdminControl, AdminRefused } from './admin-control.ts';
import { done, enveloped } from './answers.ts';
import { booleanField } from './field-values.ts';
import { refuseUnusableEntry } from './policy-entry.ts';
import { putOrPost } from './put-or-post.ts';
import { readFields } from './request-body.ts';

/** `/v1/sys/config/auditing/request-headers`: which headers of a record are written, and which of them hashed. */
export function requestHeaderRoutes(control: AdminControl): readonly HttpRoute[] {
  return [
    {
      path: '/v1/sys/config/auditing/request-headers',
      methods: { GET: () => enveloped({ headers: Object.fromEntries(control.headers()) }) },
    },
    {
      path: /^\/v1\/sys\/config\/auditing\/request-headers\/(.+)$/s,
      methods: {
        GET({ name }) {
          const header = control.headers().get(name.toLowerCase());
          if (header === undefined) throw new AdminRefused('Could not find header in config');
          return enveloped({ [name]: header });
        },
        ...putOrPost(async ({ request, name }) => {
          const hmac = booleanField(await readFields(request), 'hmac');
          refuseUnusableEntry({ auditedHeaders: new Map([[name, { hmac }]]) });
          await control.setHeader(name, hmac);
          return done;
        }),
        async DELETE({ name }) {
          await control.deleteHeader(name);
          return done;
        },
      },
    },
  ];
}

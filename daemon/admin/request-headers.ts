import { type AdminControl, AdminRefused } from './admin-control.ts';
import type { AdminRoute } from './admin-route.ts';
import { done, enveloped } from './answers.ts';
import { booleanField } from './field-values.ts';
import { refuseUnusableEntry } from './policy-entry.ts';

/** `/v1/sys/config/auditing/request-headers`: which headers of a record are written, and which of them hashed. */
export function requestHeaderRoutes(control: AdminControl): readonly AdminRoute[] {
  return [
    {
      path: /^\/v1\/sys\/config\/auditing\/request-headers$/,
      read: () => enveloped({ headers: Object.fromEntries(control.headers()) }),
    },
    {
      path: /^\/v1\/sys\/config\/auditing\/request-headers\/(.+)$/s,
      read({ name }) {
        const header = control.headers().get(name.toLowerCase());
        if (header === undefined) throw new AdminRefused('Could not find header in config');
        return enveloped({ [name]: header });
      },
      async write({ name, fields }) {
        const hmac = booleanField(await fields(), 'hmac');
        refuseUnusableEntry({ auditedHeaders: new Map([[name, { hmac }]]) });
        await control.setHeader(name, hmac);
        return done;
      },
      async remove({ name }) {
        await control.deleteHeader(name);
        return done;
      },
    },
  ];
}

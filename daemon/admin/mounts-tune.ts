import type { IncomingMessage } from 'node:http';
import { hasControlCharacter } from '../../config/device-path.ts';
import type { HttpMethods } from '../http/http-routes.ts';
import { type AdminControl, AdminRefused } from './admin-control.ts';
import type { AdminRoute } from './admin-route.ts';
import { done, enveloped } from './answers.ts';
import { listField } from './field-values.ts';
import { namespaceOf } from './namespace.ts';
import { refuseUnusableEntry } from './policy-entry.ts';
import { putOrPost } from './put-or-post.ts';
import { readFields } from './request-body.ts';

const requestField = 'audit_non_hmac_request_keys';
const responseField = 'audit_non_hmac_response_keys';

/** `/v1/sys/mounts/:mount/tune`, and of an auth mount: keys whose values stay readable in a mount's records. */
export function mountsTuneRoutes(control: AdminControl): readonly AdminRoute[] {
  return [
    {
      path: /^\/v1\/sys\/mounts\/(.+)\/tune$/s,
      shown: '/v1/sys/mounts/:mount/tune',
      about: 'The keys of a mount whose values are not hashed.',
      methods: tuning(control, ''),
    },
    {
      path: /^\/v1\/sys\/auth\/(.+)\/tune$/s,
      shown: '/v1/sys/auth/:mount/tune',
      about: 'The keys of the mount of an auth method whose values are not hashed.',
      methods: tuning(control, 'auth/'),
    },
  ];
}

function tuning(control: AdminControl, above: string): HttpMethods {
  return {
    GET({ request, name }) {
      const { requestKeys, responseKeys } = control.mountKeys(mountPath(request, above, name));
      return enveloped({ [requestField]: requestKeys, [responseField]: responseKeys });
    },
    ...putOrPost(async ({ request, name }) => {
      const mount = mountPath(request, above, name);
      const given = await readFields(request);
      const requestKeys = listField(given, requestField);
      const responseKeys = listField(given, responseField);
      refuseUnusableEntry({
        mounts: new Map([[mount, { requestKeys: requestKeys ?? [], responseKeys: responseKeys ?? [] }]]),
      });
      await control.setMountKeys(mount, {
        ...(requestKeys !== undefined && { requestKeys }),
        ...(responseKeys !== undefined && { responseKeys }),
      });
      return done;
    }),
  };
}

/** With its namespace before it, as a record names it in `mount_point`. */
function mountPath(request: IncomingMessage, above: string, name: string): string {
  // The CLI of some versions sends the mount with its slash, so that there are two before "tune".
  const mount = `${above}${name.replace(/\/$/, '')}/`;
  if (mount.startsWith('/') || mount.includes('//') || hasControlCharacter(mount)) {
    throw new AdminRefused(`Cannot use mount "${name}": wanted one such as secret/ or auth/token/`);
  }
  return `${namespaceOf(request)}${mount}`;
}

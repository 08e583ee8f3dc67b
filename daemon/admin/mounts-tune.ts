import { hasControlCharacter } from '../../config/device-path.ts';
import { type AdminControl, AdminRefused } from './admin-control.ts';
import type { AdminAction, AdminRoute } from './admin-route.ts';
import { done, enveloped } from './answers.ts';
import { listField } from './field-values.ts';
import { refuseUnusableEntry } from './policy-entry.ts';

const requestField = 'audit_non_hmac_request_keys';
const responseField = 'audit_non_hmac_response_keys';

/** `/v1/sys/mounts/:mount/tune`, and of an auth mount: keys whose values stay readable in a mount's records. */
export function mountsTuneRoutes(control: AdminControl): readonly AdminRoute[] {
  return [
    { path: /^\/v1\/sys\/mounts\/(.+)\/tune$/s, ...tuning(control, '') },
    { path: /^\/v1\/sys\/auth\/(.+)\/tune$/s, ...tuning(control, 'auth/') },
  ];
}

function tuning(control: AdminControl, above: string): { read: AdminAction; write: AdminAction } {
  return {
    read({ name }) {
      const { requestKeys, responseKeys } = control.mountKeys(mountPath(above, name));
      return enveloped({ [requestField]: requestKeys, [responseField]: responseKeys });
    },
    async write({ name, fields }) {
      const mount = mountPath(above, name);
      const given = await fields();
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
    },
  };
}

function mountPath(above: string, name: string): string {
  // The CLI of some versions sends the mount with its slash, so that there are two before "tune".
  const mount = `${above}${name.replace(/\/$/, '')}/`;
  if (mount.startsWith('/') || mount.includes('//') || hasControlCharacter(mount)) {
    throw new AdminRefused(`Cannot use mount "${name}": wanted one such as secret/ or auth/token/`);
  }
  return mount;
}

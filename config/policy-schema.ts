import type { z } from 'zod';
import type { MountKeys } from '../format/line-options.ts';
import { normaliseDevicePath } from './device-path.ts';
import { isHeaderName } from './header-name.ts';
import { Refused } from './refused-scalar.ts';
import { flag, oneOf, scalar } from './scalars.ts';
import { either, list, mapOf, orEmpty, section } from './shapes.ts';
import { vaultUnauditedPaths } from './unaudited-paths.ts';

/** A name that messages and status pages may repeat, so never a credential. */
export function shownName(
  wanted: string,
  read: (name: string) => string | Refused = (name) => name,
): z.ZodType<string> {
  return scalar(wanted, (leaf) => {
    if (leaf.secret) return new Refused('a credential has no use here');
    return leaf.text === '' ? null : read(leaf.text);
  });
}

const keys = list('a list of keys', shownName('a key of request.data or response.data')).default([]);

const mountKeys: z.ZodType<MountKeys> = orEmpty(
  section({ audit_non_hmac_request_keys: keys, audit_non_hmac_response_keys: keys }),
).transform((found) => ({
  requestKeys: found.audit_non_hmac_request_keys,
  responseKeys: found.audit_non_hmac_response_keys,
}));

/** The key `mounts`: by namespace and mount point. */
export const mounts: z.ZodType<ReadonlyMap<string, MountKeys>> = mapOf('a map of mounts', mountKeys)
  .transform((found, context) => {
    const byPath = new Map<string, MountKeys>();
    for (const [written, value] of Object.entries(found)) {
      // A mount's path has the shape of a device's: segments, and one slash at the end.
      const path = normaliseDevicePath(written);
      const fault =
        path === null
          ? 'wanted a mount path such as secret/'
          : byPath.has(path)
            ? 'this mount is here already'
            : null;
      if (fault !== null)
        context.issues.push({ code: 'custom', path: [written], message: fault, input: found });
      else byPath.set(path!, value);
    }
    return byPath as ReadonlyMap<string, MountKeys>;
  })
  .prefault({});

/** The key `audited_headers`: by lower-case name. Hashed unless the file says otherwise: a header may hold a token. */
export const auditedHeaders: z.ZodType<ReadonlyMap<string, { readonly hmac: boolean }>> = mapOf(
  'a map of headers',
  orEmpty(section({ hmac: flag.default(true) })),
)
  .transform((found, context) => {
    const byName = new Map<string, { readonly hmac: boolean }>();
    for (const [written, value] of Object.entries(found)) {
      const name = written.toLowerCase();
      const fault = !isHeaderName(written)
        ? 'wanted the name of a header such as user-agent'
        : byName.has(name)
          ? 'this header is here already: names differ by more than case'
          : null;
      if (fault !== null)
        context.issues.push({ code: 'custom', path: [written], message: fault, input: found });
      else byName.set(name, value);
    }
    return byName as ReadonlyMap<string, { readonly hmac: boolean }>;
  })
  .prefault({});

/** The key `clear_fields`. The formatter says whether a path can be left readable. */
export const clearFields: z.ZodType<readonly string[]> = list(
  'a list of JSON paths',
  shownName('a JSON path such as request.service_name'),
).default([]);

/** The key `hash_fields`. The formatter says whether a path can be hashed. */
export const hashFields: z.ZodType<readonly string[]> = list(
  'a list of JSON paths',
  shownName('a JSON path such as response.headers'),
).default([]);

const unauditedPath: z.ZodType<string> = shownName(
  'a request path such as sys/health or sys/pprof/*',
  (path) =>
    path.slice(0, -1).includes('*')
      ? new Refused('"*" stands for any rest, and only at the end of a path')
      : path,
);

/** The key `unaudited_paths`. */
export const unauditedPaths: z.ZodType<readonly string[]> = either(
  (value) => (Array.isArray(value) ? 'first' : 'second'),
  list('a list of paths', unauditedPath),
  section({ preset: oneOf('vault'), unauthenticated: flag.default(false) }).transform(
    ({ unauthenticated }) => [...vaultUnauditedPaths(unauthenticated)],
  ),
).default([]);

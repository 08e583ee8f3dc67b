import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { hasControlCharacter } from '../../config/device-path.ts';
import { AdminRefused } from './admin-control.ts';

const header = 'x-vault-namespace';

/**
 * The namespace that a call is made in (`X-Vault-Namespace`, what `bao -namespace` and `VAULT_NAMESPACE` send), with one
 * slash at its end and none at its start: `ns1` and `/ns1/` are `ns1/`. Empty for the root, which is also called `root`.
 * Throws `AdminRefused`.
 */
export function namespaceOf({ headers }: IncomingMessage): string {
  const sent = headers[header];
  if (typeof sent !== 'string') return '';
  const bytes = Buffer.from(sent, 'latin1');
  const name = isUtf8(bytes) ? bytes.toString() : sent;
  const path = trimmed(name);
  if (path === '' || path === 'root') return '';
  const parts = path.split('/');
  // With a blank in it, it is most likely two headers, which Node puts together.
  const usable = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !/\s/.test(path);
  if (!usable || hasControlCharacter(path)) {
    throw new AdminRefused(
      `Cannot use namespace "${name}" of "X-Vault-Namespace": wanted one such as ns1/ or ns1/team/`,
    );
  }
  return `${path}/`;
}

/** Refuses a change of something that is not a namespace's. `what` begins the sentence. */
export function refuseNamespace(request: IncomingMessage, what: string): void {
  const namespace = namespaceOf(request);
  if (namespace === '') return;
  throw new AdminRefused(
    `${what} to all namespaces and cannot be changed in "${namespace}": leave out "X-Vault-Namespace" (VAULT_NAMESPACE, -namespace)`,
  );
}

function trimmed(name: string): string {
  const start = name.startsWith('/') ? 1 : 0;
  return name.endsWith('/') && name.length > start ? name.slice(start, -1) : name.slice(start);
}

import { visible } from '../../config/visible-text.ts';
import {
  callFault,
  type HttpPeer,
  type HttpReply,
  type HttpRequest,
  httpCall,
  peerName,
} from '../http-call.ts';
import { isArrayOf, isObject, isText, parsedJson } from '../json-shapes.ts';
import { CommandFailed } from '../refusals.ts';

/** Enabling waits for the device to open and for its test record, each for seconds. */
const patienceMs = 60_000;

/** Calls that only ask, or that ask for a change and have no answer. */
export type AdminRequest = Pick<HttpRequest, 'method' | 'path' | 'body' | 'namespace'>;

/**
 * Calls the admin API; resolves with the fields of the answer, none when it has no body. Throws `CommandFailed` with
 * the API's own words when it refuses, and with what to do when it cannot be reached.
 */
export async function callAdmin(peer: HttpPeer, request: AdminRequest): Promise<Record<string, unknown>> {
  let reply: HttpReply;
  try {
    reply = await httpCall(peer, { ...request, patienceMs });
  } catch (error) {
    throw new CommandFailed(`Cannot reach the daemon at "${peerName(peer)}": ${unreachable(error)}`);
  }
  const value = reply.body === '' ? {} : parsedJson(reply.body);
  if (isObject(value) && reply.status >= 200 && reply.status < 300) return value;
  throw new CommandFailed(refusal(peer, reply, value));
}

/** Throws `CommandFailed`: what answered is not the API. */
export function foreignAnswer(peer: HttpPeer): never {
  throw new CommandFailed(
    `Cannot use the answer of "${peerName(peer)}": it is not that of the admin API of audit-sidecar`,
  );
}

/** A path of names below the API: each segment is encoded, the slashes between them stay. */
export function apiPath(above: string, name: string, below = ''): string {
  return `/v1/sys/${above}/${name.split('/').map(encodeURIComponent).join('/')}${below}`;
}

function refusal(peer: HttpPeer, { status }: HttpReply, value: unknown): string {
  const errors = isObject(value) ? value['errors'] : null;
  if (!isArrayOf(errors, isText) || errors.length === 0) {
    return `Cannot use the answer of "${peerName(peer)}": it answers ${status}, not as the admin API of audit-sidecar does`;
  }
  // Some of Vault's own messages have several lines.
  const text = errors.map((error) => visible(error.replace(/\s+/g, ' ').trim())).join('; ');
  return status === 403
    ? `${text}; show a token that stands in the file "admin.tcp.token_file" of the daemon`
    : text;
}

function unreachable(error: unknown): string {
  const fault = callFault(error, patienceMs);
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'EACCES':
      return `${fault}; run it as root or as the daemon's user`;
    case 'ENOENT':
      return `${fault} Another socket can be named with --socket`;
    default:
      return fault;
  }
}

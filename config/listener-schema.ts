import { z } from 'zod';
import type { ListenAddress, ListenerConfig } from './config.ts';
import { hasControlCharacter } from './device-path.ts';
import { Leaf } from './leaf.ts';
import { isLoopback, parseListenAddress } from './listen-address.ts';
import { Refused } from './refused-scalar.ts';
import { fileMode, oneOf, scalar } from './scalars.ts';
import { either, list, section } from './shapes.ts';
import { socketPathFault } from './socket-path.ts';

/** The path of a UNIX socket. */
export const socketPath: z.ZodType<string> = scalar('the path of a UNIX socket', (leaf) => {
  if (leaf.text === '' || hasControlCharacter(leaf.text)) return null;
  const fault = socketPathFault(leaf.text);
  return fault === null ? leaf.text : new Refused(fault);
});

/** `host:port`, or the path of a UNIX socket. */
export const listenAddress: z.ZodType<ListenAddress> = scalar(
  'host:port such as 127.0.0.1:8219 or [::1]:8219, or the path of a UNIX socket',
  ({ text }) => {
    const address = hasControlCharacter(text) ? null : parseListenAddress(text);
    const fault = address?.kind === 'unix' ? socketPathFault(address.path) : null;
    return fault === null ? address : new Refused(fault);
  },
);

const httpAddress: z.ZodType<ListenAddress> = either(
  (value) => (value instanceof Leaf || value === null ? 'first' : 'second'),
  listenAddress,
  section({ path: socketPath }).transform(({ path }): ListenAddress => ({ kind: 'unix', path })),
);

/** Whoever may write to the socket may have records kept: the owner and one group. */
const defaultMode = 0o660;

const listener: z.ZodType<ListenerConfig> = section({
  path: socketPath.optional(),
  http: httpAddress.optional(),
  mode: fileMode.optional(),
  group: scalar('the name or number of a group', ({ text }) => (text === '' ? null : text))
    .nullable()
    .optional(),
  replies: oneOf('status', 'devices', 'none').optional(),
  headers: oneOf('apply', 'as_is').default('apply'),
}).transform((found, context): ListenerConfig => {
  const refuse = (path: string[], message: string): void => {
    context.issues.push({ code: 'custom', path, message, input: found });
  };
  const { path, http, replies, headers } = found;
  const mode = found.mode ?? defaultMode;
  const group = found.group ?? null;
  if (path !== undefined && http === undefined) {
    return { kind: 'stream', path, mode, group, replies: replies ?? 'status', headers };
  }
  if (path !== undefined) refuse(['http'], 'this listener has a "path" too, wanted one of the two');
  if (http === undefined) {
    refuse([], 'missing: wanted "path" for a UNIX stream socket, or "http" for an HTTP listener');
    return z.NEVER;
  }
  if (replies !== undefined)
    refuse(['replies'], 'an HTTP listener answers with a status code, only a "path" listener has this');
  if (http.kind === 'tcp') {
    for (const key of ['mode', 'group'] as const) {
      if (found[key] !== undefined)
        refuse([key], 'a TCP port has neither mode nor group, only a UNIX socket has');
    }
    if (!isLoopback(http.host)) {
      // Records would cross the network in the clear, and anybody there could have some kept.
      refuse(
        ['http'],
        'wanted a loopback address such as 127.0.0.1:8217, or a UNIX socket: this listener has no TLS',
      );
    }
  }
  return { kind: 'http', address: http, mode, group, headers };
});

const defaultListeners: readonly ListenerConfig[] = [
  {
    kind: 'stream',
    path: '/run/audit-sidecar/ingest.sock',
    mode: defaultMode,
    group: null,
    replies: 'status',
    headers: 'apply',
  },
];

/** The key `listeners`. */
export const listeners: z.ZodType<readonly ListenerConfig[]> = list('a list of listeners', listener)
  .transform((found, context) => {
    if (found.length === 0) {
      context.issues.push({
        code: 'custom',
        message: 'found an empty list, wanted at least one listener',
        input: found,
      });
    }
    return found as readonly ListenerConfig[];
  })
  .default(defaultListeners);

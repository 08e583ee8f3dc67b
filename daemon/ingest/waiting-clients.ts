import type net from 'node:net';

/** Turns of the event loop in which nobody is accepted, until nobody waits: each turn accepts one at least. */
const quietTurns = 3;

/** Accepts all who wait to be; resolves when nobody does. Nobody can connect any more. */
export async function acceptWaiting(server: net.Server): Promise<void> {
  let quiet = 0;
  const count = (): void => {
    quiet = 0;
  };
  server.on('connection', count);
  for (; quiet < quietTurns; quiet++) await new Promise((resolve) => setImmediate(resolve));
  server.removeListener('connection', count);
}

import type { ListenAddress } from '../../config/config.ts';
import type { HttpPeer } from '../http-call.ts';
import { UsageRefused } from '../refusals.ts';
import { isOpen } from './usual-sockets.ts';

/**
 * Where the daemon of a configuration file answers: its admin socket, or where its metrics are when this user may not
 * open that one. Rejects with `ConfigRefused`, or with `UsageRefused` when the file does not say it.
 */
export async function configuredPeer(file: string): Promise<HttpPeer> {
  // Loaded here: commands that read no configuration start twice as fast without it.
  const { loadConfig } = await import('../../config/load.ts');
  const { config } = loadConfig(file);
  const { admin, metrics } = config;
  if (metrics === null || isOpen(admin.path)) return { socket: admin.path };
  return metricsPeer(metrics.listen, file);
}

function metricsPeer(listen: ListenAddress, file: string): HttpPeer {
  if (listen.kind === 'unix') return { socket: listen.path };
  if (listen.port === 0) {
    throw new UsageRefused(
      `Cannot ask the daemon of "${file}": its metrics are at a port that the system chooses`,
    );
  }
  const host = listenedOn[listen.host] ?? listen.host;
  return {
    url: new URL(`http://${host.includes(':') ? `[${host}]` : host}:${listen.port}`),
    ca: null,
    token: null,
  };
}

/** All addresses of the machine are no address to connect to. */
const listenedOn: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

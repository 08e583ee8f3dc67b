import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { parseDevice } from '../../../devices/registry.ts';
import { unheardSettings } from '../unheard-settings.ts';

// In a network of its own, where outgoing connections start from one port only: that to which nobody listens yet.
const range = '/proc/sys/net/ipv4/ip_local_port_range';
const port = 40_000;
writeFileSync(range, `${port} ${port}`);

async function openingOf(type: 'tcp' | 'udp'): Promise<string> {
  const options = { address: `127.0.0.1:${port}`, socket_type: type };
  const device = parseDevice('socket', options).create(unheardSettings);
  try {
    await device.open(new AbortController().signal);
    return 'open';
  } catch (error) {
    return (error as Error).message;
  } finally {
    await device.close(AbortSignal.abort());
  }
}

const said = [await openingOf('udp'), await openingOf('tcp')];
writeFileSync(range, `${port} ${port + 1000}`);
const server = createServer((socket) => socket.destroy());
await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
said.push(await openingOf('tcp'));
server.close();
process.stdout.write(JSON.stringify(said));

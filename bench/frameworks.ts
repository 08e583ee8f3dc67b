import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MeasuredProcess } from './measured-process.ts';

const built = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const frameworks = ['http', 'express', 'fastify'] as const;

/** Callers of the same order, over and over. */
const connections = 32;
const calmRate = 500;
const seconds = 2;
const body = JSON.stringify({
  card: 4111111111111111,
  cvv: '123',
  items: [
    { sku: 'sku-7', qty: 2, gift: false },
    { sku: 'sku-12', qty: 1, gift: true },
  ],
  address: { name: 'Ann', street: 'Elm Street 1', town: 'Springfield', country: 'XX' },
});

/** What is used here of a package that brings no types. */
interface Run extends PromiseLike<{ readonly non2xx: number; readonly errors: number }> {
  on(event: 'response', listener: (client: unknown, status: number, bytes: number, ms: number) => void): void;
}
const autocannon = createRequire(import.meta.url)('autocannon') as (options: object) => Run;

interface Measurement {
  readonly perSecond: number;
  /** Microseconds of processor time per request: the server's own, and the sidecar's. */
  readonly serverMicros: number;
  readonly sidecarMicros: number;
  readonly p50: number;
  readonly p99: number;
}

/** Servers with and without records, in turn, in one run: requests a second at most, and latency at a rate that both can do. */
export async function run(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'as-'));
  const ingest = path.join(folder, 'ingest.sock');
  const config = path.join(folder, 'config.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      profile: 'api',
      state_dir: path.join(folder, 'state'),
      listeners: [{ path: ingest }],
      admin: { path: path.join(folder, 'admin.sock') },
      metrics: { listen: null },
      devices: { 'file/': { type: 'file', options: { file_path: path.join(folder, 'audit.log') } } },
      log: { level: 'warn' },
    }),
  );
  const sidecar = await MeasuredProcess.start(
    [path.join(built, 'cli/start.cjs'), 'run', '--config', config],
    ingest,
  );
  console.log(
    `Orders of ${body.length} bytes: ${connections} connections as fast as they can, then ${calmRate} requests/s`,
  );
  const rows: Record<string, object> = {};
  try {
    for (const framework of frameworks) {
      const place = path.join(folder, framework);
      const plain = await measure([framework, `${place}.sock`], sidecar);
      const audited = await measure([framework, `${place}-audited.sock`, ingest], sidecar);
      rows[framework] = {
        'requests/s without': Math.round(plain.perSecond),
        'requests/s with': Math.round(audited.perSecond),
        'CPU µs without': Math.round(plain.serverMicros),
        'CPU µs with': Math.round(audited.serverMicros),
        'sidecar CPU µs': Math.round(audited.sidecarMicros),
        'p50 ms without': Number(plain.p50.toFixed(2)),
        'p50 added': Number((audited.p50 - plain.p50).toFixed(2)),
        'p99 ms without': Number(plain.p99.toFixed(2)),
        'p99 added': Number((audited.p99 - plain.p99).toFixed(2)),
      };
    }
  } finally {
    await sidecar.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  console.table(rows);
}

async function measure(
  words: readonly [framework: string, socketPath: string, ...ingest: string[]],
  sidecar: MeasuredProcess,
): Promise<Measurement> {
  const [, socketPath] = words;
  const server = await MeasuredProcess.start(
    [path.join(built, 'bench/framework-server.js'), ...words],
    socketPath,
  );
  try {
    // The compiler's work on the first requests is a start-up cost, not a request's.
    await load(socketPath, { connections, duration: 3 });
    const before = [server.cpuSeconds(), sidecar.cpuSeconds()] as const;
    const fast = await load(socketPath, { connections, duration: seconds });
    const micros = (process: MeasuredProcess, since: number): number =>
      ((process.cpuSeconds() - since) / fast.length) * 1e6;
    const [serverMicros, sidecarMicros] = [micros(server, before[0]), micros(sidecar, before[1])];
    const calm = await load(socketPath, { connections: 8, duration: seconds, overallRate: calmRate });
    calm.sort((a, b) => a - b);
    const at = (share: number): number => calm[Math.floor(calm.length * share)]!;
    return { perSecond: fast.length / seconds, serverMicros, sidecarMicros, p50: at(0.5), p99: at(0.99) };
  } finally {
    await server.stop();
  }
}

/** Milliseconds of each answer. */
async function load(socketPath: string, options: object): Promise<number[]> {
  const latencies: number[] = [];
  const running = autocannon({
    url: 'http://localhost/orders/991?page=2',
    socketPath,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer made-up' },
    body,
    ...options,
  });
  running.on('response', (_client, _status, _bytes, ms) => latencies.push(ms));
  const { non2xx, errors } = await running;
  if (non2xx + errors > 0 || latencies.length === 0) {
    throw new Error(`${latencies.length} requests were answered, ${non2xx} refused, ${errors} failed`);
  }
  return latencies;
}

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { projectRoot } from '../test/support/project-root.ts';
import { type LoadResult, type Records, recordsOf, sendLoad } from './load.ts';
import { MeasuredProcess } from './measured-process.ts';

const built = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const window = 64;

interface Measurement extends LoadResult {
  readonly name: string;
  /** Microseconds of the server's own processor time per record. */
  readonly cpuMicros: number;
  readonly peakMiB: number;
}

/** One file device, window 64: the daemon beside the plain version of the same pipeline, in turn, in one run. */
export async function run(rounds = 3, count = 200_000): Promise<void> {
  const compressed = readFileSync(path.join(projectRoot, 'test/corpus/traffic.ndjson.gz'));
  const records = recordsOf(gunzipSync(compressed));
  const bytes = Math.round(records.bytes.length / records.ends.length);
  console.log(`Ingest, one file device, window ${window}, ${count} records of ${bytes} bytes on average`);
  const daemon: Measurement[] = [];
  const plain: Measurement[] = [];
  for (let round = 0; round < rounds; round++) {
    daemon.push(await inFolder((folder) => measureDaemon(folder, records, count)));
    plain.push(await inFolder((folder) => measurePlain(folder, records, Math.round(count / 4))));
  }
  const [ours, theirs] = [median(daemon), median(plain)];
  console.table(
    Object.fromEntries(
      [ours, theirs].map((each) => [
        each.name,
        {
          'records/s': Math.round(each.records / each.seconds),
          'CPU µs/record': Number(each.cpuMicros.toFixed(2)),
          'p50 ms': Number(each.p50.toFixed(3)),
          'p99 ms': Number(each.p99.toFixed(3)),
          'peak MiB': Math.round(each.peakMiB),
        },
      ]),
    ),
  );
  const rate = ours.records / ours.seconds / (theirs.records / theirs.seconds);
  console.log(
    `Ratio: ${rate.toFixed(2)} × the records/s, ${(theirs.cpuMicros / ours.cpuMicros).toFixed(2)} × less CPU a record`,
  );
}

async function measureDaemon(folder: string, records: Records, count: number): Promise<Measurement> {
  const socket = path.join(folder, 'ingest.sock');
  const log = path.join(folder, 'audit.log');
  const config = path.join(folder, 'config.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      state_dir: path.join(folder, 'state'),
      listeners: [{ path: socket }],
      admin: { path: path.join(folder, 'admin.sock') },
      metrics: { listen: '127.0.0.1:0' },
      devices: { 'file/': { type: 'file', options: { file_path: log } } },
      log: { level: 'warn' },
    }),
  );
  const server = await MeasuredProcess.start(
    [path.join(built, 'cli/start.cjs'), 'run', '--config', config],
    socket,
  );
  return measure('audit-sidecar', server, socket, log, records, count);
}

async function measurePlain(folder: string, records: Records, count: number): Promise<Measurement> {
  const socket = path.join(folder, 'ingest.sock');
  const log = path.join(folder, 'audit.log');
  const server = await MeasuredProcess.start(
    [path.join(built, 'bench/plain-daemon.js'), socket, log],
    socket,
  );
  return measure('plain version', server, socket, log, records, count);
}

async function measure(
  name: string,
  server: MeasuredProcess,
  socket: string,
  log: string,
  records: Records,
  count: number,
): Promise<Measurement> {
  try {
    // The compiler's work on the first records is a start-up cost, not a record's.
    await sendLoad(socket, records, Math.round(count / 10), window);
    const before = server.cpuSeconds();
    const result = await sendLoad(socket, records, count, window);
    const cpuMicros = ((server.cpuSeconds() - before) / count) * 1e6;
    if (result.refused > 0 || statSync(log).size < count * 100)
      throw new Error(`${name} did not keep the records`);
    return { ...result, name, cpuMicros, peakMiB: server.peakMemory() };
  } finally {
    await server.stop();
  }
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'as-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The round in the middle by processor time: noise on the machine makes single rounds lie. */
function median(rounds: readonly Measurement[]): Measurement {
  return rounds.toSorted((a, b) => a.cpuMicros - b.cpuMicros)[Math.floor(rounds.length / 2)]!;
}

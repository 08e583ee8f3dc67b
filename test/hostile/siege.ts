import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { command } from '../support/daemon-process.ts';
import { waitFor } from '../support/wait-for.ts';
import { eachLineSoFar } from '../support/whole-lines.ts';
import { GoodClient, type GoodReport } from './good-client.ts';
import { limitMemory } from './memory-limit.ts';
import type { Places } from './places.ts';

/** What may stay of the memory that the floods made necessary. */
export const keptMiB = 30;

/** What a siege showed. Memory is what was resident, in MiB. */
export interface SiegeReport {
  readonly good: GoodReport;
  /** Records that were answered `ok` and are in no line of the log. */
  readonly missing: readonly string[];
  readonly limitedBy: string;
  readonly memory: {
    readonly start: number;
    readonly peak: number;
    /** Once it is back to what may be kept, or the rest is over. */
    readonly after: number;
  };
  /** The daemon's exit code or signal, when it ended before its time. */
  readonly ended: number | string | null;
  readonly log: string;
}

export interface SiegePlan {
  /** For the daemon's files; removed by who gives it. */
  readonly folder: string;
  readonly seconds: number;
  readonly memoryMiB: number;
  /** How long the daemon may take to give its memory back. */
  readonly restSeconds: number;
  /** Of the device that has to record. */
  readonly writeTimeout: string;
  readonly floods: readonly string[];
}

/** Starts a daemon of limited memory, sets the floods on it, and looks after a good client beside them. */
export async function besiegeDaemon(plan: SiegePlan): Promise<SiegeReport> {
  const limit = limitMemory(plan.memoryMiB * 1024 * 1024);
  const daemon = await startDaemon(plan, limit.words);
  let flooding: ChildProcess | null = null;
  try {
    const client = new GoodClient(daemon.places.stream, 'good');
    for (let record = 0; record < 100; record++) await client.sendOne();
    const start = residentMiB(daemon.child);
    const stop = new AbortController();
    const running = client.run(stop.signal);
    flooding = fork(fileURLToPath(new URL('flood-process.js', import.meta.url)));
    flooding.send({ places: daemon.places, names: plan.floods });
    await Promise.race([delay(plan.seconds * 1000), once(daemon.child, 'exit')]);
    flooding.kill('SIGKILL');
    stop.abort();
    const good = await running;
    for (let look = 0; look < plan.restSeconds * 10 && isRunning(daemon.child); look++) {
      if (residentMiB(daemon.child) <= start + keptMiB) break;
      await delay(100);
    }
    const ended = daemon.child.exitCode ?? daemon.child.signalCode;
    const memory = {
      start,
      peak: ended === null ? peakMiB(daemon.child) : Number.NaN,
      after: ended === null ? residentMiB(daemon.child) : Number.NaN,
    };
    const missing = await missingIn(path.join(plan.folder, 'audit.log'), good.ids);
    return { good, missing, limitedBy: limit.shown, memory, ended, log: daemon.log() };
  } finally {
    flooding?.kill('SIGKILL');
    daemon.child.kill('SIGKILL');
    if (isRunning(daemon.child)) await once(daemon.child, 'exit');
    limit.remove();
  }
}

interface BesiegedDaemon {
  readonly child: ChildProcess;
  readonly places: Places;
  readonly log: () => string;
}

async function startDaemon(
  { folder, writeTimeout }: SiegePlan,
  words: readonly string[],
): Promise<BesiegedDaemon> {
  const at = (name: string): string => path.join(folder, name);
  const unreachable = Array.from({ length: 20 }, (_, index) => [
    `${'far-away-'.repeat(20)}${index}/`,
    { type: 'file', options: { file_path: at(`missing/${index}.log`) } },
  ]);
  const config = {
    state_dir: at('state'),
    listeners: [
      { path: at('ingest.sock') },
      { path: at('devices.sock'), replies: 'devices' },
      { http: { path: at('http.sock') } },
    ],
    admin: { path: at('admin.sock') },
    metrics: { listen: null },
    devices: {
      'file/': { type: 'file', options: { file_path: at('audit.log'), write_timeout: writeTimeout } },
      ...Object.fromEntries(unreachable),
    },
  };
  writeFileSync(at('config.yaml'), JSON.stringify(config));
  const [first, ...rest] = [...words, process.execPath, command, 'run', '--config', at('config.yaml')];
  const child = spawn(first!, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  await waitFor('the daemon has started', () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The daemon ended: ${log}`);
    return /(?<!not) started /.test(log);
  });
  const places = {
    stream: at('ingest.sock'),
    devices: at('devices.sock'),
    http: at('http.sock'),
    admin: at('admin.sock'),
  };
  return { child, places, log: () => log };
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

function residentMiB(child: ChildProcess): number {
  return statusMiB(child, 'VmRSS');
}

function peakMiB(child: ChildProcess): number {
  return statusMiB(child, 'VmHWM');
}

/** A line of /proc/PID/status (proc(5)). */
function statusMiB(child: ChildProcess, name: string): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
}

async function missingIn(file: string, ids: readonly string[]): Promise<string[]> {
  const missing = new Set(ids);
  for await (const line of eachLineSoFar(file)) {
    const id = /"id":"(good-\d+)"/.exec(line.slice(0, 4096))?.[1];
    if (id !== undefined) missing.delete(id);
  }
  return [...missing];
}

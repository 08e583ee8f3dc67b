import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { type Clock, systemClock } from '../../daemon/clock.ts';
import { Daemon } from '../../daemon/daemon.ts';
import type { Log } from '../../daemon/log/log.ts';
import { type Configuration, loadConfiguration } from '../../daemon/table/configuration.ts';
import type { ConfigOverrides } from './daemon-process.ts';
import { logInto } from './log-lines.ts';

/** The sockets of a daemon in `folder`, beside what a test gives. */
const places = {
  state_dir: 'FOLDER/state',
  listeners: [{ path: 'FOLDER/ingest.sock' }],
  admin: { path: 'FOLDER/admin.sock' },
  metrics: { listen: 'FOLDER/metrics.sock' },
};

/** A configuration as it is read from a file in `folder`; `FOLDER` in any text is that folder. */
export async function configurationIn(folder: string, overrides: ConfigOverrides): Promise<Configuration> {
  const file = path.join(folder, 'config.yaml');
  writeFileSync(file, JSON.stringify({ ...places, ...overrides }).replaceAll('FOLDER', folder));
  return await loadConfiguration(file);
}

/** Time that passes `speed` times as fast as the machine's, and knows which timers are set. */
export class PacedClock implements Clock {
  readonly #speed: number;
  readonly #set = new Set<object>();

  constructor(speed: number) {
    this.#speed = speed;
  }

  /** Timers that have neither fired nor been cancelled. */
  get timers(): number {
    return this.#set.size;
  }

  now(): number {
    return systemClock.now() * this.#speed;
  }

  setTimer(ms: number, callback: () => void): () => void {
    const timer = {};
    this.#set.add(timer);
    const cancel = systemClock.setTimer(ms / this.#speed, () => {
      this.#set.delete(timer);
      callback();
    });
    return () => {
      this.#set.delete(timer);
      cancel();
    };
  }

  wallTime(): number {
    return systemClock.wallTime();
  }

  random(): number {
    return systemClock.random();
  }

  nextTurn(callback: () => void): void {
    systemClock.nextTurn(callback);
  }
}

/** A daemon in the test's own process. */
export interface InProcessDaemon {
  readonly daemon: Daemon;
  readonly clock: PacedClock;
  /** What it logged, without the time. */
  readonly log: string[];
}

export interface InProcessOptions {
  /** Hears of each line that is logged. */
  readonly onLine?: (line: string, daemon: Daemon) => void;
  /** Of its clock. A tenth of the machine's when left out: no limit of the daemon ends a test on a slow machine. */
  readonly speed?: number;
}

/** Begins to start one, which is stopped with the test at the latest. */
export function startInProcess(
  test: TestContext,
  configuration: Configuration,
  { onLine = () => {}, speed = 0.1 }: InProcessOptions = {},
): InProcessDaemon {
  const log: string[] = [];
  const clock = new PacedClock(speed);
  let daemon: Daemon | null = null;
  const plain = logInto(log, 'debug');
  const heard =
    (level: keyof Log): Log['info'] =>
    (event, fields) => {
      plain[level](event, fields);
      log.push(log.pop()!.slice(25, -1));
      if (daemon !== null) onLine(log.at(-1)!, daemon);
    };
  daemon = Daemon.start({
    configuration,
    log: { debug: heard('debug'), info: heard('info'), warn: heard('warn'), error: heard('error') },
    clock,
    registry: new Registry(),
    threads: 128,
  });
  const started = daemon;
  test.after(() => started.stop());
  return { daemon, clock, log };
}

/** What this process holds that a daemon may have taken: open files and sockets, and listeners of global emitters. */
export function heldByProcess(): string {
  const descriptors = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).replace(/:\[[0-9]+\]$/, '');
    } catch {
      // The descriptor of the listing itself.
      return '';
    }
  });
  const listeners = [process, process.stdout, process.stderr].flatMap((emitter, index) =>
    emitter.eventNames().map((event) => `${index} ${String(event)} ${emitter.listenerCount(event)}`),
  );
  return [...descriptors.filter((each) => each !== ''), ...listeners].sort().join('\n');
}

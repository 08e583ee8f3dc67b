import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { waitFor } from './wait-for.ts';
import { finishedLines, linesSoFar, wholeText } from './whole-lines.ts';

/** The built command, beside the compiled test that asks. */
export const command: string = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../cli/start.cjs');

/** The parts of a configuration file that a test gives; places are filled in, and `FOLDER` in any text is the test's folder. */
export type ConfigOverrides = Readonly<Record<string, unknown>>;

/** A file device at `audit.log`, the only device most tests need. */
export const fileDevice = { type: 'file', options: { file_path: 'FOLDER/audit.log' } } as const;

/** The same for a test in which every record is to be recorded, however busy the machine is. */
export const patientFileDevice = {
  type: 'file',
  options: { file_path: 'FOLDER/audit.log', write_timeout: '10m' },
} as const;

/** A real daemon in a folder of its own, ended with the test. */
export class DaemonProcess {
  readonly folder: string;
  readonly socketPath: string;
  readonly configFile: string;
  #child: ChildProcessByStdio<null, null, Readable> | null = null;
  /** The last process has ended, and all that it said is read. */
  #closed: Promise<void> = Promise.resolve();
  #log = '';
  #logEnded = false;
  /** Words that start it: a program with its arguments, in front of its own. */
  readonly #through: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(folder: string, through: readonly string[], environment: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.#through = through;
    this.#environment = environment;
    this.socketPath = path.join(folder, 'ingest.sock');
    this.configFile = path.join(folder, 'config.yaml');
  }

  /** Starts a daemon and waits until it takes records. `folder` is the test's own. */
  static async start(test: TestContext, folder: string, overrides: ConfigOverrides): Promise<DaemonProcess> {
    return DaemonProcess.startThrough(test, folder, [], overrides);
  }

  /** The same by way of another program, which becomes the daemon. */
  static async startThrough(
    test: TestContext,
    folder: string,
    through: readonly string[],
    overrides: ConfigOverrides,
  ): Promise<DaemonProcess> {
    const daemon = new DaemonProcess(folder, through, {});
    daemon.#begin(test, overrides);
    await daemon.#started(0);
    return daemon;
  }

  /** Begins to start a daemon, with more variables in its environment. */
  static begin(
    test: TestContext,
    folder: string,
    overrides: ConfigOverrides,
    environment: NodeJS.ProcessEnv,
  ): DaemonProcess {
    const daemon = new DaemonProcess(folder, [], environment);
    daemon.#begin(test, overrides);
    return daemon;
  }

  #begin(test: TestContext, overrides: ConfigOverrides): void {
    this.configure(overrides);
    test.after(() => this.kill());
    this.#spawn();
  }

  /** Writes the configuration file: JSON is YAML. */
  configure(overrides: ConfigOverrides): void {
    const config = {
      state_dir: path.join(this.folder, 'state'),
      listeners: [{ path: this.socketPath }],
      admin: { path: path.join(this.folder, 'admin.sock') },
      metrics: { listen: path.join(this.folder, 'metrics.sock') },
      ...overrides,
    };
    writeFileSync(this.configFile, JSON.stringify(config).replaceAll('FOLDER', this.folder));
  }

  /** Starts the process again after it ended. */
  async run(): Promise<void> {
    const from = this.#log.length;
    this.#spawn();
    await this.#started(from);
  }

  #spawn(): void {
    const words = [...this.#through, process.execPath, command, 'run', '--config', this.configFile];
    const child = spawn(words[0]!, words.slice(1), {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NOTIFY_SOCKET: undefined, ...this.#environment },
    });
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text;
    });
    this.#logEnded = false;
    this.#closed = new Promise((resolve) => {
      child.once('close', () => {
        this.#logEnded = true;
        resolve();
      });
    });
  }

  async #started(from: number): Promise<void> {
    const child = this.#child!;
    await waitFor('the daemon has started', () => {
      if (child.exitCode !== null) throw new Error(`The daemon ended with ${child.exitCode}: ${this.#log}`);
      return /(?<!not) started /.test(this.log.slice(from)) && existsSync(this.configFile);
    });
  }

  /** What the daemon said on stderr so far, in whole lines while it lives. */
  get log(): string {
    return this.#logEnded ? this.#log : wholeText(this.#log);
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Waits for the end; resolves with the exit code, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals> {
    const child = this.#child!;
    await this.#closed;
    return child.exitCode ?? child.signalCode!;
  }

  async stop(): Promise<number | NodeJS.Signals> {
    this.signal('SIGTERM');
    return this.ended();
  }

  async kill(): Promise<void> {
    if (this.#child === null || this.#child.pid === undefined) return;
    this.signal('SIGKILL');
    await this.ended();
  }

  /** Whole lines of a file in the daemon's folder. Throws when the last one is torn and the daemon had stopped in order. */
  lines(file: string): string[] {
    const at = path.join(this.folder, file);
    return this.#child?.exitCode === null ? linesSoFar(at) : finishedLines(at);
  }

  /** Metric values by series, as Prometheus reads them: `name{labels}` to number. */
  async metrics(): Promise<Map<string, number>> {
    const text = await this.get('/metrics');
    const values = new Map<string, number>();
    for (const line of text.body.split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const at = line.lastIndexOf(' ');
      values.set(line.slice(0, at), Number(line.slice(at + 1)));
    }
    return values;
  }

  /** A GET on the monitoring socket. */
  async get(target: string): Promise<{ status: number; body: string }> {
    const { request } = await import('node:http');
    return new Promise((resolve, reject) => {
      request({ socketPath: path.join(this.folder, 'metrics.sock'), path: target }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode!, body }));
      })
        .on('error', reject)
        .end();
    });
  }
}

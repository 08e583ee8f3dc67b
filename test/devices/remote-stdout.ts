import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Device, DeviceFailure, type FailureReason, type WriteOutcome } from '../../devices/device.ts';
import type { Lines } from '../../format/lines.ts';

const script = fileURLToPath(new URL('./stdout-child.js', import.meta.url));

interface Told {
  readonly reason: FailureReason;
  readonly message: string;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: Told;
}

/** The device for standard output, in a child process. */
export class RemoteStdout implements Device {
  readonly tailBytes = 0;
  readonly child: ChildProcess;
  #nextId = 0;
  readonly #waiting: Map<number, (answer: Answer) => void> = new Map();

  /** `through` is a shell command with `"$0" "$1"` for the child, to put something between it and its output. */
  constructor(stdout: 'pipe' | number, through?: string) {
    const stdio: StdioOptions = ['ignore', stdout, 'inherit', 'ipc'];
    const node = process.execPath;
    const [command, args] =
      through === undefined ? [node, [script]] : ['/bin/sh', ['-c', through, node, script]];
    this.child = spawn(command, args, { stdio, serialization: 'advanced' });
    this.child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  async open(): Promise<void> {
    await this.#ask({ call: 'open' });
  }

  async reopen(): Promise<void> {
    await this.#ask({ call: 'reopen' });
  }

  async write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    const abort = (): void => void this.child.send({ id: -1, call: 'abort' });
    signal.addEventListener('abort', abort);
    const { bytes, ends } = lines;
    const outcome = (await this.#ask({ call: 'write', bytes, ends, aborted: signal.aborted })) as {
      settled: number;
      refused: number[];
      failure: Told | null;
    };
    signal.removeEventListener('abort', abort);
    return { ...outcome, failure: outcome.failure === null ? null : failureFrom(outcome.failure) };
  }

  async close(): Promise<void> {
    if (this.child.connected) await this.#ask({ call: 'close' });
  }

  /** Ends the child and whatever stands behind it. */
  async end(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    this.child.stdout?.destroy();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      await new Promise((resolve) => this.child.once('exit', resolve));
    }
  }

  async #ask(request: object): Promise<unknown> {
    const id = this.#nextId++;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.child.send({ id, ...request });
    });
    if (answer.failure !== undefined) throw failureFrom(answer.failure);
    return answer.result;
  }
}

function failureFrom(told: Told): DeviceFailure {
  return new DeviceFailure(told.reason, told.message);
}

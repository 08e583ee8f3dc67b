import { type ChildProcess, spawn } from 'node:child_process';
import { Broken, type Watch } from './watch.ts';

/** Bytes of what the program writes to standard error that are shown when it fails. */
const shownBytes = 2000;

/** The program under test: takes records on standard input, and tells the verdict of each on standard output. */
export class Program {
  readonly #child: ChildProcess;
  readonly #watch: Watch;
  readonly #acknowledged: ReadonlySet<number>;
  readonly #verdicts: string[] = [];
  #sent = 0;
  #told = 0;
  #rest = '';
  #complaint = '';
  #exit: string | null = null;

  constructor(command: readonly string[], watch: Watch, acknowledged: ReadonlySet<number>) {
    this.#watch = watch;
    this.#acknowledged = acknowledged;
    const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-shownBytes);
    });
    // What it does not read is no fault: it may have ended.
    child.stdin.on('error', () => {});
    child.on('error', (error) => watch.break(new Broken('a program', error.message)));
    child.on('close', (code, signal) => {
      this.#exit = signal ?? `exit code ${code}`;
      watch.happened();
    });
  }

  /** Hands it that many records more, with the numbers from `sent` on; each is as long as that at least. */
  send(count: number, bytes = 0): void {
    const filler = bytes === 0 ? '' : `,"filler":"${'x'.repeat(bytes)}"`;
    let text = '';
    for (let record = 0; record < count; record++) {
      text += `{"type":"request","request":{"id":"${this.#sent++}"}${filler}}\n`;
    }
    this.#child.stdin!.write(text);
  }

  /** Waits for the next verdicts and looks whether they are these; `refused *` is any refusal. */
  async tells(...wanted: string[]): Promise<void> {
    for (const verdict of wanted) {
      const found = await this.nextVerdict();
      if (found === verdict || (verdict === 'refused *' && found.startsWith('refused '))) continue;
      throw new Broken(`"${verdict}" for record ${this.#told - 1}`, `"${found}"`);
    }
  }

  async nextVerdict(): Promise<string> {
    const index = this.#told;
    if (this.#verdicts.length <= index) {
      await this.#watch.until(
        `the verdict of record ${index}`,
        () => this.#verdicts.length > index || this.#exit !== null,
        () => 'none',
      );
    }
    this.#told++;
    return this.#verdicts[index] ?? this.#endedEarly();
  }

  /** Waits until the record has come to the sidecar, or its verdict is there. */
  async untilFate(record: number, log: () => readonly number[]): Promise<void> {
    await this.#watch.until(
      `record ${record}, or its verdict`,
      () => this.#verdicts.length > record || log().includes(record),
      () => 'neither',
    );
  }

  /** No more records come. */
  endInput(): void {
    this.#child.stdin!.end();
  }

  /** Waits until it has ended well, with no verdict too many. */
  async ends(): Promise<void> {
    this.endInput();
    await this.#watch.until(
      'that the program ends after its input',
      () => this.#exit !== null,
      () => 'it running',
    );
    if (this.#exit !== 'exit code 0') this.#endedEarly();
    if (this.#verdicts.length !== this.#sent) {
      throw new Broken(`${this.#sent} verdicts`, `${this.#verdicts.length}`);
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #endedEarly(): never {
    const complaint = this.#complaint === '' ? '' : `: ${this.#complaint.trimEnd()}`;
    throw new Broken(`a program that ends well after all verdicts`, `${this.#exit}${complaint}`);
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const record = this.#verdicts.push(line) - 1;
      if (!/^(ok|refused \S+)$/.test(line)) {
        this.#watch.break(new Broken('"ok" or "refused CODE"', JSON.stringify(line)));
      }
      // The one thing that must never happen.
      if (line === 'ok' && !this.#acknowledged.has(record)) {
        this.#watch.break(new Broken(`no "ok" for record ${record}, which has no such reply`, '"ok"'));
      }
    }
    this.#watch.happened();
  }
}

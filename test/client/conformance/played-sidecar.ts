import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { Broken, type Watch } from './watch.ts';

/** A reply as text without its newline, or the code of one: `ok`, or that of a refusal. */
export type PlayedReply = string;

export function replyText(reply: PlayedReply): string {
  if (reply.startsWith('{')) return `${reply}\n`;
  return reply === 'ok'
    ? '{"ok":true}\n'
    : `{"ok":false,"code":"${reply}","message":"as the scenario has it"}\n`;
}

/** As much of a line that is no record as is shown. */
const shownLength = 100;

/** The number of the record on a line; `null` when it is none. */
function recordIn(line: string): number | null {
  try {
    return Number((JSON.parse(line) as { request: { id: string } }).request.id);
  } catch {
    return null;
  }
}

/** One connection of the client under test. */
export class PlayedConnection {
  /** The numbers of the records that came, in order. */
  readonly arrived: number[] = [];
  /** Whether the client has ended it. */
  ended = false;
  readonly #socket: Socket;
  readonly #watch: Watch;
  readonly #acknowledged: Set<number>;
  #answered = 0;
  #rest = '';
  #rule: ((record: number) => PlayedReply | null) | null = null;
  #pausesAtFirst = false;
  #hasRead = false;

  constructor(socket: Socket, watch: Watch, acknowledged: Set<number>) {
    this.#socket = socket;
    this.#watch = watch;
    this.#acknowledged = acknowledged;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#hasRead = true;
      if (this.#pausesAtFirst) socket.pause();
      this.#read(text);
    });
    const end = (): void => {
      this.ended = true;
      watch.happened();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  /** Waits until so many records have come here. */
  async has(count: number): Promise<void> {
    await this.#watch.until(
      `${count} records on the connection`,
      () => this.arrived.length >= count,
      () => `${this.arrived.length}`,
    );
  }

  /** Reads the beginning of what comes, and no more until `resume`. */
  pauseAtFirst(): void {
    this.#pausesAtFirst = true;
  }

  /** Waits until there is a beginning of something. */
  async begins(): Promise<void> {
    await this.#watch.until(
      'the beginning of a record',
      () => this.#hasRead,
      () => 'nothing',
    );
  }

  /** Waits until the client has ended it. */
  async isGivenUp(): Promise<void> {
    await this.#watch.until(
      'that the client ends this connection',
      () => this.ended,
      () => 'it open',
    );
  }

  /** Answers the next records in one write. */
  answer(...replies: PlayedReply[]): void {
    this.#note(replies);
    this.write(replies.map(replyText).join(''));
  }

  /** Answers the next records in two writes, the first of that many bytes. */
  async answerCut(at: number, ...replies: PlayedReply[]): Promise<void> {
    this.#note(replies);
    const bytes = Buffer.from(replies.map(replyText).join(''));
    this.write(bytes.subarray(0, at));
    // Most of the time the client reads the first part by itself.
    await turn();
    this.write(bytes.subarray(at));
  }

  /** Answers each record as it comes; `null` is no reply. */
  serve(rule: (record: number) => PlayedReply | null): void {
    this.#rule = rule;
    this.#follow();
  }

  /** Writes something, which is no reply to a record. */
  write(bytes: string | Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** How much of what was written the client has not taken. */
  get unread(): number {
    return this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#pausesAtFirst = false;
    this.#socket.resume();
  }

  /** Ends it after what was written. */
  end(): void {
    this.#socket.end();
  }

  /** Ends it at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const record = recordIn(line);
      if (record === null) {
        const shown = JSON.stringify(line.slice(0, shownLength));
        this.#watch.break(new Broken('records as the program got them, one a line', shown));
        return;
      }
      this.arrived.push(record);
    }
    this.#follow();
    this.#watch.happened();
  }

  #follow(): void {
    const rule = this.#rule;
    while (rule !== null && this.#answered < this.arrived.length) {
      const reply = rule(this.arrived[this.#answered]!);
      if (reply === null) return;
      this.answer(reply);
    }
  }

  #note(replies: readonly PlayedReply[]): void {
    for (const reply of replies) {
      const record = this.arrived[this.#answered++]!;
      if ((JSON.parse(replyText(reply)) as { ok: boolean }).ok) this.#acknowledged.add(record);
    }
  }
}

/** What the client under test takes for a sidecar. */
export class PlayedSidecar {
  readonly connections: PlayedConnection[] = [];
  /** The records that were answered `ok`. */
  readonly acknowledged: Set<number> = new Set();
  readonly #path: string;
  readonly #watch: Watch;
  #greet: (connection: PlayedConnection) => void = () => {};
  #server: Server | null = null;

  constructor(path: string, watch: Watch) {
    this.#path = path;
    this.#watch = watch;
  }

  async listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const connection = new PlayedConnection(socket, this.#watch, this.acknowledged);
      this.connections.push(connection);
      this.#greet(connection);
      this.#watch.happened();
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#path, resolve));
  }

  /** Nobody listens any more, and each connection is gone. */
  goAway(): void {
    this.#server?.close();
    this.#server = null;
    rmSync(this.#path, { force: true });
    for (const connection of this.connections) connection.destroy();
  }

  /** What is done with each connection that comes from now on. */
  greet(greet: (connection: PlayedConnection) => void): void {
    this.#greet = greet;
  }

  /** The connection of that number, from 0 on, once it is there. */
  async connection(index: number): Promise<PlayedConnection> {
    await this.#watch.until(
      `connection ${index + 1}`,
      () => this.connections.length > index,
      () => `${this.connections.length} connections`,
    );
    return this.connections[index]!;
  }

  /** The records in the order in which each came first. */
  get log(): number[] {
    return [...new Set(this.connections.flatMap(({ arrived }) => arrived))];
  }
}

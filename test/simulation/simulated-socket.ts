import type { ClientSocket } from '../../daemon/ingest/client-socket.ts';
import type { World } from './world.ts';

/** How much the buffers on both ways hold. */
export interface SocketBuffers {
  /** Bytes the operating system takes from the client before the daemon reads them. */
  readonly toDaemon: number;
  /** Bytes the daemon is given in one read; one read is taken ahead while it pauses. */
  readonly read: number;
  /** Bytes of replies the operating system takes before the client reads them. */
  readonly toClient: number;
  /** Bytes of replies that wait in the daemon when `drain` is promised. */
  readonly highWater: number;
}

/** The client at the other end. */
export interface SocketPeer {
  /** The daemon has written; the client can read it later. */
  written(bytes: Buffer): void;
  /** There is something to read, or the end. */
  readable(): void;
  /** There is room for more bytes. */
  room(): void;
  /** The daemon ends its side, and writes nothing more. */
  ending(): void;
  /** The connection is gone; `by` whom. */
  gone(by: 'daemon' | 'client'): void;
}

/** How long a close takes. */
const closeMs = 1;

type Event = 'data' | 'end' | 'drain' | 'error' | 'close' | 'finish';

/** As a `net.Socket` of a server that allows half-open connections: its buffers, its events and their order. */
export class SimulatedSocket implements ClientSocket {
  readonly #world: World;
  readonly #alive: () => boolean;
  readonly #buffers: SocketBuffers;
  readonly #peer: SocketPeer;
  readonly #listeners: { event: Event; listener: (chunk: Buffer) => void }[] = [];
  /** Sent by the client, and not read by the daemon's process. */
  #sent: Buffer = Buffer.alloc(0);
  /** Read while the daemon pauses. */
  #ahead: Buffer | null = null;
  #largestRead = 0;
  #lastTold = 0;
  #toldBytes = 0;
  #paused = false;
  /** `reset`: the client went away with replies unread. */
  #input: 'open' | 'ended' | 'reset' | 'told' = 'open';
  /** What one write of the operating system is at, and what came since. */
  #writing: Buffer = Buffer.alloc(0);
  #writingBytes = 0;
  #written: Buffer[] = [];
  #writtenBytes = 0;
  #needsDrain = false;
  #output: 'open' | 'ending' | 'finished' = 'open';
  /** Taken by the operating system, and not read by the client. */
  #unread: Buffer = Buffer.alloc(0);
  #clientGone = false;
  #shut = false;
  #destroyed = false;
  #turning = false;

  constructor(world: World, alive: () => boolean, buffers: SocketBuffers, peer: SocketPeer) {
    this.#world = world;
    this.#alive = alive;
    this.#buffers = buffers;
    this.#peer = peer;
  }

  get writable(): boolean {
    return !this.#destroyed && this.#output === 'open';
  }

  get writableLength(): number {
    return this.#writingBytes + this.#writtenBytes;
  }

  get readableLength(): number {
    return this.#ahead?.length ?? 0;
  }

  /** Whether the daemon has been told of all that the client sent. */
  get heard(): boolean {
    return this.#sent.length === 0 && this.#ahead === null && this.#input !== 'ended';
  }

  /** Taken from the client, and not told to the daemon. */
  get unheardBytes(): number {
    return this.#sent.length + this.readableLength;
  }

  get clientGone(): boolean {
    return this.#clientGone;
  }

  /** Whether the client is gone, as the operating system says of a socket that is open. */
  peerGone(): boolean {
    return this.#clientGone && !this.#destroyed;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** Most bytes that the daemon was given in one read. */
  get largestRead(): number {
    return this.#largestRead;
  }

  /** Bytes that the daemon was given, and how many of them last. */
  get told(): { readonly bytes: number; readonly last: number } {
    return { bytes: this.#toldBytes, last: this.#lastTold };
  }

  isPaused(): boolean {
    return this.#paused;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#turn();
  }

  on(event: Event, listener: (chunk: Buffer) => void): void {
    this.#listeners.push({ event, listener });
  }

  once(event: 'finish' | 'close', listener: () => void): void {
    this.on(event, listener);
  }

  write(bytes: Buffer): void {
    if (!this.writable) {
      this.#world.violated('no unhandled error', 'a write on a socket that takes none');
      return;
    }
    this.#peer.written(bytes);
    this.#written.push(bytes);
    this.#writtenBytes += bytes.length;
    this.#flush();
    if (this.writableLength >= this.#buffers.highWater) this.#needsDrain = true;
  }

  end(): void {
    if (this.#output !== 'open') return;
    this.#output = 'ending';
    this.#peer.ending();
    this.#flush();
  }

  destroy(): void {
    this.#fail(null);
  }

  /** Takes what there is room for; returns how many bytes. */
  send(bytes: Buffer): number {
    if (this.#shut) return 0;
    const taken = bytes.subarray(0, Math.max(0, this.#buffers.toDaemon - this.#sent.length));
    this.#sent = Buffer.concat([this.#sent, taken]);
    this.#turn();
    return taken.length;
  }

  /** The daemon takes from the client the right to send. */
  shutInput(): boolean {
    this.#shut = true;
    this.shutDown();
    return true;
  }

  /** The client has sent its last byte. */
  shutDown(): void {
    if (this.#input === 'open') this.#input = 'ended';
    this.#turn();
  }

  /** The client closes, or is gone. */
  hangUp(): void {
    this.#clientGone = true;
    if (this.#input === 'open') this.#input = this.#unread.length > 0 ? 'reset' : 'ended';
    this.#turn();
    this.#soon(() => this.#flush());
  }

  /** What the client reads; `null` at the end of the daemon's side. */
  take(most: number): Buffer | null {
    if (this.#unread.length === 0) return this.#output === 'finished' ? null : this.#unread;
    const taken = this.#unread.subarray(0, most);
    this.#unread = this.#unread.subarray(most);
    this.#soon(() => this.#flush());
    return taken;
  }

  /** Once the present call is over, unless the process is gone by then. */
  #soon(callback: () => void): void {
    this.#world.after(0, () => {
      if (this.#alive()) callback();
    });
  }

  #emit(event: Event, chunk: Buffer = Buffer.alloc(0)): void {
    for (const each of this.#listeners) if (each.event === event) each.listener(chunk);
  }

  #turn(): void {
    if (this.#turning) return;
    this.#turning = true;
    this.#soon(() => {
      this.#turning = false;
      if (!this.#destroyed) this.#read();
    });
  }

  /** One turn of the event loop: what is there is read, and one thing is told. */
  #read(): void {
    if (this.#ahead === null) {
      if (this.#sent.length > 0) {
        this.#ahead = Buffer.from(this.#sent.subarray(0, this.#buffers.read));
        this.#sent = this.#sent.subarray(this.#ahead.length);
        this.#largestRead = Math.max(this.#largestRead, this.#ahead.length);
        this.#world.after(0, () => this.#peer.room());
        this.#turn();
      } else if (this.#input === 'reset') {
        this.#fail('reset');
        return;
      }
    }
    const chunk = this.#paused ? null : this.#ahead;
    if (chunk !== null) {
      this.#ahead = null;
      this.#lastTold = chunk.length;
      this.#toldBytes += chunk.length;
      this.#turn();
      this.#emit('data', chunk);
    } else if (this.#input === 'ended' && this.#ahead === null && this.#sent.length === 0) {
      this.#input = 'told';
      this.#emit('end');
      this.#closeWhenEnded();
    }
  }

  #flush(): void {
    if (this.#destroyed) return;
    if (this.#clientGone && this.writableLength > 0) {
      this.#soon(() => this.#fail('broken'));
      return;
    }
    while (this.writableLength > 0) {
      if (this.#writing.length === 0) {
        this.#writing = Buffer.concat(this.#written);
        this.#writingBytes = this.#writtenBytes;
        this.#written = [];
        this.#writtenBytes = 0;
      }
      const part = this.#writing.subarray(0, Math.max(0, this.#buffers.toClient - this.#unread.length));
      if (part.length === 0) return;
      this.#unread = Buffer.concat([this.#unread, part]);
      this.#writing = this.#writing.subarray(part.length);
      // A write counts until all of it is taken.
      if (this.#writing.length === 0) this.#writingBytes = 0;
      this.#world.after(0, () => this.#peer.readable());
    }
    if (this.#output === 'ending') {
      this.#output = 'finished';
      this.#needsDrain = false;
      this.#world.after(0, () => this.#peer.readable());
      this.#soon(() => {
        this.#emit('finish');
        this.#closeWhenEnded();
      });
    } else if (this.#needsDrain) {
      this.#needsDrain = false;
      this.#soon(() => {
        if (!this.#destroyed) this.#emit('drain');
      });
    }
  }

  #closeWhenEnded(): void {
    if (this.#input === 'told' && this.#output === 'finished') this.#fail(null);
  }

  #fail(error: 'reset' | 'broken' | null): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#peer.gone(this.#clientGone ? 'client' : 'daemon');
    // The operating system closes later than the program.
    this.#world.after(closeMs, () => {
      if (!this.#alive()) return;
      if (error !== null) this.#emit('error');
      this.#emit('close');
    });
  }
}

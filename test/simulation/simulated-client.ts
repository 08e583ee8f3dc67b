import type { ClientScript } from './client-script.ts';
import { DoorWatch } from './door-watch.ts';
import type { LeaveWatch } from './leave-watch.ts';
import type { Random } from './random.ts';
import type { ReplyOracle } from './reply-oracle.ts';
import type { ClientPlan } from './scenario.ts';
import type { SimulatedDaemon } from './simulated-daemon.ts';
import { SimulatedSocket, type SocketPeer } from './simulated-socket.ts';
import type { World } from './world.ts';

const newline = 0x0a;

/** About how long the slowest client takes to send what it has, unless it is held back. */
const longestTalkMs = 3_000;

/** How long a slow reader waits between two reads, and how little it reads. */
const slowReadMs = 20;
const slowReadBytes = 60;

export interface SimulatedClientSettings {
  readonly world: World;
  readonly daemon: SimulatedDaemon;
  readonly plan: ClientPlan;
  readonly script: ClientScript;
  readonly oracle: ReplyOracle;
  readonly random: Random;
  readonly leaveWatch: LeaveWatch;
  /** Called after the daemon has taken `bytes` that end `records` records. */
  readonly onRead: (bytes: number, records: number) => void;
}

/** A client that sends its script through a socket, and reads what comes back in its own way. */
export class SimulatedClient implements SocketPeer {
  readonly #settings: SimulatedClientSettings;
  readonly #vanishAt: number;
  readonly #pauseMs: number;
  readonly #socket: SimulatedSocket;
  #connected = false;
  #watch: DoorWatch | null = null;
  #state: 'away' | 'sending' | 'sent' | 'gone' = 'away';
  #sent = 0;
  /** Lines that get a reply, sent whole; and replies read. */
  #asked = 0;
  #answered = 0;
  #sendsSoon = false;
  #readsSoon = false;

  constructor(settings: SimulatedClientSettings) {
    const { world, daemon, plan, script, random } = settings;
    this.#settings = settings;
    this.#vanishAt = plan.vanishes ? random.below(script.bytes.length) : Number.POSITIVE_INFINITY;
    const chunks = script.bytes.length / (plan.chunkBytes / 2);
    this.#pauseMs = Math.min(plan.pauseMs, (2 * longestTalkMs) / chunks);
    this.#socket = new SimulatedSocket(world, () => daemon.alive, plan.buffers, this);
    world.after(plan.startsAt, () => this.#connect());
  }

  /** Most bytes that the daemon was given in one read. */
  get largestRead(): number {
    return this.#socket.largestRead;
  }

  get inFlightRecords(): number {
    return this.#watch?.inFlightRecords ?? 0;
  }

  /** Bytes that it could send, and that nothing can tell it are lost. */
  get unheardBytes(): number {
    if (this.#settings.plan.replies !== 'none') return 0;
    return this.#socket.unheardBytes + (this.#watch?.waitingBytes ?? 0);
  }

  /** Whether nothing more can happen: all is sent and answered, or the daemon rightly waits. */
  get finished(): boolean {
    const { plan, daemon, oracle } = this.#settings;
    if (this.#watch === null) return this.#state === 'gone';
    if (!this.#watch.answered || oracle.awaited > 0) return false;
    if (plan.replies === 'none' && !daemon.broker.canRecord()) return true;
    if (this.#state === 'gone') return this.#socket.destroyed;
    if (plan.reads === 'never' && this.#socket.writableLength > 0) return this.#mustWait();
    // Whoever has ended his input and read all replies sees the daemon's end.
    if (plan.endsInput && plan.reads !== 'never') return false;
    return this.#state === 'sent' && this.#socket.heard && this.#answered === this.#due();
  }

  /** Whether so much is unread that the daemon need not read on, or all was read. */
  #mustWait(): boolean {
    const { daemon } = this.#settings;
    return (
      this.#socket.writableLength >= daemon.bounds.unreadBytes ||
      (this.#state === 'sent' && this.#socket.heard)
    );
  }

  /** Replies it should have read. */
  #due(): number {
    const { plan, oracle } = this.#settings;
    return plan.reads === 'never' ? this.#answered : oracle.replies;
  }

  #connect(): void {
    const { daemon, plan, oracle } = this.#settings;
    if (!daemon.alive || daemon.situation.stopping) {
      this.#state = 'gone';
      return;
    }
    this.#state = 'sending';
    this.#connected = true;
    const end = {
      shutInput: () => this.#socket.shutInput(),
      peerGone: () => this.#socket.peerGone(),
    };
    daemon.connect(plan.replies, this.#socket, oracle, end, (door) => {
      this.#watch = new DoorWatch({ ...this.#settings, door, socket: this.#socket });
      return this.#watch;
    });
    this.#send();
  }

  #sendSoon(): void {
    if (this.#sendsSoon || this.#state !== 'sending') return;
    const { world, random } = this.#settings;
    this.#sendsSoon = true;
    world.after(random.between(0, this.#pauseMs), () => {
      this.#sendsSoon = false;
      this.#send();
    });
  }

  #send(): void {
    const { plan, script, random } = this.#settings;
    if (this.#state !== 'sending') return;
    const wanted = this.#sent + random.whole(1, plan.chunkBytes);
    const lineEnd = plan.wholeLines ? script.bytes.indexOf(newline, wanted - 1) + 1 : wanted;
    const to = Math.min(script.bytes.length, lineEnd === 0 ? script.bytes.length : lineEnd, this.#vanishAt);
    this.#sent += this.#socket.send(script.bytes.subarray(this.#sent, to));
    while (this.#asked < script.lines.length && script.lines[this.#asked]!.completeAt <= this.#sent) {
      this.#asked++;
    }
    if (this.#sent >= this.#vanishAt) this.leave();
    else if (this.#sent === script.bytes.length) this.#sentAll();
    // Otherwise room, or a reply, goes on with it.
    else if (this.#sent === to && this.#mayAsk()) this.#sendSoon();
  }

  #mayAsk(): boolean {
    const { plan } = this.#settings;
    return plan.replies === 'none' || plan.reads === 'never' || this.#asked - this.#answered < plan.window;
  }

  #sentAll(): void {
    this.#state = 'sent';
    if (this.#settings.plan.endsInput) this.#socket.shutDown();
  }

  written(bytes: Buffer): void {
    this.#settings.oracle.replied(bytes);
  }

  room(): void {
    if (this.#mayAsk()) this.#sendSoon();
  }

  readable(): void {
    const { world, plan } = this.#settings;
    if (plan.reads === 'never' || this.#readsSoon || this.#state === 'gone') return;
    if (plan.reads === 'at_once') {
      this.#readReplies(Number.POSITIVE_INFINITY);
      return;
    }
    this.#readsSoon = true;
    world.after(slowReadMs, () => {
      this.#readsSoon = false;
      if (this.#readReplies(slowReadBytes)) this.readable();
    });
  }

  /** Whether there was anything. */
  #readReplies(most: number): boolean {
    const bytes = this.#socket.take(most);
    if (bytes === null) {
      this.leave();
      return false;
    }
    for (const byte of bytes) if (byte === newline) this.#answered++;
    this.room();
    return bytes.length > 0;
  }

  ending(): void {
    this.#settings.oracle.nothingFollows();
  }

  gone(by: 'daemon' | 'client'): void {
    // Who does not read its replies may be ended when memory is short.
    if (by === 'client' || this.#socket.writableLength > 0) this.#settings.oracle.clientGone();
    else this.#settings.oracle.nothingFollows();
    this.#state = 'gone';
  }

  /** Goes away; what the daemon has read of it stays read. */
  leave(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    if (!this.#connected) return;
    this.#socket.hangUp();
    if (this.#settings.plan.replies === 'none') this.#settings.leaveWatch.leaves(this.#socket);
  }
}

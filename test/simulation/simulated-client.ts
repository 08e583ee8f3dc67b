import type { BudgetedReader } from '../../daemon/ingest/memory-budget.ts';
import type { ClientScript } from './client-script.ts';
import type { Random } from './random.ts';
import type { ReplyOracle } from './reply-oracle.ts';
import type { Door } from './sabotage.ts';
import type { ClientPlan } from './scenario.ts';
import type { SimulatedDaemon } from './simulated-daemon.ts';
import type { World } from './world.ts';

const newline = 0x0a;

/** How often a sender that is held back is looked at again. */
const reviewMs = 50;

/** About how long the slowest client takes to send what it has, unless it is held back. */
const longestTalkMs = 3_000;

/** Bytes in flight on a connection that gets no replies before it is held back. */
const silentBytes = 2_000;

export interface SimulatedClientSettings {
  readonly world: World;
  readonly daemon: SimulatedDaemon;
  readonly plan: ClientPlan;
  readonly script: ClientScript;
  readonly oracle: ReplyOracle;
  readonly random: Random;
  readonly connectionBytes: number;
  /** Called after the daemon has read `bytes` more, with `records` ended in them. */
  readonly onRead: (bytes: number, records: number) => void;
}

/** A client and the connection that reads from it, with its back pressure but without a socket. */
export class SimulatedClient implements BudgetedReader {
  readonly #settings: SimulatedClientSettings;
  readonly #door: Door;
  #state: 'sending' | 'held_back' | 'sent' | 'gone' = 'sending';
  #sent = 0;
  readonly #vanishAt: number;
  readonly #pauseMs: number;
  #scheduled = false;

  constructor(settings: SimulatedClientSettings) {
    const { world, daemon, plan, script, oracle, random } = settings;
    this.#settings = settings;
    this.#vanishAt = plan.vanishes ? random.below(script.bytes.length) : Number.POSITIVE_INFINITY;
    const chunks = script.bytes.length / (plan.chunkBytes / 2);
    this.#pauseMs = Math.min(plan.pauseMs, (2 * longestTalkMs) / chunks);
    this.#door = daemon.connect(plan.replies, (replies) => {
      if (!daemon.alive) return;
      oracle.replied(replies);
      this.resume();
    });
    daemon.budget.join(this);
    this.#scheduled = true;
    world.after(plan.startsAt, () => this.#send());
  }

  get bytes(): number {
    return this.#door.heldBytes + this.#door.inFlightBytes;
  }

  get inFlightBytes(): number {
    return this.#door.inFlightBytes;
  }

  get inFlightRecords(): number {
    return this.#door.inFlightRecords;
  }

  /** Has sent all and had all replies, or cannot go on for want of devices. */
  get finished(): boolean {
    if (this.#state === 'sending') return false;
    return this.#state === 'held_back' || this.#door.inFlightRecords === 0;
  }

  resume(): void {
    if (this.#state !== 'sending' || this.#scheduled || !this.#mayRead()) return;
    this.#scheduleSend();
  }

  #scheduleSend(): void {
    const { world, random } = this.#settings;
    this.#scheduled = true;
    world.after(random.between(0, this.#pauseMs), () => this.#send());
  }

  #mayRead(): boolean {
    const { plan, oracle, connectionBytes, daemon } = this.#settings;
    return (
      oracle.awaited < plan.window &&
      this.#door.inFlightBytes < connectionBytes &&
      daemon.budget.mayRead(this)
    );
  }

  #heldBack(): boolean {
    const { plan, daemon } = this.#settings;
    return plan.replies === 'none' && (this.#door.inFlightBytes > silentBytes || !daemon.broker.canRecord());
  }

  #send(): void {
    this.#scheduled = false;
    const { world, daemon, plan, script, oracle, random } = this.#settings;
    if (this.#state === 'gone' || !daemon.alive) return;
    if (this.#heldBack()) {
      this.#state = 'held_back';
      world.after(reviewMs, () => this.#send());
      return;
    }
    this.#state = 'sending';
    const from = this.#sent;
    const wanted = from + random.whole(1, plan.chunkBytes);
    const lineEnd = plan.wholeLines ? script.bytes.indexOf(newline, wanted - 1) + 1 : wanted;
    const to = Math.min(script.bytes.length, lineEnd === 0 ? script.bytes.length : lineEnd, this.#vanishAt);
    if (to > from) this.#deliver(from, to);
    if (this.#vanishAt <= to) this.leave();
    else if (to === script.bytes.length) this.#end(oracle);
    else if (this.#mayRead()) this.#scheduleSend();
  }

  #deliver(from: number, to: number): void {
    const { script, oracle, onRead } = this.#settings;
    this.#sent = to;
    const held = this.#door.heldBytes;
    const records = oracle.reads(to);
    // A copy: the session wipes what it is given.
    this.#door.receive(Buffer.from(script.bytes.subarray(from, to)));
    onRead(held + to - from, records);
  }

  #end(oracle: ReplyOracle): void {
    this.#state = 'sent';
    const held = this.#door.heldBytes;
    const records = oracle.reads(this.#settings.script.bytes.length + 1);
    this.#door.end();
    this.#settings.onRead(held, records);
    this.#settings.daemon.budget.leave(this);
  }

  /** Goes away; what the daemon has read of it stays read. */
  leave(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#door.discard();
    this.#settings.daemon.budget.leave(this);
  }
}

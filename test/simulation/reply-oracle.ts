import type { LargeLoss } from '../../daemon/ingest/large-records.ts';
import type { ClientScript, ScriptedLine } from './client-script.ts';
import type { Heard } from './overheard.ts';
import { isRecorded, longestTimeoutMs } from './quorum-oracle.ts';
import { recordId } from './record-line.ts';
import type { Life, Replies } from './scenario.ts';
import type { EnabledDevice, SimulatedDaemon, Situation } from './simulated-daemon.ts';
import { longestScanMs } from './simulated-scanner.ts';
import type { World } from './world.ts';

/** How much later than the longest write timeout a reply may come: promise 3. */
const replyGraceMs = 100;

/** A line, or what the daemon has given up of it before its end. */
type AskedLine = Omit<ScriptedLine, 'kind'> & { readonly kind: ScriptedLine['kind'] | 'overloaded' };

/**
 * How long a record may wait until it is offered to the devices, behind large ones of several clients that are scanned
 * elsewhere, each as often as devices change.
 */
const longestTurnMs = 4 * 8 * longestScanMs;

/** A record the daemon has read, and what it promised about it at the moment that it was offered to the devices. */
interface Asked {
  readonly line: AskedLine;
  at: number;
  situation: Situation;
  dueBy: number;
  /** Why it was offered to none. */
  loss: LargeLoss | null;
}

interface Reply {
  readonly ok: boolean;
  readonly code?: string;
  readonly id?: string;
  readonly type?: string;
  readonly devices?: Readonly<Record<string, string>>;
}

/** What the oracle keeps of a whole life, over all its connections. */
export interface Ledger {
  /** Records that were answered `ok` as recorded. */
  readonly acknowledged: Set<number>;
  /** Records that each device was offered. */
  readonly offered: Map<EnabledDevice, number>;
  /** Lines read that have to be answered or counted. */
  received: number;
  /** Bytes read. */
  bytes: number;
}

/** Watches one connection: a reply for each record, in order, in time, and true. */
export class ReplyOracle implements Heard {
  readonly #world: World;
  readonly #daemon: SimulatedDaemon;
  readonly #life: Life;
  readonly #wanted: Replies;
  readonly #script: ClientScript;
  readonly #ledger: Ledger;
  #asked: Asked[] = [];
  /** Valid records that are read, and not offered to the devices yet. */
  readonly #waiting: Asked[] = [];
  #readBytes = 0;
  #readLines = 0;
  #replies = 0;
  #dueBy = 0;
  /** The same of those that were offered to the devices. */
  #offeredDueBy = 0;
  #gone = false;

  constructor(
    world: World,
    daemon: SimulatedDaemon,
    life: Life,
    replies: Replies,
    script: ClientScript,
    ledger: Ledger,
  ) {
    this.#world = world;
    this.#daemon = daemon;
    this.#life = life;
    this.#wanted = replies;
    this.#script = script;
    this.#ledger = ledger;
  }

  /** Records that were read and not answered; none for a client that gets no replies. */
  get awaited(): number {
    return this.#asked.length;
  }

  /** Replies written since the start. */
  get replies(): number {
    return this.#replies;
  }

  /** To be told before the daemon takes that many bytes. Returns how many records end in them. */
  reads(bytes: number): number {
    const { lines } = this.#script;
    const first = this.#readLines;
    this.passesOver(bytes);
    for (; (lines[this.#readLines]?.completeAt ?? Infinity) <= this.#readBytes; this.#readLines++) {
      this.#await(lines[this.#readLines]!);
    }
    return this.#readLines - first;
  }

  /** The daemon reads bytes that it throws away. */
  passesOver(bytes: number): number {
    this.#readBytes += bytes;
    this.#ledger.bytes += bytes;
    return 0;
  }

  /** To be told before the daemon takes the end of input for the end of a record: the whole of it, or half. */
  inputEnds(): number {
    const line = this.#script.lines[this.#readLines];
    if (line === undefined || this.#readBytes <= line.start) return 0;
    this.#readLines++;
    this.#await(this.#readBytes < line.end ? { ...line, kind: 'invalid' } : line);
    return 1;
  }

  /** To be told before the daemon gives up the record that has not ended: that is its reply. */
  gaveWay(): void {
    this.#await({ ...this.#script.lines[this.#readLines++]!, kind: 'overloaded' });
  }

  /** The client is gone: it can be told nothing. */
  clientGone(): void {
    this.#gone = true;
    this.#asked = [];
  }

  /** The daemon ends its side: what it read has to be answered. */
  nothingFollows(): void {
    const unanswered = this.#asked.length;
    if (unanswered > 0)
      this.#world.violated('one reply a record', `the daemon closes with ${unanswered} replies due`);
    this.clientGone();
  }

  #await(line: AskedLine): void {
    const { situation } = this.#daemon;
    this.#ledger.received++;
    const at = this.#world.clock.now();
    const asked: Asked = { line, at, situation, dueBy: this.#dueFrom(at + longestTurnMs), loss: null };
    if (line.kind === 'valid') this.#waiting.push(asked);
    if (this.#wanted !== 'none' && !this.#gone) this.#asked.push(asked);
  }

  /** When the reply is due, and the replies before it, of a record that is offered to the devices at `at`. */
  #dueFrom(at: number): number {
    this.#dueBy = Math.max(this.#dueBy, at + longestTimeoutMs(this.#daemon.situation.enabled) + replyGraceMs);
    return this.#dueBy;
  }

  submits(records: number): void {
    const { offered } = this.#ledger;
    const now = this.#daemon.situation;
    const at = this.#world.clock.now();
    for (const asked of this.#waiting.splice(0, records)) {
      // What was read before a stop is offered after it, too.
      const { stopping } = asked.situation;
      asked.situation = { ...now, stopping };
      asked.at = at;
      // The replies before it are due no later than they were.
      this.#offeredDueBy = Math.max(this.#offeredDueBy, at + longestTimeoutMs(now.enabled) + replyGraceMs);
      asked.dueBy = this.#offeredDueBy;
      if (stopping && this.#wanted !== 'none') continue;
      for (const device of now.enabled) offered.set(device, (offered.get(device) ?? 0) + 1);
    }
  }

  loses(record: number, loss: LargeLoss): void {
    for (const asked of this.#asked) if (asked.line.record === record) asked.loss = loss;
    const place = this.#waiting.findIndex(({ line }) => line.record === record);
    if (place !== -1) this.#waiting.splice(place, 1);
  }

  /** Takes what the daemon writes. */
  replied(bytes: Buffer): void {
    if (this.#wanted === 'none') {
      if (bytes.length > 0)
        this.#world.violated('one reply a record', 'a reply on a connection that gets none');
      return;
    }
    const texts = bytes.toString('utf8').split('\n');
    if (texts.pop() !== '') this.#world.violated('one reply a record', 'a reply that does not end its line');
    for (const text of texts) this.#reply(text);
  }

  #reply(text: string): void {
    const asked = this.#asked.shift();
    this.#replies++;
    if (asked === undefined) {
      this.#world.violated('one reply a record', `a reply without a record: ${text}`);
      return;
    }
    const reply: Reply = JSON.parse(text);
    const { line, dueBy } = asked;
    this.#world.event(recordId(line.record), reply.ok ? 'ok' : `${reply.code}`);
    const problem = this.#wrongReply(asked, reply);
    if (problem !== null)
      this.#world.violated('true replies, in order', `${recordId(line.record)}: ${problem}: ${text}`);
    const late = this.#world.clock.now() - dueBy;
    if (late > 0) this.#world.violated('a reply in time', `${recordId(line.record)}: ${late} ms too late`);
    if (line.kind === 'valid' && reply.ok) this.#ledger.acknowledged.add(line.record);
  }

  #wrongReply(asked: Asked, reply: Reply): string | null {
    const { line, situation, loss } = asked;
    if (loss !== null) {
      const code = loss === 'stopping' ? 'stopping' : 'not_recorded';
      return reply.code === code ? null : `wanted ${code}`;
    }
    switch (line.kind) {
      case 'invalid':
        return reply.code === 'invalid_record' ? null : 'wanted invalid_record';
      case 'too_large':
        return reply.code === 'too_large' ? null : 'wanted too_large';
      case 'overloaded':
        return reply.code === 'overloaded' ? null : 'wanted overloaded';
      case 'unaudited':
        return reply.ok ? this.#wrongDevices(asked, reply, []) : 'wanted ok for a path that is not audited';
      case 'valid':
        return this.#wrongVerdict(asked, reply) ?? this.#wrongDevices(asked, reply, situation.enabled);
    }
  }

  #wrongVerdict({ line, at, situation }: Asked, reply: Reply): string | null {
    if (reply.ok) {
      if (situation.stopping) return 'ok while stopping';
      if (situation.enabled.length === 0) return 'ok without a device';
      if (!isRecorded(line.record, situation)) return 'ok before the required devices have it';
      return this.#steadyIsLate(at) ? `a healthy device waited for another since ${at}` : null;
    }
    const code = situation.stopping
      ? 'stopping'
      : situation.enabled.length === 0
        ? 'no_device'
        : 'not_recorded';
    if (reply.code !== code) return `wanted ok or ${code}`;
    if (code === 'not_recorded' && this.#life.steady !== null) return 'a healthy device did not record it';
    return null;
  }

  /** Promise 4: an opening, the write before and its own are all that a reply of a healthy device waits for. */
  #steadyIsLate(at: number): boolean {
    const { steady, devices } = this.#life;
    if (steady === null || this.#wanted !== 'status') return false;
    return this.#world.clock.now() - at > 4 * devices[steady]!.destination.latencyMs + 0.001;
  }

  #wrongDevices(
    { line, at, situation }: Asked,
    reply: Reply,
    enabled: readonly EnabledDevice[],
  ): string | null {
    if (this.#wanted !== 'devices') return null;
    const devices = { ...reply.devices };
    if (reply.id !== recordId(line.record) || reply.type !== 'request') return 'another record’s name';
    if (situation.stopping) return Object.keys(devices).length === 0 ? null : 'devices while stopping';
    for (const device of enabled) {
      const { path } = device.destination;
      const wrong = this.#wrongOutcome(line.record, at, device, devices[path]);
      if (wrong !== null) return `${path} ${wrong}`;
      delete devices[path];
    }
    return Object.keys(devices).length === 0 ? null : 'more devices than were enabled';
  }

  #wrongOutcome(
    record: number,
    at: number,
    device: EnabledDevice,
    outcome: string | undefined,
  ): string | null {
    const { destination, plan } = device;
    switch (outcome) {
      case 'recorded':
        return destination.took(record) ? null : 'does not have it';
      case 'late': {
        const { writeTimeoutMs } = plan.lane;
        const passed = writeTimeoutMs > 0 && this.#world.clock.now() >= at + writeTimeoutMs;
        return passed ? null : 'late before its deadline';
      }
      case 'disabled':
        return this.#daemon.situation.enabled.includes(device) ? 'is enabled' : null;
      case 'stopping':
        return this.#daemon.situation.stopping ? null : 'is not stopping';
      case 'queue_full':
      case 'too_large':
        return destination.has(record) ? 'has it' : null;
      default:
        return `has no outcome but ${outcome}`;
    }
  }

  /** A life ended at `endedAt`; `answered`: nothing may be left. */
  finish(answered: boolean, endedAt: number): void {
    const oldest = this.#asked[0];
    if (oldest === undefined) return;
    const silent = endedAt - oldest.dueBy;
    if (answered) this.#world.violated('one reply a record', `no reply to ${recordId(oldest.line.record)}`);
    else if (silent > 0) this.#world.violated('a reply in time', `none to ${recordId(oldest.line.record)}`);
  }
}

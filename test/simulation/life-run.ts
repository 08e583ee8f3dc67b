import { writeScript } from './client-script.ts';
import { checkCounters, checkMemory, checkQueues } from './count-oracle.ts';
import type { Destination, Trouble } from './destination.ts';
import { LeaveWatch } from './leave-watch.ts';
import type { Random } from './random.ts';
import { type Ledger, ReplyOracle } from './reply-oracle.ts';
import type { Sabotage } from './sabotage.ts';
import type { Change, Fault, Life } from './scenario.ts';
import { SimulatedClient } from './simulated-client.ts';
import { drainMs, type EnabledDevice, SimulatedDaemon } from './simulated-daemon.ts';
import { runTimers } from './virtual-clock.ts';
import type { World } from './world.ts';

/** Once no destination has trouble, everything is to be written within this time. */
const calmMs = 60_000;
/** The same when a host vanished: a lane waits two minutes for a connection before it gives it up. */
const calmAfterVanishMs = 600_000;
/** How often it is looked for. */
const calmReviewMs = 20;

/** What lives hand on to each other. */
export interface LifeSettings {
  readonly world: World;
  readonly life: Life;
  readonly destinations: readonly Destination[];
  /** A number for a record of the client with this number. */
  readonly nextRecord: (client: number) => number;
  readonly acknowledged: Set<number>;
  readonly sabotage: Sabotage;
}

/** Plays one life of a daemon: devices, clients, faults, changes, and its end. */
export class LifeRun {
  readonly #settings: LifeSettings;
  readonly #world: World;
  readonly #random: Random;
  readonly #daemon: SimulatedDaemon;
  readonly #clients: SimulatedClient[] = [];
  readonly #oracles: ReplyOracle[] = [];
  readonly #ledger: Ledger;
  readonly #leaveWatch: LeaveWatch;
  #phase: 'faults' | 'quiet' | 'stopping' | 'ended' = 'faults';
  /** Changes under way. */
  #changing = 0;
  #largestBatchBytes = 0;
  /** The most that one session was given at once: an unfinished record, and what came to it. */
  #mostTakenBytes = 0;
  #endedAt = 0;

  constructor(settings: LifeSettings) {
    this.#settings = settings;
    this.#world = settings.world;
    this.#random = settings.world.random.fork();
    this.#daemon = new SimulatedDaemon(settings.world, settings.life, settings.sabotage);
    this.#leaveWatch = new LeaveWatch(settings.world, this.#daemon);
    this.#ledger = { acknowledged: settings.acknowledged, offered: new Map(), received: 0, bytes: 0 };
  }

  async play(): Promise<void> {
    const { life, destinations } = this.#settings;
    const world = this.#world;
    for (const [at, plan] of life.devices.entries()) {
      this.#daemon.enable(plan, destinations[at]!);
      for (const fault of plan.faults) world.after(fault.at, () => this.#fault(destinations[at]!, fault));
    }
    for (const plan of life.clients) {
      const client = world.newClient();
      const nextRecord = (): number => this.#settings.nextRecord(client);
      const script = writeScript(this.#random, plan, life.limits.maxRecordBytes, nextRecord);
      const oracle = new ReplyOracle(world, this.#daemon, life, plan.replies, script, this.#ledger);
      const onRead = (bytes: number, records: number): void => this.#hasRead(bytes, records);
      const random = this.#random.fork();
      const daemon = this.#daemon;
      const leaveWatch = this.#leaveWatch;
      this.#oracles.push(oracle);
      this.#clients.push(
        new SimulatedClient({ world, daemon, plan, script, oracle, random, leaveWatch, onRead }),
      );
    }
    for (const change of life.changes) world.after(change.at, () => this.#change(change));
    world.after(life.faultsEndAt, () => this.#endFaults());
    if (life.ending !== 'calm') world.after(life.endsAt, () => this.#end(life.ending));
    await this.#runUntil('the life ends', () => this.#phase === 'ended');
    this.#endFaults();
    await this.#runUntil(
      'peers have read everything',
      () => !destinations.some((destination) => destination.busy),
    );
    this.#settle();
  }

  async #runUntil(what: string, done: () => boolean): Promise<void> {
    const reached = await runTimers(this.#world.clock, () => this.#world.violation !== null || done());
    if (!reached) this.#world.violated('it goes on', `nothing happens any more before ${what}`);
  }

  #hasRead(bytes: number, records: number): void {
    // A record grows by the time member; an entry of a queue has a fixed cost beside its lines.
    this.#largestBatchBytes = Math.max(this.#largestBatchBytes, bytes + records * 40 + 512);
    checkQueues(this.#world, this.#daemon.situation.enabled, this.#largestBatchBytes);
    this.#mostTakenBytes = Math.max(this.#mostTakenBytes, bytes);
    const largestRead = Math.max(...this.#clients.map((client) => client.largestRead));
    checkMemory(this.#world, this.#daemon, this.#mostTakenBytes + largestRead);
  }

  #fault(destination: Destination, fault: Fault): void {
    if (this.#phase !== 'faults' && this.#phase !== 'stopping') return;
    if (fault.kind === 'trouble') {
      destination.setTrouble(fault.trouble);
      this.#world.after(fault.ms, () => this.#endTrouble(destination, fault.trouble));
      return;
    }
    const device = this.#deviceAt(destination);
    if (device === undefined) return;
    if (fault.kind === 'vanish') device.device.vanish();
    else device.device.breakOff(fault.inOrder);
  }

  #endTrouble(destination: Destination, trouble: Trouble): void {
    if (destination.trouble === trouble) destination.setTrouble('none');
  }

  #endFaults(): void {
    if (this.#phase === 'faults') {
      this.#phase = 'quiet';
      if (this.#settings.life.ending === 'calm') this.#awaitCalm();
    }
    for (const destination of this.#settings.destinations) {
      if (destination.trouble !== 'none') destination.setTrouble('none');
    }
  }

  #awaitCalm(): void {
    const vanished = this.#settings.life.devices.some((plan) =>
      plan.faults.some((it) => it.kind === 'vanish'),
    );
    const until = this.#world.clock.now() + (vanished ? calmAfterVanishMs : calmMs);
    const look = (): void => {
      const restless = this.#restless();
      if (restless === null) this.#end('calm');
      else if (this.#world.clock.now() > until) this.#world.violated('it goes on', restless);
      else this.#world.after(calmReviewMs, look);
    };
    look();
  }

  /** What is still going on; null when nothing is. */
  #restless(): string | null {
    if (this.#changing > 0 || this.#daemon.closing) return 'a change of devices does not end';
    for (const { lane, destination } of this.#daemon.situation.enabled) {
      const { state, queueRecords } = lane.status();
      if (state !== 'ok' || queueRecords > 0) return `${lane.path} is ${state} with ${queueRecords} records`;
      if (destination.busy) return `${lane.path} has lines under way`;
    }
    const busy = this.#clients.findIndex((client) => !client.finished);
    return busy === -1
      ? null
      : `client ${busy} waits, with ${this.#clients[busy]!.inFlightRecords} records in flight`;
  }

  #deviceAt(destination: Destination): EnabledDevice | undefined {
    return this.#daemon.situation.enabled.find((device) => device.destination === destination);
  }

  #change(change: Change): void {
    if (this.#phase !== 'faults') return;
    if (change.kind === 'require') {
      this.#daemon.require(change.requirement);
      return;
    }
    const device = this.#deviceAt(this.#settings.destinations[change.device]!);
    if (device === undefined) return;
    if (change.kind === 'reopen') device.lane.reopen().catch(() => {});
    else void this.#disableForAWhile(device);
  }

  async #disableForAWhile(device: EnabledDevice): Promise<void> {
    this.#changing++;
    await this.#daemon.disable(device, this.#random.chance(0.5));
    device.destination.excuse();
    this.#world.after(this.#random.between(0, 2_000), () => {
      this.#changing--;
      if (this.#daemon.alive && !this.#daemon.situation.stopping) {
        this.#daemon.enable(device.plan, device.destination);
      }
    });
  }

  #end(ending: Life['ending']): void {
    if (this.#phase === 'stopping' || this.#phase === 'ended') return;
    this.#world.event('daemon', ending);
    if (ending === 'kill') {
      this.#daemon.kill();
      this.#ended();
      return;
    }
    this.#phase = 'stopping';
    const bound = this.#world.after(drainMs + 5_000, () =>
      this.#world.violated('it goes on', 'the daemon does not stop'),
    );
    void this.#daemon.stop().then(() => {
      const finish = (): void => {
        if (this.#daemon.closing) {
          this.#world.after(calmReviewMs, finish);
          return;
        }
        bound();
        for (const client of this.#clients) {
          if (client.unheardBytes > 0)
            this.#world.violated(
              'nothing is lost',
              `${client.unheardBytes} bytes of a silent client are not read`,
            );
          client.leave();
        }
        this.#ended();
      };
      finish();
    });
  }

  #ended(): void {
    this.#phase = 'ended';
    this.#endedAt = this.#world.clock.now();
  }

  /** Looks at what is left when a life is over. */
  #settle(): void {
    const { life, destinations } = this.#settings;
    const killed = life.ending === 'kill';
    for (const oracle of this.#oracles) oracle.finish(!killed, this.#endedAt);
    for (const destination of destinations) {
      if (life.ending === 'calm' && unexcused(destination) > 0) {
        const detail = `${unexcused(destination)} records recorded in ${destination.path} are not in its log`;
        this.#world.violated('nothing is lost', detail);
      }
      destination.excuse();
    }
    if (!killed) checkCounters(this.#world, this.#daemon, this.#ledger);
  }
}

/** Records that are lost there although a daemon could have sent them again. */
function unexcused(destination: Destination): number {
  return [...destination.lost].filter((record) => !destination.excused.has(record)).length;
}

import type { Requirement } from '../../config/config.ts';
import type { Clock } from '../../daemon/clock.ts';
import { Broker } from '../../daemon/delivery/broker.ts';
import { Lane } from '../../daemon/delivery/lane.ts';
import { Watchdog } from '../../daemon/delivery/watchdog.ts';
import { ClientConnection } from '../../daemon/ingest/client-connection.ts';
import type { ClientSocket } from '../../daemon/ingest/client-socket.ts';
import type { ConnectionBounds } from '../../daemon/ingest/connection-bounds.ts';
import { ConnectionPlaces } from '../../daemon/ingest/connection-places.ts';
import { type IngestCounters, zeroIngestCounters } from '../../daemon/ingest/ingest-counters.ts';
import type { IngestSettings } from '../../daemon/ingest/ingest-settings.ts';
import { LargeRecords } from '../../daemon/ingest/large-records.ts';
import { readLastBytes } from '../../daemon/ingest/last-bytes.ts';
import { MemoryBudget } from '../../daemon/ingest/memory-budget.ts';
import type { RecordDoor } from '../../daemon/ingest/record-door.ts';
import { Session } from '../../daemon/ingest/session.ts';
import type { SharedBounds } from '../../daemon/ingest/shared-bounds.ts';
import { SilentConnection, type SilentParts } from '../../daemon/ingest/silent-connection.ts';
import { Turns } from '../../daemon/ingest/turns.ts';
import type { Log } from '../../daemon/log/log.ts';
import { DeviceFailure } from '../../devices/device.ts';
import { Formatter } from '../../format/formatter.ts';
import { defaultLineOptions, emptyRecordPolicy } from '../../format/line-options.ts';
import { unauditedPath } from './client-script.ts';
import { ContractWatch } from './contract-watch.ts';
import { createSimulatedDevice } from './create-device.ts';
import type { Destination } from './destination.ts';
import { deaf, type Heard, overheard } from './overheard.ts';
import type { OpenSession, Sabotage, Tell } from './sabotage.ts';
import type { DevicePlan, Life, Replies } from './scenario.ts';
import type { SimulatedDevice } from './simulated-device.ts';
import { SimulatedScanner } from './simulated-scanner.ts';
import type { World } from './world.ts';

const formatter = new Formatter({ ...emptyRecordPolicy, unauditedPaths: [unauditedPath] });

const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** How long an orderly stop lets lanes write what waits. */
export const drainMs = 5_000;

/** How long it then lets clients read what is left. */
const lastClientsMs = 1_000;

/** Longer than any life of the simulator: a test of the connection tries it. */
export const recordTimeoutMs = 600_000;

/** What the daemon can do to the other end of a connection, and see of it, past the socket. */
export type ClientEnd = Pick<SilentParts, 'shutInput' | 'peerGone'>;

/** A device while it is enabled. */
export interface EnabledDevice {
  readonly plan: DevicePlan;
  readonly destination: Destination;
  readonly lane: Lane;
  readonly device: SimulatedDevice;
}

/** The policy and the devices in force, as the oracle has to know them when a record comes in. */
export interface Situation {
  readonly requirement: Requirement;
  readonly enabled: readonly EnabledDevice[];
  readonly stopping: boolean;
}

/** The core of the daemon, assembled as the daemon does it, in a process that can be killed. */
export class SimulatedDaemon {
  readonly counters: IngestCounters = zeroIngestCounters();
  readonly together: SharedBounds;
  readonly broker: Broker;
  readonly limits: Life['limits'];
  readonly bounds: ConnectionBounds;
  readonly #world: World;
  readonly #sabotage: Sabotage;
  readonly #clock: Clock;
  readonly #watchdog: Watchdog;
  readonly #ingest: IngestSettings;
  readonly #ended: EnabledDevice[] = [];
  readonly #connections = new Set<ClientConnection | SilentConnection>();
  /** Of disabled devices. */
  readonly #ending = new Set<Promise<void>>();
  #situation: Situation;
  #alive = true;
  #isStopping = false;

  constructor(world: World, life: Life, sabotage: Sabotage) {
    this.#world = world;
    this.#sabotage = sabotage;
    this.#clock = {
      now: () => world.clock.now(),
      wallTime: () => world.clock.wallTime(),
      random: () => world.clock.random(),
      nextTurn: (callback) =>
        world.clock.nextTurn(() => {
          if (this.#alive) callback();
        }),
      setTimer: (ms, callback) =>
        world.clock.setProgramTimer(ms, () => {
          if (this.#alive) callback();
        }),
    };
    this.broker = new Broker(life.requirement);
    this.limits = life.limits;
    this.bounds = life.bounds;
    this.together = {
      memory: new MemoryBudget(
        () => this.#ingest.limits.totalBytes,
        this.#clock,
        () => {},
      ),
      turns: new Turns(this.#clock, life.turns),
      costs: life.costs,
      places: new ConnectionPlaces(() => 1_000, this.counters),
    };
    sabotage.budget?.(this.together.memory);
    this.#watchdog = new Watchdog(this.#clock, this.broker, silentLog);
    const onDefect = (error: unknown): void => world.violated('no unhandled error', `${error}`);
    const limits = { ...life.limits, connections: 1_000, recordTimeoutMs, stopTimeoutMs: drainMs };
    const random = world.random.fork();
    const large = new LargeRecords({
      formatter,
      broker: this.broker,
      clock: this.#clock,
      bounds: life.large,
      start: (events) => new SimulatedScanner(this.#clock, random, events),
      onDeath: () => {},
    });
    this.#ingest = {
      formatter,
      large,
      broker: this.broker,
      clock: this.#clock,
      counters: this.counters,
      limits,
      onDefect,
    };
    sabotage.ingest?.(this.#ingest);
    this.#situation = { requirement: life.requirement, enabled: [], stopping: false };
    this.#watchdog.start();
  }

  get alive(): boolean {
    return this.#alive;
  }

  get clock(): Clock {
    return this.#clock;
  }

  get ingest(): IngestSettings {
    return this.#ingest;
  }

  /** Whether a stop has begun, be it that what was read is still offered to the devices. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  get connections(): ReadonlySet<ClientConnection | SilentConnection> {
    return this.#connections;
  }

  get situation(): Situation {
    return this.#situation;
  }

  /** Devices that were disabled or stopped. */
  get ended(): readonly EnabledDevice[] {
    return this.#ended;
  }

  /** Whether disabled devices are being closed. */
  get closing(): boolean {
    return this.#ending.size > 0;
  }

  enable(plan: DevicePlan, destination: Destination): void {
    const world = this.#world;
    let device: SimulatedDevice | null = null;
    const lane = new Lane({
      path: destination.path,
      type: destination.settings.transport,
      options: this.#sabotage.laneOptions?.(plan.lane) ?? plan.lane,
      format: formatter.line(defaultLineOptions, 'salt'),
      clock: this.#clock,
      events: {
        onState: (changed, _from, to) => {
          world.event(destination.path, to);
          this.#watchdog.stateChanged(changed, to);
        },
        onWrite: () => {},
      },
      createDevice: (onLost) => {
        device = createSimulatedDevice({
          world,
          destination,
          random: world.random.fork(),
          onLost: (scope, failure) => {
            const heard = this.#sabotage.lost === undefined ? scope : this.#sabotage.lost(scope);
            if (heard !== null) onLost(heard, failure);
          },
        });
        const watched = new ContractWatch(device, world, destination.path);
        return this.#sabotage.device?.(watched) ?? watched;
      },
    });
    this.#sabotage.destination?.(destination);
    this.#sabotage.lane?.(lane, this.#clock);
    this.broker.add(lane);
    const enabled = [...this.#situation.enabled, { plan, destination, lane, device: device! }];
    this.#situation = { ...this.#situation, enabled };
    lane.open().catch((error: unknown) => {
      if (!(error instanceof DeviceFailure)) throw error;
    });
  }

  /** As the device table does when a device is removed, with some time to drain or none. */
  async disable(device: EnabledDevice, drain: boolean): Promise<void> {
    this.broker.remove(device.lane);
    this.#situation = {
      ...this.#situation,
      enabled: this.#situation.enabled.filter((other) => other !== device),
    };
    this.#ended.push(device);
    const ending = this.#drainAndClose(device, drain);
    this.#ending.add(ending);
    await ending;
    this.#ending.delete(ending);
  }

  async #drainAndClose({ lane }: EnabledDevice, drain: boolean): Promise<void> {
    if (drain) await lane.drain(drainMs);
    await lane.close('disabled', 0);
  }

  require(requirement: Requirement): void {
    this.broker.setRequirement(requirement);
    this.#situation = { ...this.#situation, requirement };
  }

  connect(
    replies: Replies,
    socket: ClientSocket,
    heard: Heard,
    end: ClientEnd,
    watch: (door: RecordDoor) => RecordDoor,
  ): ClientConnection | SilentConnection {
    const parts = {
      socket: this.#sabotage.socket?.(socket) ?? socket,
      shared: this.#ingest,
      together: this.together,
      bounds: this.#sabotage.bounds?.(this.bounds) ?? this.bounds,
      openDoor: (tell: Tell, fail: (error: unknown) => void) =>
        watch(this.openSession(replies, tell, fail, heard)),
    };
    const silent = (this.#sabotage.replies?.(replies) ?? replies) === 'none';
    const { shutInput, peerGone } = this.#sabotage.clientEnd?.(end, socket) ?? end;
    const connection = silent
      ? new SilentConnection({ ...parts, shutInput, peerGone })
      : new ClientConnection({ ...parts, replies });
    this.#connections.add(connection);
    void connection.over.then(() => this.#connections.delete(connection));
    return connection;
  }

  openSession(replies: Replies, tell: Tell, fail: (error: unknown) => void, heard: Heard = deaf): RecordDoor {
    const ingest = overheard(this.#ingest, heard);
    const open: OpenSession = (told) => new Session(ingest, { replies, headers: 'apply' }, null, told, fail);
    return this.#sabotage.session?.(open, tell, this.#clock) ?? open(tell);
  }

  /** In order: what was read is answered, what waits is written while there is time, devices are closed. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const { enabled } = this.#situation;
    const until = this.#clock.now() + drainMs;
    const clientsGone = Promise.all([...this.#connections].map((connection) => connection.stop()));
    this.#situation = { ...this.#situation, stopping: true };
    this.broker.stop();
    const silent = [...this.#connections].filter((each) => each instanceof SilentConnection);
    await readLastBytes(this.#clock, silent, drainMs);
    await this.#ingest.large.end(Math.max(0, until - this.#clock.now()));
    const leftMs = Math.max(0, until - this.#clock.now());
    // Replies may be waiting for devices that were disabled, too.
    await Promise.all([
      ...this.#ending,
      ...enabled.map(async ({ lane }) => {
        await lane.drain(leftMs);
        await lane.close('stopping', 0);
      }),
    ]);
    const cancel = this.#clock.setTimer(lastClientsMs, () => {
      for (const connection of this.#connections) connection.destroy();
    });
    await clientsGone;
    cancel();
    this.#ended.push(...enabled);
    this.#situation = { ...this.#situation, enabled: [] };
    this.#watchdog.stop();
  }

  /** Everything in memory is gone at once. */
  kill(): void {
    this.#alive = false;
    for (const { device } of [...this.#situation.enabled, ...this.#ended]) device.kill();
  }
}

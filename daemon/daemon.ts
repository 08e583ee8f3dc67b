import { Registry } from 'prom-client';
import type { Config } from '../config/config.ts';
import { Formatter } from '../format/formatter.ts';
import { AdminServer, type PreparedAdmin } from './admin/admin-server.ts';
import { Control } from './admin/control.ts';
import { type Clock, systemClock } from './clock.ts';
import { Broker } from './delivery/broker.ts';
import type { LaneEvents } from './delivery/lane.ts';
import { Watchdog } from './delivery/watchdog.ts';
import { zeroIngestCounters } from './ingest/ingest-counters.ts';
import { type ListenerChange, ListenerTable } from './ingest/listener-table.ts';
import type { IngestSettings } from './ingest/session.ts';
import type { Log } from './log/log.ts';
import { readBuildInfo } from './monitoring/build-info.ts';
import type { Phase } from './monitoring/health.ts';
import { createMetrics, type Metrics } from './monitoring/metrics.ts';
import { MonitoringServer, type PreparedServer } from './monitoring/monitoring-server.ts';
import type { StatusSource } from './monitoring/status-routes.ts';
import { Refused } from './refused.ts';
import { openStateDirectory } from './state/state-directory.ts';
import { emptyTable } from './state/stored-table.ts';
import { openTableStore, type TableStore } from './state/table-store.ts';
import { StopSteps } from './stop-steps.ts';
import type { Configuration } from './table/configuration.ts';
import { declaredDevices } from './table/declared-devices.ts';
import type { DeviceChange } from './table/device-change.ts';
import { DeviceTable } from './table/device-table.ts';
import { followPolicy, recordPolicy } from './table/record-policy.ts';

/** A reload that asks for what only a restart can change. Nothing was changed. */
export class ReloadRefused extends Refused {
  override readonly name = 'ReloadRefused';
}

/** The running process: what a start builds, a reload changes and a stop takes down. */
export class Daemon {
  readonly #log: Log;
  readonly #steps: StopSteps;
  readonly #ingest: IngestSettings;
  readonly #build = readBuildInfo();
  readonly #metrics: Metrics;
  readonly #status: StatusSource;
  readonly #monitoring: MonitoringServer;
  readonly #listeners: ListenerTable;
  /** What exists once the start is through. */
  #running: Running | null = null;
  #config: Config;
  #phase: Phase = 'starting';

  private constructor(config: Config, log: Log, clock: Clock) {
    const broker = new Broker(config.require);
    const counters = zeroIngestCounters();
    const lanes = () => broker.lanes.map((lane) => lane.status());
    this.#config = config;
    this.#log = log;
    this.#steps = new StopSteps(log);
    this.#ingest = {
      formatter: new Formatter(recordPolicy(config, emptyTable)),
      broker,
      clock,
      counters,
      limits: config.limits,
    };
    this.#metrics = createMetrics(new Registry(), { lanes, ingest: counters }, this.#build);
    this.#steps.add('metrics', () => this.#metrics.close());
    this.#status = {
      lanes,
      phase: () => this.#phase,
      declared: (path) => this.#running?.devices.declared.get(path)?.declared ?? 'config',
      metrics: this.#metrics,
      get require() {
        return broker.requirement;
      },
    };
    this.#monitoring = new MonitoringServer(this.#status, log);
    this.#listeners = new ListenerTable(this.#ingest, clock, log);
  }

  /**
   * Starts everything. Rejects with `StateRefused`, `SaltRefused`, `DevicesRefused`, `SocketPathRefused`,
   * `ListenRefused` or `AccessRefused`, having undone what it had done.
   */
  static async start(configuration: Configuration, log: Log, clock: Clock = systemClock): Promise<Daemon> {
    const daemon = new Daemon(configuration.config, log, clock);
    try {
      await daemon.#start(configuration);
      return daemon;
    } catch (error) {
      await daemon.#steps.run();
      throw error;
    }
  }

  async #start(configuration: Configuration): Promise<void> {
    const { config } = configuration;
    const { broker, clock, formatter } = this.#ingest;
    const state = await openStateDirectory(config.stateDir);
    this.#steps.add('state directory', () => state.release());
    const store = await openTableStore(state);
    followPolicy(store, formatter, () => this.#config);

    // Up before the devices are, and until they are down: somebody may be watching both.
    await this.#monitoring.commit(await this.#monitoring.prepare(config.metrics?.listen ?? null));
    this.#steps.add('monitoring', () => this.#monitoring.stop());

    const watchdog = new Watchdog(clock, broker, this.#log);
    const events: LaneEvents = {
      onState: (lane, _from, to) => watchdog.stateChanged(lane, to),
      onWrite: (lane, seconds) => this.#metrics.observeWrite(lane.path, seconds),
    };
    const metrics = this.#metrics;
    const devices = new DeviceTable({
      salts: store.salts,
      formatter,
      broker,
      metrics,
      events,
      clock,
      log: this.#log,
    });
    // A device of the API that cannot work must not keep the daemon, and so the API, from starting.
    const declared = await devices.prepare(
      declaredDevices(configuration, store.current),
      (device) => device.declared === 'api',
    );
    await devices.confirm(declared);
    this.#steps.add('watchdog', () => watchdog.stop());
    this.#steps.add('devices', () => this.#stopDevices(devices));
    watchdog.start();

    // The devices go first: a record that comes in the moment a listener is open must find them.
    await devices.commit(declared, 0);
    // Before anybody can enable a device, whose salt is there before it is.
    await devices.destroyOrphanedSalts();
    const control = new Control({ store, devices, ingest: this.#ingest, config: () => this.#config });
    const sources = { control, status: this.#status, version: this.#build.version };
    const admin = new AdminServer(sources, this.#log);
    await admin.commit(await admin.prepare(config.admin));
    this.#steps.add('admin', () => admin.stop());
    this.#steps.add('changes', () => control.stop());
    const listeners = await this.#listeners.prepare(config.listeners);
    this.#steps.add('listeners', () => this.#listeners.closeDoors());
    await this.#listeners.commit(listeners);

    this.#running = { store, devices, control, admin };
    this.#phase = 'running';
  }

  /** Where metrics and health are; null when they are off. */
  get monitoringAddress(): string | null {
    return this.#monitoring.address;
  }

  /** One line for the service manager. */
  get statusText(): string {
    const { broker, counters } = this.#ingest;
    const working = broker.lanes.filter((lane) => lane.state === 'ok' || lane.state === 'slow').length;
    return `${working} of ${broker.lanes.length} devices take records, ${counters.ok} records recorded`;
  }

  /**
   * Goes over to another configuration, then follows log rotations. All that can fail comes first: when it rejects
   * (as `start` does, or with `ReloadRefused`), the daemon runs on as it was.
   */
  async reload(configuration: Configuration): Promise<void> {
    const running = this.#running;
    if (running === null || this.#phase !== 'running') throw new ReloadRefused('the daemon is not running');
    const { stateDir } = configuration.config;
    if (stateDir !== this.#config.stateDir) {
      throw new ReloadRefused(
        `state_dir cannot change while the daemon runs: restart it to use "${stateDir}"`,
      );
    }
    await running.control.alone(() => this.#reload(running, configuration));
  }

  async #reload(running: Running, configuration: Configuration): Promise<void> {
    const { config } = configuration;
    const { devices } = running;
    const prepared = await this.#prepare(running, configuration);
    // In one turn, so that no record meets half of the change.
    this.#ingest.limits = config.limits;
    this.#config = config;
    this.#ingest.broker.setRequirement(config.require);
    // What waits for removed devices and listeners goes on behind it: nobody else is to wait for that.
    void devices.commit(prepared.device, config.limits.stopTimeoutMs);
    await Promise.all([
      this.#listeners.commit(prepared.listeners),
      this.#monitoring.commit(prepared.monitoring),
      running.admin.commit(prepared.admin),
    ]);
    await devices.reopen();
    await devices.destroyOrphanedSalts();
  }

  /** Does all of a reload that can fail, and undoes it when something does. */
  async #prepare({ store, devices, admin }: Running, configuration: Configuration): Promise<Prepared> {
    const { config } = configuration;
    const device = await devices.prepare(declaredDevices(configuration, store.current), () => false);
    const undo = [() => devices.abandon(device)];
    try {
      const listeners = await this.#listeners.prepare(config.listeners);
      undo.unshift(() => this.#listeners.abandon(listeners));
      const monitoring = await this.#monitoring.prepare(config.metrics?.listen ?? null);
      undo.unshift(() => this.#monitoring.abandon(monitoring));
      const access = await admin.prepare(config.admin);
      undo.unshift(() => admin.abandon(access));
      // Last of all that takes time: what a path leads to now is what counts.
      await devices.confirm(device);
      this.#ingest.formatter.setPolicy(recordPolicy(config, store.current));
      return { device, listeners, monitoring, admin: access };
    } catch (error) {
      for (const step of undo) await step();
      throw error;
    }
  }

  /**
   * Stops: no new clients, what was read is answered, lanes write what waits within `stop_timeout`, then devices,
   * sockets and state are closed. Resolves with whether all of that worked.
   */
  async stop(): Promise<boolean> {
    this.#phase = 'stopping';
    return this.#steps.run();
  }

  async #stopDevices(devices: DeviceTable): Promise<void> {
    const { broker, clock } = this.#ingest;
    const drainMs = this.#config.limits.stopTimeoutMs;
    // In one turn: what the connections have read is offered to the devices, what comes after is answered `stopping`.
    const clientsGone = this.#listeners.stop();
    broker.stop();
    await devices.stop(drainMs);
    // Every record has its outcome now; what is left are clients that do not read.
    const cancel = clock.setTimer(1_000, () => this.#listeners.destroy());
    await clientsGone;
    cancel();
  }
}

interface Running {
  readonly store: TableStore;
  readonly devices: DeviceTable;
  readonly control: Control;
  readonly admin: AdminServer;
}

/** What a reload has ready before it changes anything. */
interface Prepared {
  readonly device: DeviceChange;
  readonly listeners: ListenerChange;
  readonly monitoring: PreparedServer;
  readonly admin: PreparedAdmin;
}

import { AdminServer, callMs } from './admin/admin-server.ts';
import { Control } from './admin/control.ts';
import type { DaemonSettings } from './daemon-settings.ts';
import { DaemonState, type Parts, ReloadRefused } from './daemon-state.ts';
import type { Lane, LaneEvents } from './delivery/lane.ts';
import { Watchdog } from './delivery/watchdog.ts';
import { createIngest, type IngestSettings } from './ingest/ingest-settings.ts';
import { ListenerTable } from './ingest/listener-table.ts';
import { defectFields } from './log/defect-fields.ts';
import type { Log } from './log/log.ts';
import { readBuildInfo } from './monitoring/build-info.ts';
import type { Phase } from './monitoring/health.ts';
import { createMetrics, type Metrics } from './monitoring/metrics.ts';
import { MonitoringServer } from './monitoring/monitoring-server.ts';
import type { StatusSource } from './monitoring/status-routes.ts';
import { TroubleWatch } from './monitoring/trouble-watch.ts';
import { abandonReload, commitReload, prepareReload } from './reload.ts';
import { openStateDirectory } from './state/state-directory.ts';
import { emptyTable } from './state/stored-table.ts';
import { openTableStore } from './state/table-store.ts';
import { type StopStepName, stopLimitsMs } from './stop-limits.ts';
import { StopSteps, type StopWork } from './stop-steps.ts';
import type { Configuration } from './table/configuration.ts';
import { declaredDevices } from './table/declared-devices.ts';
import { destroyLeaving } from './table/device-salts.ts';
import { DeviceTable } from './table/device-table.ts';
import { requiredDevices } from './table/opening-rule.ts';
import { ConfiguredReach } from './table/reach.ts';
import { followPolicy, recordPolicy, usePolicy } from './table/record-policy.ts';
import { refuseLeaks } from './table/redaction-refused.ts';

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
  #configuration: Configuration;
  readonly #state = new DaemonState();
  /** Ends what a start or reload waits for. */
  #hurry = (): void => {};

  /**
   * Resolves when everything has started. Rejects, when all that was done is undone, with `StateRefused`, `SaltRefused`,
   * `DevicesRefused`, `SocketPathRefused`, `ListenRefused` or `AccessRefused`, and with `StartRefused` after a stop.
   */
  readonly started: Promise<void>;

  private constructor({ configuration, log, clock, registry, threads }: DaemonSettings) {
    const { config } = configuration;
    const lanes = () => broker.lanes.map((lane) => lane.status());
    this.#configuration = configuration;
    this.#log = log;
    this.#steps = new StopSteps(clock, log);
    this.#ingest = createIngest({
      policy: recordPolicy(config, emptyTable),
      requirement: config.require,
      limits: config.limits,
      clock,
      onDefect: (error) => log.error('client ended by an internal error', defectFields(error)),
      onThreadDeath: (error) => log.error('large records refused by an internal error', defectFields(error)),
    });
    const { broker, counters } = this.#ingest;
    this.#metrics = createMetrics(registry, { lanes, ingest: counters }, this.#build);
    this.#undoWith('metrics', () => this.#metrics.close());
    this.#status = {
      lanes,
      phase: () => this.phase,
      declared: (path) => this.#state.parts?.devices.declared.get(path)?.declared ?? 'config',
      metrics: this.#metrics,
      get require() {
        return broker.requirement;
      },
    };
    this.#monitoring = new MonitoringServer(this.#status, log);
    this.#listeners = new ListenerTable(this.#ingest, clock, log);
    this.started = this.#startOrUndo(configuration, threads);
    // Who stops a start need not ask what became of it.
    this.started.catch(() => {});
  }

  /** Begins to start everything; `started` tells how that ends. */
  static start(settings: DaemonSettings): Daemon {
    return new Daemon(settings);
  }

  get phase(): Phase {
    return this.#state.phase;
  }

  async #startOrUndo(configuration: Configuration, threads: number): Promise<void> {
    try {
      this.#state.run(await this.#start(configuration, threads));
    } catch (error) {
      // A stop that has ended the start undoes what was done itself.
      if (this.phase === 'starting') {
        this.#state.stop();
        await this.#steps.run();
      }
      throw error;
    }
  }

  async #start(configuration: Configuration, threads: number): Promise<Parts> {
    const { config } = configuration;
    const { broker, clock, formatter } = this.#ingest;
    const current = (): Configuration => this.#configuration;
    const state = await openStateDirectory(config.stateDir);
    // Who was cut off may still write there: then the lock is kept, and goes with the process.
    this.#undoWith('state directory', (allEnded) => (allEnded ? state.release() : undefined));
    this.#state.goOn();
    const store = await openTableStore(state);
    followPolicy(store, formatter, current, this.#log);
    await destroyLeaving(store, (path) => config.devices.has(path));

    // Up before the devices are, and until they are down: somebody may be watching both.
    await this.#monitoring.commit(await this.#monitoring.prepare(config.metrics?.listen ?? null));
    this.#undoWith('monitoring', () => this.#monitoring.stop());
    this.#state.goOn();

    const watchdog = new Watchdog(clock, broker, this.#log).start();
    const trouble = new TroubleWatch(this.#ingest, this.#status, this.#log).start();
    this.#undoWith('watchdog', () => [watchdog, trouble].forEach((each) => void each.stop()));
    const events: LaneEvents = {
      onState: (lane, _from, to) => watchdog.stateChanged(lane, to),
      onWrite: (lane, seconds) => this.#metrics.observeWrite(lane.path, seconds),
    };
    const { salts } = store;
    const [metrics, log] = [this.#metrics, this.#log];
    const reach = new ConfiguredReach(current, () => this.#state.listening);
    const settings = { salts, formatter, broker, metrics, events, clock, log, threads, reach };
    const devices = new DeviceTable(settings);
    this.#hurry = () => devices.hurry();
    const table = declaredDevices(configuration, store.current);
    refuseLeaks(recordPolicy(config, store.current), table.devices);
    const ofApi = (path: string): boolean => table.devices.get(path)!.declared === 'api';
    const declared = await devices.prepare(table, requiredDevices(config.require, ofApi));
    await devices.confirm(declared);
    // The devices go first: a record that comes in the moment a listener is open must find them.
    await devices.commit(declared, 0);
    this.#undoWith('devices', () => this.#stopDevices(devices));
    this.#state.goOn();

    await devices.salts.noteUnused();
    const control = new Control({ store, devices, ingest: this.#ingest, configuration: current });
    const sources = { control, status: this.#status, version: this.#build.version };
    const admin = new AdminServer(sources, this.#log, callMs);
    await admin.commit(await admin.prepare(config.admin));
    this.#undoWith('admin', () => admin.stop());
    this.#undoWith('changes', () => control.stop());
    this.#state.goOn();

    await this.#listeners.commit(await this.#listeners.prepare(config.listeners));
    this.#undoWith('listeners', () => this.#listeners.closeDoors());
    this.#state.goOn();
    const [monitoring, listeners] = [this.#monitoring, this.#listeners];
    return { ingest: this.#ingest, store, devices, listeners, monitoring, admin, control };
  }

  /** Notes how something that is there now is undone. */
  #undoWith(name: StopStepName, undo: StopWork): void {
    const drainMs = (): number => (name === 'devices' ? this.#configuration.config.limits.stopTimeoutMs : 0);
    this.#steps.add({ name, limitMs: () => drainMs() + stopLimitsMs[name], undo });
  }

  /** Where metrics and health are; null when they are off. */
  get monitoringAddress(): string | null {
    return this.#monitoring.address;
  }

  /** A lane for each device that is enabled. */
  get lanes(): readonly Lane[] {
    return this.#ingest.broker.lanes;
  }

  /** One line for the service manager. */
  get statusText(): string {
    const { broker, counters } = this.#ingest;
    const working = broker.lanes.filter((lane) => lane.status().takes).length;
    return `${working} of ${broker.lanes.length} devices take records, ${counters.ok} records recorded`;
  }

  /**
   * Goes over to another configuration, then follows log rotations. All that can fail comes first: when it rejects
   * (as `started` does, or with `ReloadRefused`), the daemon runs on as it was.
   */
  async reload(configuration: Configuration): Promise<void> {
    const { control } = this.#state.running();
    const { stateDir } = configuration.config;
    if (stateDir !== this.#configuration.config.stateDir) {
      throw new ReloadRefused(
        `state_dir cannot change while the daemon runs: restart it to use "${stateDir}"`,
      );
    }
    await control.alone(() => this.#reload(configuration));
  }

  async #reload(configuration: Configuration): Promise<void> {
    // It may have waited for a change of the API.
    const parts = this.#state.running();
    const prepared = await prepareReload(parts, configuration);
    try {
      this.#state.running();
      usePolicy(parts.ingest.formatter, configuration, parts.store.current, this.#log);
    } catch (error) {
      await abandonReload(prepared);
      throw error;
    }
    this.#configuration = configuration;
    await commitReload(parts, prepared);
    // Devices that are being closed have nothing to open anew.
    if (this.phase !== 'running') return;
    await parts.devices.reopen();
    await parts.devices.salts.noteUnused();
  }

  /**
   * Stops: no new clients, what was read is answered, lanes write what waits within `stop_timeout`, then devices,
   * sockets and state are closed. A start or reload under way is ended. Resolves with whether all of that worked and no
   * device was left without a record, within `stop_timeout` and `stopGraceMs`.
   */
  async stop(): Promise<boolean> {
    if (this.phase === 'starting') this.#undoWith('start', () => this.started.catch(() => {}));
    this.#state.stop();
    this.#hurry();
    return this.#steps.run();
  }

  async #stopDevices(devices: DeviceTable): Promise<boolean> {
    const { broker, clock, large } = this.#ingest;
    const drainMs = this.#configuration.config.limits.stopTimeoutMs;
    const latest = clock.now() + drainMs;
    // In one turn: what the connections have read is offered to the devices, what comes after is answered `stopping`.
    const clientsGone = this.#listeners.stop();
    broker.stop();
    await large.end(await this.#listeners.hearSilent(drainMs));
    const allWell = await devices.stop(Math.max(0, latest - clock.now()));
    // Every record has its outcome now; what is left are clients that do not read.
    const cancel = clock.setTimer(1_000, () => this.#listeners.destroy());
    await clientsGone;
    cancel();
    return allWell;
  }
}

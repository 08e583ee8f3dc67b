import { Registry } from 'prom-client';
import type { Config } from '../../config/config.ts';
import { loadLibc } from '../../devices/transport/libc.ts';
import { systemClock } from '../clock.ts';
import { Daemon } from '../daemon.ts';
import { ListenRefused } from '../http/http-server.ts';
import { defectFields } from '../log/defect-fields.ts';
import { createLog, type Log, type SwitchableLog } from '../log/log.ts';
import { stderrOutput } from '../log/log-stderr.ts';
import { stopGraceMs } from '../stop-limits.ts';
import { loadConfiguration } from '../table/configuration.ts';
import { threadsOf } from '../table/file-threads.ts';
import { leaveBehind } from './leave-behind.ts';
import { memoryFault, ownMemoryLimit } from './memory-limit.ts';
import { returnMemory } from './memory-return.ts';
import { createNotifier, type Notifier } from './notify.ts';
import { openDatagramSender } from './notify-socket.ts';
import { openFilesFault } from './open-files.ts';
import { explainRefusal } from './refusal-text.ts';
import { Signals } from './signals.ts';
import { closeDebugger, type StraySignals } from './stray-signals.ts';
import { welcome } from './welcome.ts';

/** How often the status is renewed without a systemd watchdog, in milliseconds. */
const statusMs = 10_000;

/** What the process may take to end, in milliseconds, once every step of its stop has had its time. */
const lastMs = 1_000;

export interface RunSettings {
  /** Null runs on the embedded default. */
  readonly configFile: string | null;
  /** What is ignored of signals since the process began. */
  readonly straySignals: StraySignals;
}

/**
 * Runs the daemon until a signal ends it; resolves with the exit code: 0 after an orderly stop, 1 when it could not
 * start or stop well. Rejects with `ConfigRefused` before anything has started.
 */
export async function runDaemon(settings: RunSettings): Promise<number> {
  const configuration = await loadConfiguration(settings.configFile);
  let { config } = configuration;
  const clock = systemClock;
  const log = createLog(config.log, stderrOutput());
  settings.straySignals.tellOf((signal) => log.warn('signal ignored', { signal }));
  if (await closeDebugger()) log.warn('debugger closed, which a signal had opened at the start');
  const notifier = createNotifier(process.env, openDatagramSender);
  // Signals count from here on: one that comes during the start stops what has started.
  const longestStopMs = (): number => config.limits.stopTimeoutMs + stopGraceMs + lastMs;
  const signals = new Signals({ clock, log, longestStopMs, endNow });
  endOnDefect(log);
  const stopLiving = liveOn();
  const stopReturning = returnMemory(clock, process.memoryUsage, () => loadLibc()?.trimMemory());
  const threads = threadsOf(process.env);
  const daemon = Daemon.start({ configuration, log, clock, registry: new Registry(), threads });
  const end = (code: number): number => {
    stopLiving();
    stopReturning();
    notifier.close();
    signals.close();
    leaveBehind(code, log);
    return code;
  };
  try {
    await Promise.race([daemon.started, signals.ending]);
  } catch (error) {
    const builtIn = settings.configFile === null && error instanceof ListenRefused;
    const wayOut = builtIn ? ' in a configuration file, and name it behind --config' : '';
    log.error('not started', { error: `${explainRefusal(error)}${wayOut}` });
    return end(1);
  }
  let stopReporting = (): void => {};
  if (daemon.phase === 'running') {
    if (settings.configFile === null) {
      const program = process.argv[1] ?? 'audit-sidecar';
      const searched = (process.env['PATH'] ?? '').split(':');
      process.stdout.write(welcome(config, daemon.monitoringAddress, program, searched));
    }
    tellOfLimits(config, daemon, log);
    log.info('started', { pid: process.pid, devices: configuration.devices.size });
    stopReporting = report(daemon, notifier);
  }
  while ((await signals.next()) === 'SIGHUP') {
    const reloading = reload(daemon, settings.configFile, log, notifier);
    // A stop waits for no reload.
    config = (await Promise.race([reloading, signals.ending])) ?? config;
  }
  log.info('stopping');
  notifier.stopping();
  stopReporting();
  const worked = await daemon.stop();
  log.info('stopped');
  return end(worked ? 0 : 1);
}

/** The configuration that is in force from now on; `undefined` when it was refused and everything is as before. */
async function reload(
  daemon: Daemon,
  file: string | null,
  log: SwitchableLog,
  notifier: Notifier,
): Promise<Config | undefined> {
  notifier.reloading();
  try {
    const configuration = await loadConfiguration(file);
    await daemon.reload(configuration);
    log.use(configuration.config.log);
    tellOfLimits(configuration.config, daemon, log);
    log.info('reloaded', { devices: configuration.devices.size });
    return configuration.config;
  } catch (error) {
    const event = daemon.phase === 'running' ? 'not reloaded, running on as before' : 'not reloaded';
    log.error(event, { error: explainRefusal(error) });
    return undefined;
  } finally {
    // Behind STOPPING=1 it would say that the daemon is up again.
    if (daemon.phase === 'running') notifier.ready(daemon.statusText);
  }
}

function tellOfLimits(config: Config, { lanes }: Daemon, log: Log): void {
  const files = openFilesFault(config, lanes.length);
  if (files !== null) log.warn('too few open files', { error: files });
  const queueBytes = lanes.reduce((sum, lane) => sum + lane.maxLineBytes, 0);
  const memory = memoryFault(config, queueBytes, ownMemoryLimit());
  if (memory !== null) log.warn('too little memory', { error: memory });
}

/** Tells the service manager that the daemon is ready, and from then on that it is alive; returns what ends it. */
function report(daemon: Daemon, notifier: Notifier): () => void {
  notifier.ready(daemon.statusText);
  const timer = setInterval(
    () => {
      notifier.watchdog();
      notifier.status(daemon.statusText);
    },
    Math.min(statusMs, notifier.watchdogMs ?? statusMs),
  );
  timer.unref();
  return () => clearInterval(timer);
}

/** A defect that is not one client's ends the process. */
function endOnDefect(log: Log): void {
  process.on('uncaughtException', (error: unknown) => {
    log.error('internal error', defectFields(error));
    endNow();
  });
}

/** A write to a hung disk keeps a thread, and `process.exit` waits for threads: only this signal ends them for certain. */
function endNow(): void {
  process.kill(process.pid, 'SIGKILL');
}

/**
 * Node ends a process that has nothing but timers of the clock to wait for, and a stop may have no more than that:
 * a device that cannot be reached until the next try. Returns what lets the process end.
 */
function liveOn(): () => void {
  const timer = setInterval(() => {}, 60_000);
  return () => clearInterval(timer);
}

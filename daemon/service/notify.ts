import { spawn } from 'node:child_process';
import type { DatagramSender } from './notify-socket.ts';

/** Tells the service manager how the daemon is doing (sd_notify(3)). Nothing here throws or waits. */
export interface Notifier {
  ready(status: string): void;
  /** A reload has begun; `ready` ends it. */
  reloading(): void;
  stopping(): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
  /** How often `watchdog` should be called: half of what the manager waits; `null` when it does not wait. */
  readonly watchdogMs: number | null;
  watchdog(): void;
  /** Sends nothing more. A `systemd-notify` that runs already still delivers its message. */
  close(): void;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A notifier for the manager that `environment` names; one that does nothing when it names none. Where `open` cannot
 * make a sender, the program `systemd-notify` carries the messages.
 */
export function createNotifier(
  environment: Environment,
  open: (address: string) => DatagramSender | null,
): Notifier {
  const address = environment['NOTIFY_SOCKET'];
  const watchdogMs = watchdogInterval(environment);
  const sender = address ? (open(address) ?? commandSender(environment)) : null;
  const waiting: string[] = [];
  let retry: NodeJS.Timeout | null = null;

  const flush = (): void => {
    retry = null;
    while (sender !== null && waiting.length > 0) {
      if (sender.send(waiting[0]!) === 'later') {
        // The manager is busy. The order matters, so what follows waits as well.
        retry = setTimeout(flush, 50);
        retry.unref();
        return;
      }
      waiting.shift();
    }
  };
  const send = (text: string): void => {
    if (sender === null) return;
    // A start, a reload and a stop need far fewer: a manager that has left so many unread has given us up.
    if (waiting.length >= 32) waiting.shift();
    waiting.push(text);
    if (retry === null) flush();
  };

  return {
    watchdogMs: sender === null ? null : watchdogMs,
    ready: (status) => send(`READY=1\nSTATUS=${oneLine(status)}`),
    // The manager orders reload and ready by this clock; hrtime is CLOCK_MONOTONIC.
    reloading: () => send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => send('STOPPING=1'),
    status: (text) => send(`STATUS=${oneLine(text)}`),
    watchdog() {
      // One that waits already says the same.
      if (!waiting.includes('WATCHDOG=1')) send('WATCHDOG=1');
    },
    close() {
      if (retry !== null) clearTimeout(retry);
      retry = null;
      waiting.length = 0;
      sender?.close();
    },
  };
}

function watchdogInterval(environment: Environment): number | null {
  const { WATCHDOG_USEC: time, WATCHDOG_PID: pid } = environment;
  if (time === undefined || !/^[0-9]+$/.test(time) || Number(time) === 0) return null;
  // Inherited from a service that started us, and meant for that one.
  if (pid !== undefined && pid !== String(process.pid)) return null;
  return Number(time) / 2000;
}

/** Each line of a notification is an assignment: a line end in a text would begin another one. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 500);
}

/** One `systemd-notify` after the other, in order. The unit has to say NotifyAccess=all for it. */
function commandSender(environment: Environment): DatagramSender {
  const queue: string[] = [];
  let running = false;
  const next = (): void => {
    const text = queue.shift();
    running = text !== undefined;
    if (text === undefined) return;
    const child = spawn('systemd-notify', text.split('\n'), {
      stdio: 'ignore',
      env: { PATH: environment['PATH'], NOTIFY_SOCKET: environment['NOTIFY_SOCKET'] },
    });
    child.unref();
    // Not installed: there is nobody left to tell. `close` comes in that case too.
    child.once('error', () => {});
    child.once('close', next);
  };
  return {
    send(text) {
      if (queue.length >= 32) return 'later';
      queue.push(text);
      if (!running) next();
      return 'sent';
    },
    close() {},
  };
}

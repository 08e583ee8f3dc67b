import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';

/** A connection to a sidecar, which keeps no process alive. Nothing is called any more once `gone` was. */
export interface WireEvents {
  opened(): void;
  /** Bytes of replies. */
  read(bytes: Buffer): void;
  /** What was written has left: there is room for more. */
  drained(): void;
  /** It could not be had, or has ended. */
  gone(): void;
}

export interface Wire {
  /** Whether there is room for more right away. */
  write(line: Buffer): boolean;
  /** Ends it without `gone`. */
  destroy(): void;
}

/** Time, chance and connections, from outside, so that tests can have others. */
export interface Surroundings {
  /** Monotonic milliseconds. */
  now(): number;
  /** From 0 up to and without 1. */
  random(): number;
  /** Calls back once; the function that comes back takes that back. `alive`: the process waits for it. */
  setTimer(ms: number, alive: boolean, callback: () => void): () => void;
  dial(path: string, events: WireEvents): Wire;
}

export const machine: Surroundings = {
  now: () => performance.now(),
  random: () => Math.random(),
  setTimer(ms, alive, callback) {
    const timer = setTimeout(callback, ms);
    if (!alive) timer.unref();
    return () => clearTimeout(timer);
  },
  dial(path, events) {
    const socket = connect(path).unref();
    let over = false;
    const gone = (): void => {
      if (over) return;
      over = true;
      socket.destroy();
      events.gone();
    };
    socket.on('connect', () => events.opened());
    socket.on('data', (bytes) => {
      if (!over) events.read(bytes);
    });
    socket.on('drain', () => {
      if (!over) events.drained();
    });
    socket.on('error', gone);
    socket.on('end', gone);
    socket.on('close', gone);
    return {
      write(line) {
        // Records of one turn leave together.
        if (socket.writableCorked === 0) {
          socket.cork();
          setImmediate(() => socket.uncork());
        }
        return socket.write(line);
      },
      destroy() {
        over = true;
        socket.destroy();
      },
    };
  },
};

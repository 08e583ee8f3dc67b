import type { DeviceClock } from '../devices/device.ts';

/**
 * Time, timers and chance, from outside: the core runs on this clock, and in the simulator the same code runs on
 * a virtual one.
 */
export interface Clock extends DeviceClock {
  /** A number from 0 up to and without 1. */
  random(): number;
  /** Calls back in the next turn of the event loop: what has come in until then is seen before. */
  nextTurn(callback: () => void): void;
}

/** The machine's own. Its timers keep the process alive no longer than its sockets do. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  wallTime: () => Date.now(),
  random: () => Math.random(),
  nextTurn: (callback) => void setImmediate(callback),
};

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delayed } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';

// Node samples with a timer of this many milliseconds and reports the whole time between two calls of it.
const resolutionMs = 20;

/** How late the event loop runs timers, since the metrics were last read. `close` ends the watch. */
export function watchEventLoop(registry: Registry): { close(): void } {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  new Gauge({
    name: 'audit_sidecar_event_loop_lag_seconds',
    help: 'How late the event loop ran timers since the last scrape: median, 99th percentile and maximum',
    labelNames: ['stat'],
    registers: [registry],
    async collect() {
      // A scrape that waited for a blocked loop is served before the timer that measures the block. This timer runs
      // after that one; without it the reset below would lose the block.
      await delayed(1);
      const seconds = (nanoseconds: number): number =>
        delay.count === 0 ? 0 : Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000);
      this.set({ stat: 'p50' }, seconds(delay.percentile(50)));
      this.set({ stat: 'p99' }, seconds(delay.percentile(99)));
      this.set({ stat: 'max' }, seconds(delay.max));
      delay.reset();
    },
  });
  return { close: () => void delay.disable() };
}

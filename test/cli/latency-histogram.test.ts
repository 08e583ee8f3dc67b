import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LatencyHistogram } from '../../cli/latency-histogram.ts';

test('percentiles are right to a fortieth', () => {
  const latencies = fc.array(fc.double({ min: 0.002, max: 100_000, noNaN: true }), {
    minLength: 1,
    maxLength: 500,
  });
  fc.assert(
    fc.property(latencies, fc.constantFrom(0.5, 0.9, 0.99, 1), (all, share) => {
      const histogram = new LatencyHistogram();
      for (const latency of all) histogram.add(latency);
      const sorted = [...all].sort((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil(all.length * share) - 1)]!;
      const found = histogram.percentile(share);
      assert.ok(Math.abs(found - exact) <= exact / 40, `${found} for ${exact}`);
      assert.equal(histogram.max, sorted.at(-1));
    }),
  );
});

test('none, zero and hours are latencies too', () => {
  assert.equal(new LatencyHistogram().percentile(0.99), 0);
  const histogram = new LatencyHistogram();
  histogram.add(0);
  assert.equal(histogram.percentile(0.5), 0);
  histogram.add(10 * 3600 * 1000);
  assert.equal(histogram.max, 36_000_000);
  assert.ok(histogram.percentile(1) > 1_000_000);
});

import { randomBytes } from 'node:crypto';
import { Formatter } from '../formatter.ts';
import type { LineOptions, RecordPolicy } from '../line-options.ts';
import { recordStatus } from '../scanned-batch.ts';
import { newCanary, placesOf, recordsWith } from './canary.ts';
import { canaryPositions, positionText } from './canary-positions.ts';
import { Promises } from './promises.ts';

/** A few are enough to see what is wrong. */
const mostLeaks = 3;

/**
 * Looks whether lines keep what the policy promises: a canary in every position of a record goes through the kernel, as records do,
 * for devices with these options and a salt that is thrown away. Returns, for each of them, the places where it came out and must
 * not have. What has to be hidden is computed from the policy's own paths, and not by what is tested. Throws `PolicyRefused`.
 */
export function redactionLeaks(policy: RecordPolicy, devices: readonly LineOptions[]): (readonly string[])[] {
  const formatter = new Formatter(policy);
  const canary = newCanary();
  const positions = canaryPositions(policy);
  const tried = positions.flatMap((position) =>
    recordsWith(canary, position).map((record) => ({ position, record })),
  );
  const batch = formatter.scan([Buffer.from(tried.map(({ record }) => `${record}\n`).join(''))], 'apply', 0);
  // Whose lines are which: a rule may leave some out.
  const written = tried.filter((_, index) => batch.statuses[index] === recordStatus.kept);
  const promises = new Promises(policy);
  const known = new Map<string, readonly string[]>();
  try {
    return devices.map((options) => {
      const key = JSON.stringify({ ...options, prefix: '' });
      const found = known.get(key) ?? leaksOf({ ...options, prefix: '' });
      known.set(key, found);
      return found;
    });
  } finally {
    batch.release();
  }

  function leaksOf(options: LineOptions): readonly string[] {
    const line = formatter.line(options, randomBytes(32));
    const lines = line.render(batch, Number.POSITIVE_INFINITY);
    line.dispose();
    const leaks = new Set<string>();
    let [index, before] = [0, 0];
    for (const place of placesOf(lines.bytes, canary)) {
      if (place < before) index = 0;
      before = place;
      while (lines.ends[index]! <= place) index++;
      const { position } = written[index]!;
      if (promises.mustBeHidden(position, options))
        leaks.add(`${positionText(position.steps)} (${position.kind})`);
    }
    return [...leaks].slice(0, mostLeaks);
  }
}

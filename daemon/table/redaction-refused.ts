import type { RecordPolicy } from '../../format/line-options.ts';
import { redactionLeaks } from '../../format/redaction/self-test.ts';
import { Refused } from '../refused.ts';
import type { DeclaredDevice } from './declared-devices.ts';

/** A device would write what the policy hashes: this build, or the machine, is broken. */
export class RedactionRefused extends Refused {
  override readonly name = 'RedactionRefused';
}

/** What is wrong with the lines of devices, by their paths: places where a canary came out that the policy hashes. */
export function redactionFaults(
  policy: RecordPolicy,
  devices: ReadonlyMap<string, DeclaredDevice>,
): ReadonlyMap<string, string> {
  const leaks = redactionLeaks(
    policy,
    [...devices.values()].map(({ parsed }) => parsed.line),
  );
  const faults = new Map<string, string>();
  for (const [index, path] of [...devices.keys()].entries()) {
    const places = leaks[index]!;
    if (places.length === 0) continue;
    const shown = places.map((place) => JSON.stringify(place)).join(', ');
    faults.set(
      path,
      `Cannot use device "${path}": the redaction self-test found ${shown} readable in its line, which the policy hashes; record nothing with this installation: install the release again, and report it if that does not help`,
    );
  }
  return faults;
}

/** Throws `RedactionRefused` when a device would write what the policy hashes. */
export function refuseLeaks(policy: RecordPolicy, devices: ReadonlyMap<string, DeclaredDevice>): void {
  const [fault] = redactionFaults(policy, devices).values();
  if (fault !== undefined) throw new RedactionRefused(fault);
}

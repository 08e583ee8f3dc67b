import { qualifiedMount } from './fields';
import { NAME } from './layout';
import { MOUNT_REQUEST_KEYS, MOUNT_RESPONSE_KEYS } from './numbers/policy-tables';
import { find, mountNames } from './policy';

// Which keys of `data` stay readable depends on `request.mount_point`, which may come after the data. So the scan goes by
// what it has read so far; when the end of the record says otherwise, the record is scanned again with the right answer.

const UNKNOWN: usize = 1;

let decided: usize = UNKNOWN;
let assumed: usize = UNKNOWN;
let wrong: bool = false;

export function beginMount(): void {
  decided = UNKNOWN;
  assumed = UNKNOWN;
  wrong = false;
}

/** The mount in the policy that the record names, as far as it is read; 0 when there is none. */
function mountNow(): usize {
  const length = qualifiedMount();
  return length < 0 ? 0 : find(mountNames(), NAME, length as usize);
}

/** The keys that stay readable in this part of the record, as a state to `find` in; 0 for none. */
export function clearKeys(response: bool): usize {
  if (mountNames() == 0) return 0;
  let mount = decided;
  if (mount == UNKNOWN) {
    mount = mountNow();
    if (assumed != UNKNOWN && assumed != mount) wrong = true;
    assumed = mount;
  }
  return mount == 0 ? 0 : load<usize>(mount + (response ? MOUNT_RESPONSE_KEYS : MOUNT_REQUEST_KEYS));
}

/** Whether the record, now at its end, must be scanned again; it never is a third time. */
export function mountWasWrong(): bool {
  if (decided != UNKNOWN || assumed == UNKNOWN) return false;
  decided = mountNow();
  return wrong || decided != assumed;
}

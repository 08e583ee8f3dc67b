import { Refused } from '../refused.ts';

/** A salt cannot be used. The message names the file and the way out, and never the salt. */
export class SaltRefused extends Refused {
  override readonly name = 'SaltRefused';
}

import { Refused } from '../refused.ts';

/** Devices that cannot work until an operator changes something. */
export class DevicesRefused extends Refused {
  override readonly name = 'DevicesRefused';
}

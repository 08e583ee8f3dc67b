import { Refused } from '../refused.ts';

/** The state directory cannot be used. The message says why and what an operator can do about it. */
export class StateRefused extends Refused {
  override readonly name = 'StateRefused';
}

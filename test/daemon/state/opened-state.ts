import path from 'node:path';
import type { TestContext } from 'node:test';
import { openStateDirectory, type StateDirectory } from '../../../daemon/state/state-directory.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** A state directory that is new, and released when the test ends. */
export async function openedState(t: TestContext): Promise<StateDirectory> {
  const state = await openStateDirectory(path.join(temporaryDirectory(t), 'state'));
  t.after(() => state.release());
  return state;
}

import { ConfigRefused, formatProblems } from '../../config/problem.ts';
import { ReloadRefused } from '../daemon.ts';
import { ListenRefused } from '../http/http-server.ts';
import { SocketPathRefused } from '../sockets/socket-file.ts';
import { SaltRefused } from '../state/salts.ts';
import { StateRefused } from '../state/state-directory.ts';
import { DevicesRefused } from '../table/devices-refused.ts';

const refusals = [ReloadRefused, DevicesRefused, ListenRefused, SaltRefused, SocketPathRefused, StateRefused];

/** Why a start or reload did not happen, for the operator. An error of no known kind is told by its kind alone. */
export function explainRefusal(error: unknown): string {
  if (error instanceof ConfigRefused) return formatProblems(error.problems);
  for (const refusal of refusals) if (error instanceof refusal) return error.message;
  return `internal error (${error instanceof Error ? error.name : typeof error})`;
}

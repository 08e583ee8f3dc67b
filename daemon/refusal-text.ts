import { ConfigRefused, formatProblems } from '../config/problem.ts';
import { ReloadRefused } from './daemon.ts';
import { DevicesRefused } from './devices-refused.ts';
import { ListenRefused } from './http-server.ts';
import { SaltRefused } from './salts.ts';
import { SocketPathRefused } from './socket-file.ts';
import { StateRefused } from './state-directory.ts';

const refusals = [ReloadRefused, DevicesRefused, ListenRefused, SaltRefused, SocketPathRefused, StateRefused];

/** Why a start or reload did not happen, for the operator. An error of no known kind is told by its kind alone. */
export function explainRefusal(error: unknown): string {
  if (error instanceof ConfigRefused) return formatProblems(error.problems);
  for (const refusal of refusals) if (error instanceof refusal) return error.message;
  return `internal error (${error instanceof Error ? error.name : typeof error})`;
}

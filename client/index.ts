import { Client } from './client.ts';
import { type ClientOptions, settingsOf } from './options.ts';
import { machine } from './surroundings.ts';

export type { Client } from './client.ts';
export type { ClientCounters } from './counters.ts';
export type { ClientState } from './courier.ts';
export type { Entry } from './entry.ts';
export type { ClientOptions, RefusalChoice, RefusalRule } from './options.ts';
export type * from './record.ts';
export type { Refusal, RefusalCode, Verdict } from './verdict.ts';

/**
 * A client of the ingest listener at `path`, with `replies: status` or `devices`. It connects at once, and again whenever
 * that is needed; while there is no connection, records wait. Throws a `TypeError` for options that cannot be used.
 */
export function connect(path: string, options: ClientOptions = {}): Client {
  return new Client(settingsOf(path, options), machine);
}

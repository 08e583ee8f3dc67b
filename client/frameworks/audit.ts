import type { Client } from '../client.ts';
import type { Verdict } from '../verdict.ts';
import { type AuditCounters, zeroAuditCounters } from './counters.ts';
import { LeftOut } from './left-out.ts';
import { type AuditOptions, type AuditRecordType, type AuditSettings, auditSettings } from './settings.ts';

/** What all requests of a server have in common. */
export class Audit<Request> {
  readonly settings: AuditSettings<Request>;
  readonly counters: AuditCounters = zeroAuditCounters();
  readonly leftOut: LeftOut;
  readonly #client: Client;

  /** Throws a `TypeError` for options that cannot be used. */
  constructor(client: Client, options: AuditOptions<Request>) {
    if (typeof client?.record !== 'function') {
      throw new TypeError('Cannot audit: wanted a client, made by connect() of audit-sidecar/client');
    }
    this.#client = client;
    this.settings = auditSettings(options);
    this.leftOut = new LeftOut(this.settings.leaveOut);
  }

  /** Sends a record and tells the application when it is not known to be kept. Never rejects. */
  async record(type: AuditRecordType, requestId: string, text: string): Promise<Verdict> {
    const verdict = await this.#client.record(text);
    if (!verdict.ok) {
      const { code, message, proceed } = verdict;
      this.counters.unrecorded[type]++;
      this.ask(() => this.settings.onUnrecorded?.({ type, requestId, code, message, proceed }));
    }
    return verdict;
  }

  /** What a function of the application's says; `null` when it throws. */
  ask<Answer>(question: () => Answer): Answer | null {
    try {
      return question();
    } catch (error) {
      this.failed(error);
      return null;
    }
  }

  failed(error: unknown): void {
    try {
      this.settings.onError(error);
    } catch {
      // Whoever is told of errors must not make one of a request.
    }
  }

  /** A copy, as things are now. */
  get countersNow(): Readonly<AuditCounters> {
    return { ...this.counters, unrecorded: { ...this.counters.unrecorded } };
  }
}

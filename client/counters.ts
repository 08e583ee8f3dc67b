/** What a client has done since it was made; for the application's own metrics. */
export interface ClientCounters {
  /** Records that were written to a connection; one that was sent again counts again. */
  sent: number;
  /** Records that were written to a connection which ended before their replies came. */
  sentAgain: number;
  /** Verdicts that were `ok`. */
  ok: number;
  /** Other verdicts, by code. */
  refused: Record<string, number>;
  /** Connections that were made. */
  connections: number;
  /** Connections that were ended from here, because a reply did not come or was none. */
  connectionsGivenUp: number;
}

export function zeroCounters(): ClientCounters {
  return { sent: 0, sentAgain: 0, ok: 0, refused: {}, connections: 0, connectionsGivenUp: 0 };
}

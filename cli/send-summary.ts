import { visible } from '../config/visible-text.ts';
import { answered, type Tally } from './tally.ts';

/** What `send --json` prints. */
export interface SendSummary {
  readonly sent: number;
  readonly ok: number;
  /** Refused records by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Sent, and the connection ended before their reply: they may be recorded or not. */
  readonly unanswered: number;
  readonly seconds: number;
  readonly records_per_second: number;
  readonly latency_ms: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The first few refusals. */
  readonly refusals: readonly { readonly line: number; readonly code: string; readonly message: string }[];
  /** Why it ended early; null when the input was sent to its end and every record answered. */
  readonly failure: string | null;
}

export function summarise(tally: Tally, milliseconds: number, failure: string | null): SendSummary {
  const { latency } = tally;
  return {
    sent: tally.sent,
    ok: tally.ok,
    refused: Object.fromEntries(tally.refused),
    unanswered: tally.sent - answered(tally),
    seconds: rounded(milliseconds / 1000),
    records_per_second: milliseconds === 0 ? 0 : Math.round((answered(tally) / milliseconds) * 1000),
    latency_ms: {
      p50: rounded(latency.percentile(0.5)),
      p99: rounded(latency.percentile(0.99)),
      max: rounded(latency.max),
    },
    refusals: tally.refusals,
    failure,
  };
}

/** The same as lines for a person. */
export function summaryText(summary: SendSummary): string {
  const codes = Object.entries(summary.refused);
  const refused = codes.reduce((total, [, count]) => total + count, 0);
  const { p50, p99, max } = summary.latency_ms;
  const lines = [
    `sent        ${summary.sent}`,
    `ok          ${summary.ok}`,
    `refused     ${refused}${codes.map(([code, count]) => `  ${code} ${count}`).join('')}`,
    `unanswered  ${summary.unanswered}`,
    `rate        ${summary.records_per_second} records/s in ${summary.seconds} s`,
    `latency     p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Line, code and message of the first refusals, and how many more there are. */
export function refusalsText(summary: SendSummary): string {
  const refused = Object.values(summary.refused).reduce((total, count) => total + count, 0);
  const lines = summary.refusals.map(({ line, code, message }) => `line ${line}: ${code}: ${shown(message)}`);
  const more = refused - lines.length;
  if (more > 0) lines.push(`… and ${more} more`);
  return lines.map((line) => `${line}\n`).join('');
}

/** The message comes over a socket. */
function shown(message: string): string {
  return visible(message.length > 300 ? `${message.slice(0, 300)}…` : message);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

import { request } from 'node:http';
import type { DeviceReport, ReadinessReport } from '../daemon/health.ts';
import { connectionFault } from './connection-fault.ts';
import { CommandFailed } from './refusals.ts';

const patienceMs = 10_000;
/** A thousand devices with long error messages. */
const longestBody = 4 * 1024 * 1024;

/** Asks a daemon for `/readyz`. Throws `CommandFailed` when it cannot be reached or answers something else. */
export async function fetchReadiness(
  from: { readonly url: URL } | { readonly socket: string },
): Promise<ReadinessReport> {
  const where = 'url' in from ? from.url.href : from.socket;
  const failed = (detail: string): CommandFailed =>
    new CommandFailed(`Cannot ask "${where}" for its status: ${detail}`);
  let answer: { status: number; body: string };
  try {
    answer = await get(from);
  } catch (error) {
    throw failed(reasonOf(error));
  }
  if (answer.status !== 200 && answer.status !== 503) throw failed(`it answers ${answer.status}`);
  let value: unknown;
  try {
    value = JSON.parse(answer.body);
  } catch {
    throw failed('the answer is not JSON');
  }
  if (!isReport(value)) throw failed('the answer is not that of audit-sidecar');
  return value;
}

function get(
  from: { readonly url: URL } | { readonly socket: string },
): Promise<{ status: number; body: string }> {
  const signal = AbortSignal.timeout(patienceMs);
  const target =
    'url' in from
      ? { host: from.url.hostname.replace(/^\[|\]$/g, ''), port: from.url.port }
      : { socketPath: from.socket };
  return new Promise((resolve, reject) => {
    const call = request({ ...target, path: '/readyz', agent: false, signal }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length > longestBody) response.destroy(new Error('too long'));
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    call.on('error', reject);
    call.end();
  });
}

function reasonOf(error: unknown): string {
  const late = error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
  return late ? `no answer within ${patienceMs / 1000} s` : connectionFault(error);
}

function isReport(value: unknown): value is ReadinessReport {
  return isObject(value) && typeof value['ready'] === 'boolean' && isArrayOf(value['devices'], isDevice);
}

function isDevice(value: unknown): value is DeviceReport {
  if (!isObject(value)) return false;
  const texts = ['path', 'type', 'state', 'since'].every((key) => typeof value[key] === 'string');
  const numbers = ['oldest_waiting_seconds', 'queue_records', 'queue_bytes', 'queue_limit_bytes'];
  const error = value['last_error'];
  const errorTexts = (): boolean =>
    isObject(error) && ['reason', 'message', 'at'].every((key) => typeof error[key] === 'string');
  return texts && numbers.every((key) => typeof value[key] === 'number') && (error === null || errorTexts());
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isArrayOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}

import type { DeviceReport, ReadinessReport } from '../daemon/monitoring/health.ts';
import { callFault, type HttpPeer, type HttpReply, httpCall, peerName } from './http-call.ts';
import { isArrayOf, isObject, isText, parsedJson } from './json-shapes.ts';
import { CommandFailed } from './refusals.ts';

const patienceMs = 10_000;

/** Asks a daemon for `/readyz`. Throws `CommandFailed` when it cannot be reached or answers something else. */
export async function fetchReadiness(peer: HttpPeer): Promise<ReadinessReport> {
  const failed = (detail: string): CommandFailed =>
    new CommandFailed(`Cannot ask "${peerName(peer)}" for its status: ${detail}`);
  let answer: HttpReply;
  try {
    answer = await httpCall(peer, { method: 'GET', path: '/readyz', patienceMs });
  } catch (error) {
    throw failed(callFault(error, patienceMs));
  }
  if (answer.status !== 200 && answer.status !== 503) throw failed(`it answers ${answer.status}`);
  const value = parsedJson(answer.body);
  if (value === undefined) throw failed('the answer is not JSON');
  if (!isReport(value)) throw failed('the answer is not that of audit-sidecar');
  return value;
}

function isReport(value: unknown): value is ReadinessReport {
  return isObject(value) && typeof value['ready'] === 'boolean' && isArrayOf(value['devices'], isDevice);
}

function isDevice(value: unknown): value is DeviceReport {
  if (!isObject(value)) return false;
  const texts = ['path', 'type', 'declared', 'state', 'since'].every((key) => isText(value[key]));
  const numbers = ['oldest_waiting_seconds', 'queue_records', 'queue_bytes', 'queue_limit_bytes'];
  const error = value['last_error'];
  const errorTexts = (): boolean =>
    isObject(error) && ['reason', 'message', 'at'].every((key) => isText(error[key]));
  return texts && numbers.every((key) => typeof value[key] === 'number') && (error === null || errorTexts());
}

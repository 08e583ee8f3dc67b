import { visible } from '../config/visible-text.ts';
import type { DeviceReport, ReadinessReport } from '../daemon/monitoring/health.ts';
import { age, size } from './quantities.ts';
import { tableLines } from './text-table.ts';

const reset = '\u001b[0m';
const stateColours: Readonly<Record<DeviceReport['state'], string>> = {
  ok: '\u001b[32m',
  slow: '\u001b[33m',
  blocked: '\u001b[31m',
  failing: '\u001b[31m',
  disabled: '\u001b[2m',
};
const columns = ['DEVICE', 'TYPE', 'DECLARED', 'STATE', 'SINCE', 'OLDEST', 'WAITING', 'LAST ERROR'];
const stateColumn = columns.indexOf('STATE');

/** The report as an aligned table below whom was `asked`, times as ages at `now` (milliseconds since 1970). */
export function statusText(report: ReadinessReport, asked: string, now: number, colour: boolean): string {
  const verdict = report.ready ? 'ready' : `not ready: ${visible(report.reason ?? 'no reason given')}`;
  const head = `${verdict}${troubleText(report.devices)}\n${visible(asked)}`;
  if (report.devices.length === 0) return `${head}\nno devices\n`;
  const rows = [columns, ...report.devices.map((device) => cells(device, now))];
  const lines = tableLines(rows, (cell, row, column) => {
    const state = report.devices[row - 1]?.state;
    const coloured = colour && column === stateColumn && state !== undefined;
    return coloured ? `${stateColours[state] ?? ''}${cell}${reset}` : cell;
  });
  return `${head}\n\n${lines.join('\n')}\n`;
}

/** How many devices take nothing, such as `, 9 of 12 devices failing`; empty when all are well. */
function troubleText(devices: readonly DeviceReport[]): string {
  const counts = (['failing', 'blocked'] as const).map((state) => {
    const count = devices.filter((device) => device.state === state).length;
    return count === 0 ? [] : [`${count} of ${devices.length} devices ${state}`];
  });
  return counts
    .flat()
    .map((text) => `, ${text}`)
    .join('');
}

function cells(device: DeviceReport, now: number): string[] {
  return [
    visible(device.path),
    visible(device.type),
    visible(device.declared),
    visible(device.state),
    age(now - Date.parse(device.since)),
    device.queue_records === 0 ? '-' : age(device.oldest_waiting_seconds * 1000),
    `${device.queue_records} (${size(device.queue_bytes)} of ${size(device.queue_limit_bytes)})`,
    lastErrorText(device, now),
  ];
}

/** A device's last error and its age, or a dash. */
export function lastErrorText({ last_error: error }: DeviceReport, now: number): string {
  if (error === null) return '-';
  return `${age(now - Date.parse(error.at))} ago, ${visible(error.reason)}: ${visible(error.message)}`;
}

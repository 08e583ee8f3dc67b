import type { DeviceReport, ReadinessReport } from '../daemon/health.ts';

const reset = '\u001b[0m';
const stateColours: Readonly<Record<DeviceReport['state'], string>> = {
  ok: '\u001b[32m',
  slow: '\u001b[33m',
  blocked: '\u001b[31m',
  failing: '\u001b[31m',
  disabled: '\u001b[2m',
};
const stateColumn = 2;

/** The report as an aligned table, times as ages at `now` (milliseconds since 1970). */
export function statusText(report: ReadinessReport, now: number, colour: boolean): string {
  const head = report.ready ? 'ready' : `not ready: ${printable(report.reason ?? 'no reason given')}`;
  if (report.devices.length === 0) return `${head}\nno devices\n`;
  const rows = [
    ['DEVICE', 'TYPE', 'STATE', 'SINCE', 'OLDEST', 'WAITING', 'LAST ERROR'],
    ...report.devices.map((device) => cells(device, now)),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row, index) => {
    const padded = row.map((cell, column) => cell.padEnd(widths[column]!));
    const state = report.devices[index - 1]?.state;
    // Padded first: the codes have a length and no width.
    if (colour && state !== undefined)
      padded[stateColumn] = `${stateColours[state] ?? ''}${padded[stateColumn]}${reset}`;
    return padded.join('  ').trimEnd();
  });
  return `${head}\n\n${lines.join('\n')}\n`;
}

function cells(device: DeviceReport, now: number): string[] {
  const { last_error: error } = device;
  return [
    printable(device.path),
    printable(device.type),
    printable(device.state),
    age(now - Date.parse(device.since)),
    device.queue_records === 0 ? '-' : age(device.oldest_waiting_seconds * 1000),
    `${device.queue_records} (${size(device.queue_bytes)} of ${size(device.queue_limit_bytes)})`,
    error === null
      ? '-'
      : `${age(now - Date.parse(error.at))} ago, ${printable(error.reason)}: ${printable(error.message)}`,
  ];
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** In the largest unit that is at least one: `3m`. */
function age(milliseconds: number): string {
  if (Number.isNaN(milliseconds)) return '?';
  for (const [unit, length] of units) {
    if (milliseconds >= length) return `${Math.floor(milliseconds / length)}${unit}`;
  }
  return `${Math.max(0, Math.round(milliseconds))}ms`;
}

function size(bytes: number): string {
  for (const [unit, length] of [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const) {
    if (bytes >= length) return `${Math.round((bytes / length) * 10) / 10}${unit}`;
  }
  return `${bytes}B`;
}

/** An error's message comes from outside; on a terminal it must not move the cursor. */
function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
}

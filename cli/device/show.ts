import type { CommandModule } from 'yargs';
import { visible } from '../../config/visible-text.ts';
import type { DeviceReport } from '../../daemon/monitoring/health.ts';
import { adminPeer, type PlaceArguments, placeOptions } from '../admin/admin-place.ts';
import { fetchDevices, type KnownDevice, namedDevice } from '../admin/known-devices.ts';
import { exitCodes } from '../exit-codes.ts';
import { age, size } from '../quantities.ts';
import { fetchReadiness } from '../readiness.ts';
import { lastErrorText } from '../status-table.ts';
import { switchOption } from '../switch.ts';
import { printJson, printLines } from '../terminal.ts';
import { orDash, tableLines } from '../text-table.ts';

interface ShowArguments extends PlaceArguments {
  readonly path: string;
  readonly json: boolean;
}

const jsonSwitch = switchOption('json', false, 'Print it as JSON');

/** `audit-sidecar device show PATH` */
export function deviceShowCommand(endWith: (code: number) => void): CommandModule<object, ShowArguments> {
  return {
    command: 'show <path>',
    describe: 'Show all there is to know of one device',
    builder: (cli) =>
      placeOptions(
        cli.positional('path', { type: 'string', demandOption: true, describe: 'Path of the device' }),
      )
        .options(jsonSwitch)
        .example('$0 device show siem', ''),
    handler: async (args) => endWith(await show(args)),
  };
}

async function show(args: ShowArguments): Promise<number> {
  const peer = await adminPeer(args);
  const device = namedDevice(await fetchDevices(peer), args.path);
  const { devices: reports } = await fetchReadiness(peer);
  const report = reports.find((each) => each.path === device.path) ?? null;
  if (args.json) printJson({ ...device, ...report });
  else printLines(showText(device, report, Date.now()));
  return exitCodes.ok;
}

function showText(device: KnownDevice, report: DeviceReport | null, now: number): string {
  const rows = [
    ['path', visible(device.path)],
    ['type', visible(device.type)],
    ['description', orDash(visible(device.description))],
    ['local', device.local ? 'yes' : 'no'],
    ...(report === null ? [] : reportRows(report, now)),
    ...Object.entries(device.options).map(([key, value], index) => [
      index === 0 ? 'options' : '',
      visible(`${key}=${value}`),
    ]),
  ];
  return `${tableLines(rows).join('\n')}\n`;
}

function reportRows(report: DeviceReport, now: number): string[][] {
  const waiting =
    report.queue_records === 0 ? '' : `, the oldest for ${age(report.oldest_waiting_seconds * 1000)}`;
  return [
    ['declared', report.declared === 'config' ? 'in the configuration file' : 'through the API'],
    [
      'state',
      `${visible(report.state)} since ${visible(report.since)} (${age(now - Date.parse(report.since))})`,
    ],
    ['last error', lastErrorText(report, now)],
    [
      'waiting',
      `${report.queue_records} records (${size(report.queue_bytes)} of ${size(report.queue_limit_bytes)})${waiting}`,
    ],
  ];
}

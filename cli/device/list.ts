import type { CommandModule } from 'yargs';
import { visible } from '../../config/visible-text.ts';
import type { DeviceReport } from '../../daemon/monitoring/health.ts';
import { adminPeer, type PlaceArguments, placeOptions } from '../admin/admin-place.ts';
import { fetchDevices, type KnownDevice } from '../admin/known-devices.ts';
import { exitCodes } from '../exit-codes.ts';
import { fetchReadiness } from '../readiness.ts';
import { switchOption } from '../switch.ts';
import { printJson, printLines } from '../terminal.ts';
import { orDash, tableLines } from '../text-table.ts';

interface ListArguments extends PlaceArguments {
  readonly detailed: boolean;
  readonly json: boolean;
}

const detailedSwitch = switchOption('detailed', false, 'Show their options too');
const jsonSwitch = switchOption('json', false, 'Print all of it as a JSON array');

/** `audit-sidecar device list` */
export function deviceListCommand(endWith: (code: number) => void): CommandModule<object, ListArguments> {
  return {
    command: 'list',
    describe: 'List the devices, with their state and where they are declared',
    builder: (cli) =>
      placeOptions(cli).options(detailedSwitch).options(jsonSwitch).example('$0 device list --detailed', ''),
    handler: async (args) => endWith(await list(args)),
  };
}

/** A device as `--json` prints it; `null` in the moment that a device comes or goes. */
interface ListedDevice extends KnownDevice {
  readonly state: DeviceReport['state'] | null;
  readonly declared: DeviceReport['declared'] | null;
}

async function list(args: ListArguments): Promise<number> {
  const peer = await adminPeer(args);
  const known = await fetchDevices(peer);
  const { devices: reports } = await fetchReadiness(peer);
  const devices = known.map((device): ListedDevice => {
    const report = reports.find((each) => each.path === device.path);
    return { ...device, state: report?.state ?? null, declared: report?.declared ?? null };
  });
  if (args.json) printJson(devices);
  else printLines(listText(devices, args.detailed));
  return exitCodes.ok;
}

function listText(devices: readonly ListedDevice[], detailed: boolean): string {
  if (devices.length === 0) return 'no devices\n';
  const head = ['PATH', 'TYPE', 'STATE', 'DECLARED', 'DESCRIPTION'];
  const rows = devices.map((device) => {
    const texts = [device.path, device.type, device.state ?? '', device.declared ?? '', device.description];
    if (detailed) texts.push(device.local ? 'yes' : 'no', optionsText(device));
    return texts.map((text) => orDash(visible(text)));
  });
  if (detailed) head.push('LOCAL', 'OPTIONS');
  return `${tableLines([head, ...rows]).join('\n')}\n`;
}

function optionsText({ options }: KnownDevice): string {
  return Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}

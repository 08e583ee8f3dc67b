import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { ConfigProblem, ListenAddress } from '../../config/config.ts';
import { normaliseDevicePath } from '../../config/device-path.ts';
import { inFileOrder } from '../../config/load.ts';
import { type ConfigPath, ConfigRefused } from '../../config/problem.ts';
import type { ReadKeys } from '../../config/schema.ts';
import { AdminTokens } from '../admin/authorization.ts';
import { serverCertificateFaults } from '../admin/server-certificate.ts';
import { tcpPlaceFault } from '../http/tcp-place-fault.ts';
import { Refused } from '../refused.ts';
import { socketPlaceFault } from '../sockets/socket-place-fault.ts';
import { readSaltFile } from '../state/salt-file.ts';
import { StateRefused, stateFiles } from '../state/state-directory.ts';
import { stateDirectoryFault } from '../state/state-directory-fault.ts';
import { storedSaltFault } from '../state/stored-salt-fault.ts';
import { emptyTable, readTable } from '../state/stored-table.ts';
import {
  type Configuration,
  type JudgedEntry,
  judgeConfiguration,
  shownOptionProblem,
} from '../table/configuration.ts';
import { tableRefusals } from '../table/conflict-refusal.ts';
import { declaredDevices } from '../table/declared-devices.ts';
import { DevicesRefused } from '../table/devices-refused.ts';
import { recordPolicy } from '../table/record-policy.ts';
import { redactionFaults } from '../table/redaction-refused.ts';

/** What is wrong with a place on this machine that a key names. */
interface PlaceFault {
  readonly path: ConfigPath;
  readonly message: string;
}

/**
 * Reads a configuration file as `run` does, and looks at the files, folders and sockets that it names as this user finds
 * them. Nothing is opened but files that are read, and nothing is made. Rejects with `ConfigRefused` and all that `run`
 * would refuse, each once, in the order of the file.
 */
export async function checkConfiguration(file: string): Promise<Configuration> {
  const { configuration, problems, keys, devices, source } = await judgeConfiguration(file);
  // The folders of the defaults are made by whoever installs the daemon, and most users cannot.
  const own = (await ownFaults(keys)).filter(({ path }) => source.isWritten(path));
  const ofDevices: PlaceFault[] = [];
  // One after the other: each may read files, and there may be a thousand.
  for (const device of devices) ofDevices.push(...(await deviceFaults(device)));
  const ofSalts = keys.state_dir === undefined ? [] : await saltFaults(keys.state_dir, devices);
  const ofTable = configuration === null ? [] : await tableFaults(configuration);
  const faults = [...own, ...ofDevices, ...ofSalts, ...ofTable].map(({ path, message }) =>
    source.problem(path, message),
  );
  // What a key is refused for already tells enough of it.
  const told = new Set(problems.map(({ key }) => key));
  const all: ConfigProblem[] = [...problems, ...faults.filter(({ key }) => !told.has(key))];
  if (configuration === null || all.length > 0) throw new ConfigRefused(inFileOrder(all));
  return configuration;
}

async function ownFaults({
  state_dir: stateDir,
  listeners,
  admin,
  metrics,
}: Partial<ReadKeys>): Promise<PlaceFault[]> {
  const faults: PlaceFault[] = [];
  const add = (path: ConfigPath, message: string | null): void => {
    if (message !== null) faults.push({ path, message });
  };
  const addPlace = async (path: ConfigPath, at: ListenAddress, group: string | null): Promise<void> => {
    if (at.kind === 'unix') add(path, await socketPlaceFault(at.path, group));
    else add(path, tcpPlaceFault(at.host, at.port));
  };
  if (stateDir !== undefined) add(['state_dir'], await stateDirectoryFault(stateDir));
  for (const [index, listener] of (listeners ?? []).entries()) {
    const { group } = listener;
    if (listener.kind === 'http') await addPlace(['listeners', index, 'http'], listener.address, group);
    else await addPlace(['listeners', index, 'path'], { kind: 'unix', path: listener.path }, group);
  }
  if (admin !== undefined) {
    await addPlace(['admin', 'path'], { kind: 'unix', path: admin.path }, null);
    const { tcp } = admin;
    if (tcp !== null) {
      add(['admin', 'tcp', 'address'], tcpPlaceFault(tcp.address.host, tcp.address.port));
      add(['admin', 'tcp', 'token_file'], await refusalOf(AdminTokens.read(tcp.tokenFile)));
      for (const { key, message } of tcp.tls === null ? [] : await serverCertificateFaults(tcp.tls)) {
        add(['admin', 'tcp', 'tls', key], message);
      }
    }
  }
  if (metrics != null) await addPlace(['metrics', 'listen'], metrics.listen, null);
  return faults;
}

async function deviceFaults(device: JudgedEntry): Promise<PlaceFault[]> {
  const { written, parsed, saltFile } = device;
  const faults = ((await parsed?.faults()) ?? []).map((problem) => ({
    path: ['devices', written, 'options', problem.option],
    message: shownOptionProblem(device, problem),
  }));
  if (saltFile === null) return faults;
  const read = readSaltFile(saltFile, () => {}).then((salt) => salt.fill(0));
  const message = await refusalOf(read);
  return message === null ? faults : [...faults, { path: ['devices', written, 'salt_file'], message }];
}

/** What is wrong with the stored salts of devices in the file; what keeps this user from looking is told of their directory. */
async function saltFaults(stateDir: string, devices: readonly JudgedEntry[]): Promise<PlaceFault[]> {
  const state = stateFiles(stateDir);
  const mayLook = await access(state.path, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!mayLook) return [];
  const faults: PlaceFault[] = [];
  for (const { written, saltFile } of devices) {
    const path = normaliseDevicePath(written);
    const message = saltFile === null && path !== null ? await storedSaltFault(state, path) : null;
    if (message !== null) faults.push({ path: ['devices', written], message });
  }
  return faults;
}

/** What does not go together once what was set up through the API is there, too, where this user may look. */
async function tableFaults(configuration: Configuration): Promise<PlaceFault[]> {
  const { config } = configuration;
  const state = stateFiles(config.stateDir);
  const mayRead = await access(`${state.path}/table.json`, constants.R_OK).then(
    () => true,
    () => false,
  );
  try {
    const stored = mayRead ? await readTable(state) : emptyTable;
    const table = declaredDevices(configuration, stored);
    const refusals = mayRead ? await tableRefusals(table) : [];
    const leaks = redactionFaults(recordPolicy(config, stored), table.devices);
    const faults: PlaceFault[] = [
      ...refusals.map(({ device, message }) => ({ path: ['devices', device], message })),
      ...[...leaks].map(([device, message]) => ({ path: ['devices', device], message })),
    ];
    for (const [device, { declared }] of table.devices) {
      const message = declared === 'api' ? await storedSaltFault(state, device) : null;
      if (message !== null) faults.push({ path: ['devices'], message });
    }
    return faults;
  } catch (error) {
    if (error instanceof StateRefused) return [{ path: ['state_dir'], message: error.message }];
    if (error instanceof DevicesRefused) return [{ path: ['devices'], message: error.message }];
    throw error;
  }
}

/** The message that it is refused with; `null` when it is not. */
async function refusalOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

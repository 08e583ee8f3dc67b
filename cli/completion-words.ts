import { adminPeer, type PlaceArguments } from './admin/admin-place.ts';
import { completedShells } from './completion-scripts.ts';
import { type HttpPeer, httpCall } from './http-call.ts';
import { isObject, parsedJson } from './json-shapes.ts';

/** What the scripts ask with; the name is that of yargs, which answers for commands and options. */
export const completionQuestion = '--get-yargs-completions';

/** A person waits at the prompt. */
const patienceMs = 1500;

/** Options that a value follows. Of `true` the value is a file, or text of the caller's own. */
const valued: Readonly<Record<string, true | 'device'>> = {
  '--address': true,
  '--ca-cert': true,
  '--config': true,
  '-c': true,
  '--description': true,
  '--device': 'device',
  '-d': 'device',
  '--namespace': true,
  '--path': true,
  '--request-keys': true,
  '--response-keys': true,
  '--socket': true,
  '-s': true,
  '--timeout': true,
  '--token-file': true,
  '--url': true,
  '-u': true,
  '--window': true,
  '-w': true,
};

/**
 * What may stand in place of the last of the words behind `audit-sidecar`: types, device paths and options of devices,
 * which only the daemon and the registry know. An empty list leaves it to the shell, which completes files; `null` leaves it to
 * yargs, which knows commands and options.
 */
export async function completionWords(words: readonly string[]): Promise<readonly string[] | null> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const open = valued[before.at(-1) ?? ''];
  if (open !== undefined) return open === 'device' ? devicePaths(before) : [];
  if (current.startsWith('-')) return null;
  const [command, below, ...more] = before.filter(
    (word, index) => !word.startsWith('-') && valued[before[index - 1] ?? ''] === undefined,
  );
  switch (command) {
    case 'check':
    case 'send':
      return [];
    case 'completion':
      return below === undefined ? completedShells : [];
    case 'policy':
      return below === 'explain' ? [] : null;
    case 'header':
      return below === 'set' || below === 'unset' ? headerNames(before) : null;
    case 'salt':
      return below === 'destroy' ? unusedSalts(before) : null;
    case 'device':
      if (below === 'enable')
        return more[0] === undefined ? deviceTypes() : optionsOf(more[0], more.slice(1));
      return below === 'show' || below === 'disable' ? devicePaths(before) : null;
    default:
      return null;
  }
}

async function deviceTypes(): Promise<readonly string[]> {
  return (await import('../devices/registry.ts')).deviceTypes;
}

/** Those that are not there yet, each with the equals sign that its value stands behind. */
async function optionsOf(type: string, typed: readonly string[]): Promise<readonly string[]> {
  const { optionNames } = await import('../devices/registry.ts');
  return optionNames(type)
    .map((name) => `${name}=`)
    .filter((start) => !typed.some((word) => word.startsWith(start)));
}

async function devicePaths(words: readonly string[]): Promise<readonly string[]> {
  const answer = await ask(words, '/v1/sys/audit');
  return isObject(answer['data']) ? Object.keys(answer['data']) : [];
}

async function headerNames(words: readonly string[]): Promise<readonly string[]> {
  const { headers } = await ask(words, '/v1/sys/config/auditing/request-headers');
  return isObject(headers) ? Object.keys(headers) : [];
}

/** Those that can be destroyed: of devices that are gone. */
async function unusedSalts(words: readonly string[]): Promise<readonly string[]> {
  try {
    const { saltsPlace } = await import('./salt/stored-salts.ts');
    const place = await saltsPlace({ ...placeIn(words), config: valueIn(words, '--config', '-c') });
    if (place.kind === 'daemon') {
      const { data } = await askPeer(place.peer, '/v1/sys/audit-salts');
      const salts = isObject(data) ? Object.entries(data) : [];
      return salts.flatMap(([device, salt]) => (isObject(salt) && salt['in_use'] === false ? [device] : []));
    }
    const { saltsAtRest } = await import('./salt/salts-at-rest.ts');
    const { salts } = await saltsAtRest(place.config);
    return salts.flatMap(({ device, inUse }) => (inUse ? [] : [device]));
  } catch {
    return [];
  }
}

/** Asks the daemon that the words speak of; a completion that finds none has nothing to say. */
async function ask(words: readonly string[], path: string): Promise<Record<string, unknown>> {
  try {
    return await askPeer(await adminPeer(placeIn(words)), path);
  } catch {
    return {};
  }
}

async function askPeer(peer: HttpPeer, path: string): Promise<Record<string, unknown>> {
  const answer = parsedJson((await httpCall(peer, { method: 'GET', path, patienceMs })).body);
  return isObject(answer) ? answer : {};
}

function placeIn(words: readonly string[]): PlaceArguments {
  return {
    socket: valueIn(words, '--socket', '-s'),
    address: valueIn(words, '--address'),
    'token-file': valueIn(words, '--token-file'),
    'ca-cert': valueIn(words, '--ca-cert'),
  };
}

/** What stands behind an option; of several the last. */
function valueIn(words: readonly string[], ...names: readonly string[]): string | undefined {
  const at = words.findLastIndex((word) => names.includes(word));
  return at < 0 ? undefined : words[at + 1];
}

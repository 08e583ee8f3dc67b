// Makes room for files that hang: Node's threads for files and name lookups are made when the first of them is needed, as
// many as UV_THREADPOOL_SIZE says then. The loader of ES modules is the first on Node 20, so this is no ES module and comes
// before all that are. It is written so that a Node that is too old for the rest can read it.

const fs: typeof import('node:fs') = require('node:fs');

/** What libuv makes at most, whatever it is told, and by default. */
const mostThreads = 1024;
const usualThreads = 4;

/** What libuv reserves for the stack of each. It is used as far as it is needed, and counts as data all the same. */
const stackBytes = 8 * 1024 * 1024;

/** Threads that are not for files: Node's own, and what stands beside them in the same service. */
const otherTasks = 24;

/** Files of devices that the API may enable beside those of the configuration. A thread costs some 8 KB when it is made. */
const roomForApi = 32;

/** As `ownThreads` in daemon/table/file-threads.ts; a test holds the two together. */
const ownThreads = 12;

/** A larger file is refused as a configuration. */
const mostBytes = 1024 * 1024;

// As in main.ts: which command it is, without reading the words like a command line.
if (process.argv.includes('run', 2)) {
  const files = namedFiles(configurationFile(process.argv.slice(2)));
  // Name lookups take half of the threads at most: that is libuv's own rule.
  const wanted = Math.min(2 * (files + roomForApi + ownThreads), affordableThreads());
  // The operator may know of more.
  const given = Number.parseInt(process.env['UV_THREADPOOL_SIZE'] || '', 10) || 0;
  if (given < wanted) process.env['UV_THREADPOOL_SIZE'] = String(wanted);
}

/** How many the machine lets this process have: libuv ends it without a word when it cannot make one of them. */
function affordableThreads(): number {
  const limits = textOf('/proc/self/limits');
  const soft = (name: string): number => Number((new RegExp(`^${name} +(\\d+)`, 'm').exec(limits) || [])[1]);
  const bounds = [
    mostThreads,
    tasksLeft(),
    // The rest is for records.
    Math.floor(soft('Max data size') / 4 / stackBytes),
    // Other processes of the same user count, too, and how many they are is hard to tell.
    Math.floor(soft('Max processes') / 2),
  ];
  return Math.max(usualThreads, Math.min(...bounds.filter((bound) => !Number.isNaN(bound))));
}

/** What the control group leaves; `NaN` where it has no limit or cannot be asked. */
function tasksLeft(): number {
  const groups = textOf('/proc/self/cgroup');
  const older = /^\d+:pids:(.*)$/m.exec(groups);
  const at = older !== null ? `pids${older[1]}` : (/^0::\/(.*)$/m.exec(groups) || [])[1];
  // In a container the mounted root is the group itself, whatever its path is outside.
  const most = [`/sys/fs/cgroup/${at}`, older === null ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids'].find(
    (group) => textOf(`${group}/pids.max`) !== '',
  );
  if (most === undefined) return Number.NaN;
  return Number(textOf(`${most}/pids.max`)) - Number(textOf(`${most}/pids.current`)) - otherTasks;
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function configurationFile(words: readonly string[]): string | null {
  // Given twice, the last one counts.
  for (let at = words.length - 1; at >= 0; at--) {
    const joined = /^(?:--config=|-c=?)(.+)$/.exec(words[at]!);
    if (joined !== null) return joined[1]!;
    if ((words[at] === '--config' || words[at] === '-c') && at + 1 < words.length) return words[at + 1]!;
  }
  return null;
}

/**
 * How many files of devices a configuration names at most: each stands behind a key `file_path`, or `path` as it was called
 * once. Not by reading the YAML, which would take the modules that come later; if an odd spelling hides one, the daemon says
 * that it is one too many, and what to do.
 */
function namedFiles(file: string | null): number {
  if (file === null) return 1;
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch {
    // What is wrong with it is said when it is read as a configuration.
    return 1;
  }
  try {
    const found = fs.fstatSync(descriptor);
    if (!found.isFile() || found.size > mostBytes) return 1;
    return (fs.readFileSync(descriptor, 'utf8').match(/path["']?\s*:/g) || []).length;
  } catch {
    return 1;
  } finally {
    fs.closeSync(descriptor);
  }
}

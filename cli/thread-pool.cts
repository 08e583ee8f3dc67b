// Makes room for files that hang: Node's threads for files and name lookups are made when the first of them is needed, as
// many as UV_THREADPOOL_SIZE says then. The loader of ES modules is the first on Node 20, so this is no ES module and comes
// before all that are. It is written so that a Node that is too old for the rest can read it.

const fs: typeof import('node:fs') = require('node:fs');

/** What libuv makes at most, whatever it is told. */
const mostThreads = 1024;

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
  const wanted = Math.min(mostThreads, 2 * (files + roomForApi + ownThreads));
  // The operator may know of more.
  const given = Number.parseInt(process.env['UV_THREADPOOL_SIZE'] || '', 10) || 0;
  if (given < wanted) process.env['UV_THREADPOOL_SIZE'] = String(wanted);
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

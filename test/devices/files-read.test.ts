import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { DeviceFailure } from '../../devices/device.ts';
import { OptionsRefused, type OptionTexts, type ParsedDevice } from '../../devices/device-kind.ts';
import { deviceKinds, parseDevice } from '../../devices/registry.ts';
import type { RemoteLimits } from '../../devices/remote-limits.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { LaneStandIn } from './lane-stand-in.ts';
import { makeCertificate, opensslMissing } from './peers/certificates.ts';
import { unheardSettings } from './unheard-settings.ts';

/** What makes a device of each kind read every file it can read. Nobody listens there. */
const bases: Readonly<Record<string, OptionTexts>> = {
  file: { file_path: 'discard' },
  socket: { address: '127.0.0.1:1', tls: 'true' },
  syslog: { address: '127.0.0.1:1', socket_type: 'tcp', tls: 'true' },
  http: { uri: 'https://127.0.0.1:1/' },
};

const allOptions = deviceKinds.flatMap(({ type, options }) =>
  Object.entries(options).map(([name, option]) => ({ type, name, option })),
);
const optionsThatRead = allOptions.filter(({ option }) => option.readsFile);

/** Options with `file` as the value of one of them; what has to stand beside that one is `good`. */
function textsWith(
  type: string,
  name: string,
  file: string,
  good: { cert: string; key: string },
): OptionTexts {
  const pair = { tls_client_cert: good.cert, tls_client_key: good.key };
  return { ...bases[type], ...(name in pair && pair), [name]: file };
}

/** Reads the files as an open does; what that said, or `null` when every file was in order. */
async function reading(context: TestContext, parsed: ParsedDevice): Promise<DeviceFailure | null> {
  const lane = new LaneStandIn(context, parsed.type, {}, parsed.create(unheardSettings));
  try {
    await lane.open();
    return null;
  } catch (error) {
    const failure = lane.checked(error);
    return failure.reason === 'refused' ? null : failure;
  }
}

test('an option whose words ask for the path of a file says that the device reads it', () => {
  for (const { type, name, option } of allOptions) {
    // That one is written.
    if (type === 'file' && name === 'file_path') continue;
    assert.equal(option.readsFile === true, option.wanted.includes('path of a file'), `${type} ${name}`);
  }
});

test('an option with which a device reads a file says so', { skip: opensslMissing }, async (context) => {
  const folder = temporaryDirectory(context);
  const { certFile: cert, keyFile: key } = makeCertificate(folder, 'good', 'DNS:x');
  const reads: string[] = [];
  for (const { type, name } of allOptions) {
    // A file of its own: one of the options makes it.
    const missing = path.join(folder, `${type}-${name}`);
    let parsed: ParsedDevice;
    try {
      parsed = parseDevice(type, textsWith(type, name, missing, { cert, key }));
    } catch (error) {
      assert.ok(error instanceof OptionsRefused);
      continue;
    }
    const failure = await reading(context, parsed);
    if (failure?.message.startsWith('Cannot read')) reads.push(`${type} ${name}`);
  }
  assert.deepEqual(
    reads,
    optionsThatRead.map(({ type, name }) => `${type} ${name}`),
  );
  assert.equal(reads.length, 9);
});

interface Folders {
  readonly root: string;
  readonly outside: string;
  readonly limits: RemoteLimits;
  readonly good: { readonly cert: string; readonly key: string };
  /** A file that fits the option, in the folder `a` of the root and at the same place outside. */
  readonly fileFor: (name: string) => string;
}

function folders(context: TestContext): Folders {
  const directory = temporaryDirectory(context);
  const root = path.join(directory, 'root');
  const outside = path.join(directory, 'outside');
  for (const folder of [root, outside]) mkdirSync(path.join(folder, 'a'), { recursive: true });
  const { certFile, keyFile } = makeCertificate(directory, 'good', 'DNS:x');
  const good = { cert: path.join(root, 'good.crt'), key: path.join(root, 'good.key') };
  copyFileSync(certFile, good.cert);
  copyFileSync(keyFile, good.key);
  return {
    root,
    outside,
    limits: { fileRoots: [root], allowPrefix: false, allowLogRaw: false, allowAddresses: null },
    good,
    fileFor(name) {
      const from = name === 'tls_client_key' ? keyFile : certFile;
      const file = `${name}.pem`;
      copyFileSync(from, path.join(outside, 'a', file));
      copyFileSync(from, path.join(root, 'a', file));
      return path.join(root, 'a', file);
    },
  };
}

const swaps: readonly [what: string, swap: (root: string, outside: string, file: string) => void][] = [
  [
    'the root',
    (root, outside) => {
      renameSync(root, `${root}-before`);
      symlinkSync(outside, root);
    },
  ],
  [
    'a folder below it',
    (root, outside) => {
      renameSync(path.join(root, 'a'), path.join(root, 'before'));
      symlinkSync(path.join(outside, 'a'), path.join(root, 'a'));
    },
  ],
  [
    'the file',
    (root, outside, file) => {
      unlinkSync(file);
      symlinkSync(path.join(outside, path.relative(root, file)), file);
    },
  ],
];

for (const { type, name } of optionsThatRead) {
  test(`through the API ${type} reads ${name} below the roots only`, {
    skip: opensslMissing,
  }, async (context) => {
    const { root, outside, limits, good, fileFor } = folders(context);
    const file = fileFor(name);
    const parse = (at: string): ParsedDevice => parseDevice(type, textsWith(type, name, at, good), limits);
    const link = path.join(root, 'link.pem');
    symlinkSync(path.join(outside, 'a', `${name}.pem`), link);
    for (const refused of [
      path.join(outside, 'a', `${name}.pem`),
      `${root}/../outside/a/${name}.pem`,
      path.relative('.', path.join(outside, 'a', `${name}.pem`)),
      link,
      '/etc/hostname',
      '/nowhere',
    ]) {
      assert.throws(
        () => parse(refused),
        (error) => {
          assert.ok(error instanceof OptionsRefused);
          assert.deepEqual(
            error.problems.map(({ option }) => option),
            [name],
          );
          assert.match(error.message, /admin\.file_roots/);
          return true;
        },
      );
    }
    symlinkSync('a', path.join(root, 'inside'));
    for (const allowed of [file, path.relative('.', file), path.join(root, 'inside', `${name}.pem`)]) {
      assert.equal(await reading(context, parse(allowed)), null, allowed);
    }
    // The operator's own devices have no such limits.
    assert.equal(await reading(context, parseDevice(type, textsWith(type, name, link, good))), null);
  });

  for (const [what, swap] of swaps) {
    test(`${what} that is replaced by a link later is not followed to ${name} of ${type}`, {
      skip: opensslMissing,
    }, async (context) => {
      const { root, outside, limits, good, fileFor } = folders(context);
      const file = fileFor(name);
      // What stands beside it has to be found when the root is another.
      copyFileSync(good.cert, path.join(outside, 'good.crt'));
      copyFileSync(good.key, path.join(outside, 'good.key'));
      const parsed = parseDevice(type, textsWith(type, name, file, good), limits);
      assert.equal(await reading(context, parsed), null);
      swap(root, outside, file);
      const failure = await reading(context, parsed);
      assert.deepEqual([failure?.reason, failure?.permanent], ['permission', true]);
      assert.match(failure!.message, /^Cannot read TLS .* file ".*": it leads to no file below/);
    });
  }
}

test('a folder that is missing below a root is not made for a file that is only read', {
  skip: opensslMissing,
}, async (context) => {
  const { root, limits } = folders(context);
  const file = path.join(root, 'new', 'ca.pem');
  const failure = await reading(
    context,
    parseDevice('http', { ...bases['http'], tls_ca_cert: file }, limits),
  );
  assert.equal(failure?.message, `Cannot read TLS authority file "${file}": no such file or directory`);
  assert.equal(existsSync(path.join(root, 'new')), false);
});

test('a FIFO below a root is refused and not waited for', { skip: opensslMissing }, async (context) => {
  const { root, limits } = folders(context);
  const file = path.join(root, 'fifo');
  execFileSync('mkfifo', [file]);
  const failure = await reading(
    context,
    parseDevice('http', { ...bases['http'], tls_ca_cert: file }, limits),
  );
  assert.deepEqual(
    [failure?.reason, failure?.message, failure?.permanent],
    ['unsuitable', `Cannot read TLS authority file "${file}": it is not a regular file`, true],
  );
});

test('a file that is read may have a mebibyte, and no more', async (context) => {
  const file = path.join(temporaryDirectory(context), 'large.pem');
  const parsed = parseDevice('http', { ...bases['http'], tls_ca_cert: file });
  writeFileSync(file, Buffer.alloc(1024 * 1024));
  assert.match((await reading(context, parsed))!.message, /: it holds no certificate in PEM$/);
  writeFileSync(file, Buffer.alloc(1024 * 1024 + 1));
  assert.match((await reading(context, parsed))!.message, /: it is larger than 1 MiB$/);
});

test('swapping a file and its folder for links without pause gets nothing from outside read', {
  skip: opensslMissing,
}, async (context) => {
  const { root, outside, limits, fileFor } = folders(context);
  const file = fileFor('tls_ca_cert');
  const folder = path.dirname(file);
  // Were it read, the failure would be another one.
  writeFileSync(path.join(outside, 'a', path.basename(file)), 'not in PEM');
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const source = `
    const { renameSync, symlinkSync, unlinkSync } = require('node:fs');
    const { file, folder, outside, stop } = require('node:worker_threads').workerData;
    while (Atomics.load(stop, 0) === 0) {
      for (const [at, to] of [[file, outside + '/a/tls_ca_cert.pem'], [folder, outside + '/a']]) {
        renameSync(at, at + '-kept');
        symlinkSync(to, at);
        unlinkSync(at);
        renameSync(at + '-kept', at);
      }
    }`;
  const parsed = parseDevice('http', { ...bases['http'], tls_ca_cert: file }, limits);
  const swapping = new Worker(source, { eval: true, workerData: { file, folder, outside, stop } });
  const gone = new Promise((resolve) => swapping.once('exit', resolve));
  const said = new Map<string, number>();
  try {
    for (let round = 0; round < 300; round++) {
      const reason = (await reading(context, parsed))?.reason ?? 'read';
      said.set(reason, (said.get(reason) ?? 0) + 1);
    }
  } finally {
    Atomics.store(stop, 0, 1);
    await gone;
  }
  context.diagnostic(JSON.stringify(Object.fromEntries(said)));
  assert.ok(
    [...said.keys()].every((reason) => ['read', 'permission', 'not_found'].includes(reason)),
    JSON.stringify([...said]),
  );
  assert.equal(await reading(context, parsed), null);
  assert.ok(existsSync(path.join(root, 'a')));
});

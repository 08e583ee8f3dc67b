import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../../config/load.ts';
import { memoryFault, memoryLimit } from '../../../daemon/service/memory-limit.ts';
import { runCommand } from '../../cli/command.ts';
import { limitMemory } from '../../hostile/memory-limit.ts';
import { fileDevice } from '../../support/daemon-process.ts';
import { projectRoot } from '../../support/project-root.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const mebibyte = 1024 * 1024;

test('the least that a group or one above it may have is the limit, in both versions, and in a container', (t) => {
  const groups: Readonly<Record<string, string>> = {
    'system.slice/memory.max': '3000\n',
    'system.slice/audit.service/memory.max': '5000\n',
    'free/memory.max': 'max\n',
    'memory/docker/memory.limit_in_bytes': '4000\n',
    'memory/free/memory.limit_in_bytes': '9223372036854771712\n',
    'memory/memory.limit_in_bytes': '9000\n',
  };
  const root = temporaryDirectory(t);
  for (const [file, text] of Object.entries(groups)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  const self = path.join(root, 'self');
  const limits = [
    '0::/system.slice/audit.service\n',
    '0::/free\n',
    '0::/\n',
    '9:cpu,memory:/docker\n0::/\n',
    '9:memory:/free\n',
    "4:memory:/only/the/host's\n",
    '3:cpu:/system.slice\n',
    '',
  ].map((text) => {
    writeFileSync(self, text);
    return memoryLimit(self, root);
  });
  assert.deepEqual(limits, [3_000, null, null, 4_000, 9_000, 9_000, null, null]);
  assert.equal(memoryLimit(path.join(root, 'none'), root), null);
});

test('a limit below what clients and devices may take is told of, with what suffices exactly', () => {
  const limits = { totalBytes: 100 * mebibyte } as Parameters<typeof memoryFault>[0]['limits'];
  const fault = memoryFault({ limits }, 64 * mebibyte, 300 * mebibyte);
  assert.equal(
    fault,
    'Cannot have as much memory as the configuration lets clients and devices take: the control group may have 300 MiB, ' +
      'wanted 424 (limits.total_bytes is 100 MiB, queue_bytes of all devices 64 MiB): ' +
      'set MemoryMax=424M in the unit, or lower limits.total_bytes or the queue_bytes of devices',
  );
  assert.equal(memoryFault({ limits }, 64 * mebibyte, 424 * mebibyte), null);
  assert.equal(memoryFault({ limits }, 64 * mebibyte, null), null);
});

test('the unit has room for the default limits and six devices that are stuck, as its comment says', () => {
  const unit = readFileSync(path.join(projectRoot, 'systemd/audit-sidecar.service'), 'utf8');
  const [, said, gibibytes] = /with (\w+) devices that are stuck.*\nMemoryMax=(\d+)G\n/.exec(unit) ?? [];
  assert.equal(said, 'six');
  const { config } = loadConfig(null);
  const { limits } = config;
  const most = Number(gibibytes) * 1024 * mebibyte;
  const queue = 64 * mebibyte;
  assert.equal(memoryFault({ limits }, 6 * queue, most), null);
  assert.notEqual(memoryFault({ limits }, 7 * queue, most), null);
});

test('check says it of the group that it runs in', async (t) => {
  const folder = temporaryDirectory(t);
  const file = path.join(folder, 'config.yaml');
  writeFileSync(file, JSON.stringify({ state_dir: folder, devices: { 'file/': fileDevice } }));
  const limit = limitMemory(400 * mebibyte);
  t.after(() => limit.remove());
  if (!limit.shown.startsWith('control group')) {
    t.skip('no control group can be made here');
    return;
  }
  const checked = await runCommand(t, ['check', file], { through: limit.words });
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(
    checked.stderr,
    /^note: started from here: Cannot have as much memory .* may have 400 MiB, wanted \d+ /,
  );
});

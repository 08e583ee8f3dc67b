import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { waitFor } from '../support/wait-for.ts';
import { linesOf, recordText } from './batches.ts';
import { fileSubject } from './file-device.ts';

const lineBytes = 5000;

test('a kill in the midst of writing loses no line that was reported recorded, and leaves none torn', async (context) => {
  const { file, lane, lines } = fileSubject(context);
  // Says after each write how many lines are recorded by now.
  const script = `
    import { systemClock } from ${JSON.stringify(new URL('../../daemon/clock.js', import.meta.url).href)};
    import { parseDevice } from ${JSON.stringify(new URL('../../devices/registry.js', import.meta.url).href)};
    import { linesOf, recordTexts } from ${JSON.stringify(new URL('./batches.js', import.meta.url).href)};
    const options = { file_path: ${JSON.stringify(file)} };
    const device = parseDevice('file', options).create({ path: 'f/', clock: systemClock, onLost() {} });
    const { signal } = new AbortController();
    await device.open(signal);
    for (let first = 0; ; first += 40) {
      await device.write(linesOf(recordTexts(first, 40, ${lineBytes})), signal);
      process.send(first + 40);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  context.after(() => child.kill('SIGKILL'));
  let recorded = 0;
  child.on('message', (count: number) => {
    recorded = count;
  });
  await waitFor('a good many lines are recorded', () => recorded >= 400);
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await gone;

  const last = recordText(9_999_999, 100);
  await lane.deliver(linesOf([last]));
  const found = lines();
  assert.equal(found.pop(), last);
  assert.ok(found.length >= recorded, `${found.length} of ${recorded} lines`);
  assert.ok(found.every((text, index) => text === recordText(index, lineBytes)));
});

import assert from 'node:assert/strict';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, patientFileDevice } from './daemon-process.ts';
import { RecordClient } from './record-client.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { eachLineSoFar, finishedLines, linesSoFar, wholeLines, wholeText } from './whole-lines.ts';

test('at whatever byte a writer is, there are only lines that are whole', async (t) => {
  const file = path.join(temporaryDirectory(t), 'log');
  const whole = ['{"a":"ü"}', '', '{"b":2}'];
  const bytes = Buffer.from(whole.map((line) => `${line}\n`).join(''));
  for (let length = 0; length <= bytes.length; length++) {
    const written = bytes.subarray(0, length);
    const lines = whole.slice(0, written.filter((byte) => byte === 0x0a).length);
    writeFileSync(file, written);
    assert.deepEqual(linesSoFar(file), lines);
    const each: string[] = [];
    for await (const line of eachLineSoFar(file)) each.push(line);
    assert.deepEqual(each, lines);
    assert.deepEqual(wholeLines(written.toString()), lines);
    assert.equal(wholeText(written.toString()), lines.map((line) => `${line}\n`).join(''));
    if (length === 0 || written.at(-1) === 0x0a) assert.deepEqual(finishedLines(file), lines);
    else assert.throws(() => finishedLines(file), /is torn/);
  }
});

test('half a line is none while the daemon lives, and a fault once it has stopped', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    devices: { 'file/': patientFileDevice },
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send('{"type":"request"}');
  await client.replied(1);
  const lines = daemon.lines('audit.log');
  assert.equal(lines.length, 1);
  // As it stands there in the midst of a write.
  const file = path.join(daemon.folder, 'audit.log');
  appendFileSync(file, '{"time":"2026-11-27T10');
  assert.deepEqual(daemon.lines('audit.log'), lines);
  assert.ok(daemon.log.endsWith('\n'));
  assert.equal(await daemon.stop(), 0);
  assert.match(daemon.log, / stopped\n$/, 'all that it said is read when it has ended');
  assert.throws(() => daemon.lines('audit.log'), /is torn/);
  truncateSync(file, lines[0]!.length + 1);
  assert.deepEqual(daemon.lines('audit.log'), lines);
});

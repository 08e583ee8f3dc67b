import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LogFields } from '../../../daemon/log/log-line.ts';
import { formatLine } from '../../../daemon/log/log-line.ts';
import { logInto } from '../../support/log-lines.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';

const writer = path.join(import.meta.dirname, 'log-writer.js');

/** Runs a script that has `createLog` and `stderrOutput`, with a pipe as stderr that nobody reads yet. */
function startScript(t: TestContext, script: string): ChildProcess {
  const module = (name: string): string =>
    JSON.stringify(new URL(`../../../daemon/log/${name}.js`, import.meta.url).href);
  const source = `import { createLog } from ${module('log')};
    import { stderrOutput } from ${module('log-stderr')};
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ipc', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

function written(format: 'text' | 'json', event: string, fields?: LogFields): string {
  const lines: string[] = [];
  logInto(lines, 'debug', format).info(event, fields);
  assert.equal(lines.length, 1);
  return lines[0]!;
}

test('an event is one readable line with its time, level and fields', () => {
  const line = written('text', 'device opened', {
    device: 'file/',
    path: '/var/log/a b.log',
    count: 0,
    ok: true,
  });
  assert.equal(
    line,
    '1970-01-01T00:00:00.000Z info  device opened device=file/ path="/var/log/a b.log" count=0 ok=true\n',
  );
});

test('an event is one JSON object when that is asked for', () => {
  const line = written('json', 'device opened', { device: 'file/', count: 0, none: null, event: 'mine' });
  assert.deepEqual(JSON.parse(line), {
    time: '1970-01-01T00:00:00.000Z',
    level: 'info',
    event: 'device opened',
    device: 'file/',
    count: 0,
    none: null,
    event_: 'mine',
  });
});

test('for the journal a line begins with its priority and leaves out what the journal adds', () => {
  const style = { json: false, priority: true };
  assert.equal(formatLine(style, 0, 'error', 'stopped', { code: 1 }), '<3>stopped code=1\n');
  assert.equal(formatLine(style, 0, 'warn', 'x', {}), '<4>x\n');
  assert.equal(formatLine(style, 0, 'info', 'x', {}), '<6>x\n');
  assert.equal(formatLine(style, 0, 'debug', 'x', {}), '<7>x\n');
  assert.match(formatLine({ json: true, priority: true }, 0, 'info', 'x', {}), /^<6>\{"time".*\}\n$/);
});

test('no value can begin a line, an escape sequence or a field of its own', () => {
  const nasty = [
    'a\nb',
    'a\r<0>b',
    'x\u001b[31m',
    'a" b=c',
    'a=b',
    '',
    '\\',
    '\u2028',
    '\u0085',
    '\u202e',
    '\ud800',
    '\u{e0001}',
    '\u007f',
  ];
  for (const format of ['text', 'json'] as const) {
    for (const value of nasty) {
      const line = written(format, `event ${value}`, { key: value, [value]: 1 });
      assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u, line);
      assert.ok(line.endsWith('\n'));
    }
  }
  assert.ok(written('text', 'x', { key: 'a" b=c' }).endsWith(' key="a\\" b=c"\n'));
  assert.equal(JSON.parse(written('json', 'x', { key: 'a\u202e\nb' })).key, 'a\u202e\nb');
});

test('a very long value is cut', () => {
  assert.ok(written('text', 'x', { key: 'y'.repeat(100_000) }).length < 3000);
  assert.ok(written('json', 'z'.repeat(100_000), { key: 'y'.repeat(100_000) }).length < 5000);
});

test('events below the level are not written', () => {
  const lines: string[] = [];
  const log = logInto(lines, 'warn');
  const all = (): void => {
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
  };
  all();
  assert.match(lines.splice(0).join(''), /^\S+ warn {2}c\n\S+ error d\n$/);
  log.use({ format: 'text', level: 'info' });
  all();
  assert.match(lines.splice(0).join(''), /^\S+ info {2}b\n\S+ warn {2}c\n\S+ error d\n$/);
  log.use({ format: 'json', level: 'error' });
  all();
  assert.match(lines.join(''), /^\{.*"level":"error","event":"d"\}\n$/);
});

test('a reader that stops reading holds nothing up, and is told how much it missed', async (t) => {
  const child = spawn(process.execPath, [writer, '30000', '100'], { stdio: ['ipc', 'ignore', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  // Nothing reads the pipe yet. That the message arrives at all is what is tested.
  const [first] = await once(child, 'message');
  assert.equal(first, 'written');
  let text = '';
  child.stderr!.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  // Asked again and again: the first lines after the gap may still find no room.
  let asked = 0;
  let answered = 0;
  child.on('message', () => answered++);
  await waitFor('the gap is reported', () => {
    asked++;
    child.send('again');
    return /log lines left out count=[1-9][0-9]*\n[^\n]*after\n/.test(text);
  });
  await waitFor('all that was asked for is written', () => answered === asked);
  const reported = text.length;
  child.send('again');
  await waitFor('the next line is there', () => text.slice(reported).endsWith('after\n'));
  assert.doesNotMatch(text.slice(reported), /left out/, 'a gap is told once');
});

test('a log that is changed again and again listens to stderr once', async (t) => {
  const child = startScript(
    t,
    `const log = createLog({ format: 'text', level: 'info' }, stderrOutput());
    const before = process.stderr.listenerCount('error');
    for (let time = 0; time < 20; time++) log.use({ format: 'json', level: 'debug' });
    process.send([before, process.stderr.listenerCount('error')]);`,
  );
  const [[before, after]] = (await once(child, 'message')) as [[number, number]];
  assert.ok(before > 0, 'it is a pipe');
  assert.equal(after, before);
});

test('lines left out before a change are told after it, in the new format', async (t) => {
  const child = startScript(
    t,
    `const log = createLog({ format: 'text', level: 'info' }, stderrOutput());
    for (let at = 0; at < 30_000; at++) log.info('line', { text: 'x'.repeat(100) });
    log.use({ format: 'json', level: 'warn' });
    process.on('message', () => { log.info('not written'); log.warn('after'); });
    process.send('written');`,
  );
  await once(child, 'message');
  let text = '';
  child.stderr!.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  // Thousands were left out before the change, a handful after it.
  await waitFor('the gap is reported', () => {
    child.send('again');
    return /"event":"log lines left out","count":[1-9][0-9]{2,}\}\n.*"after"\}\n/s.test(text);
  });
  assert.doesNotMatch(text, /not written/);
});

test('a reader that goes away does not end the daemon', async (t) => {
  const child = spawn(process.execPath, [writer, '10', '10'], { stdio: ['ipc', 'ignore', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  child.stderr!.destroy();
  assert.equal((await once(child, 'message'))[0], 'written');
  child.send('again');
  assert.equal((await once(child, 'message'))[0], 'written again');
});

test('a file as stderr gets every line at once', async (t) => {
  const file = path.join(temporaryDirectory(t), 'log');
  writeFileSync(file, '');
  const descriptor = openSync(file, 'a');
  t.after(() => closeSync(descriptor));
  const child = spawn(process.execPath, [writer, '1000', '100'], { stdio: ['ipc', 'ignore', descriptor] });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'message');
  assert.equal(readFileSync(file, 'utf8').split('\n').length, 1001);
});

test('priorities are written exactly when stderr is the socket that JOURNAL_STREAM names', async (t) => {
  const file = path.join(temporaryDirectory(t), 'journal.sock');
  const received: string[] = [];
  const server = net.createServer((socket) => {
    socket.setEncoding('utf8').on('data', (part: string) => received.push(part));
  });
  server.listen(file);
  await once(server, 'listening');
  t.after(() => server.close());
  for (const journal of [true, false]) {
    received.length = 0;
    // A shell cannot open a UNIX socket: a small process connects, names its own stderr, and becomes the writer.
    const script = `
      const net = require('net'), fs = require('fs'), { spawn } = require('child_process');
      const s = net.connect(${JSON.stringify(file)}, () => {
        const { dev, ino } = fs.fstatSync(s._handle.fd, { bigint: true });
        const JOURNAL_STREAM = ${journal} ? dev + ':' + ino : '1:1';
        spawn(process.execPath, [${JSON.stringify(writer)}, '1', '5', 'end'], {
          stdio: ['ignore', 'ignore', s._handle.fd], env: { ...process.env, JOURNAL_STREAM } })
          .on('exit', () => process.exit());
      });`;
    const child = spawn(process.execPath, ['-e', script], { stdio: 'inherit' });
    await once(child, 'exit');
    await waitFor('the line arrived', () => received.join('').endsWith('\n'));
    assert.match(received.join(''), journal ? /^<6>line / : /^[0-9-]+T[0-9:.]+Z info {2}line /);
  }
});

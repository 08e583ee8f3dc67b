import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Dice } from '../format/random-record.ts';
import { waitFor } from '../support/wait-for.ts';
import { linesOf, recordText } from './batches.ts';
import { fileSubject } from './file-device.ts';

/** `AUDIT_SIDECAR_KILLS=200` for the long form. */
const kills = Number(process.env['AUDIT_SIDECAR_KILLS'] ?? 20);

/** As many bytes as a lane writes at once; every third batch is a single line. */
const batchBytes = 1024 * 1024;

/** The numbers of the records of a batch; no two batches have one in common. */
function batchNumbers(batch: number): number[] {
  return Array.from({ length: batch % 3 === 0 ? 1 : 128 }, (_, index) => batch * 1_000 + index);
}

/** Opens the device and writes one batch after the other; says of each that it is recorded. */
function writer(context: TestContext, file: string, firstBatch: number): ChildProcess {
  const script = `
    import { systemClock } from ${JSON.stringify(new URL('../../daemon/clock.js', import.meta.url).href)};
    import { parseDevice } from ${JSON.stringify(new URL('../../devices/registry.js', import.meta.url).href)};
    import { linesOf, recordText } from ${JSON.stringify(new URL('./batches.js', import.meta.url).href)};
    ${batchNumbers.toString()}
    const options = { file_path: ${JSON.stringify(file)} };
    const device = parseDevice('file', options).create({ path: 'f/', clock: systemClock, onLost() {}, onTrouble() {}, peerBounds: null });
    const { signal } = new AbortController();
    await device.open(signal);
    for (let batch = ${firstBatch}; ; batch++) {
      const numbers = batchNumbers(batch);
      const texts = numbers.map((number) => recordText(number, Math.floor(${batchBytes} / numbers.length) - 1));
      const { failure } = await device.write(linesOf(texts), signal);
      if (failure === null) process.send(batch);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  context.after(() => child.kill('SIGKILL'));
  return child;
}

/** Reads what a file has grown by, as a shipper does that looks again and again; throws when it has shrunk. */
class Poller {
  readonly #fd: number;
  readonly #pieces: Buffer[] = [];
  #read = 0;

  constructor(file: string) {
    this.#fd = openSync(file, 'r');
  }

  look(): void {
    const { size } = statSync(`/proc/self/fd/${this.#fd}`);
    assert.ok(size >= this.#read, `the file has shrunk from ${this.#read} to ${size} bytes`);
    const piece = Buffer.alloc(size - this.#read);
    this.#read += readSync(this.#fd, piece, 0, piece.length, this.#read);
    this.#pieces.push(piece);
  }

  get endsInNewline(): boolean {
    return this.#pieces.findLast((piece) => piece.length > 0)?.at(-1) === 0x0a;
  }

  close(): Buffer {
    closeSync(this.#fd);
    return Buffer.concat(this.#pieces);
  }
}

test('whoever follows the file over kills gets every recorded line, whole lines only, and each once', async (context) => {
  const { directory, file, lane } = fileSubject(context);
  const dice = new Dice(5);
  appendFileSync(file, '');
  const followed = path.join(directory, 'followed');
  const out = openSync(followed, 'w');
  const tail = spawn('tail', ['-n', '+1', '-F', file], { stdio: ['ignore', out, 'ignore'] });
  context.after(() => tail.kill());
  const poller = new Poller(file);
  const recorded: number[] = [];
  let torn = 0;
  let next = 1;
  for (let kill = 0; kill < kills; kill++) {
    const child = writer(context, file, next);
    const wanted = next + dice.below(2);
    child.on('message', (batch: number) => {
      recorded.push(batch);
      next = batch + 1;
      poller.look();
      if (batch < wanted || child.killed) return;
      // In the midst of the next write, as far as that can be seen from here.
      const { size } = statSync(file);
      for (let looks = 0; looks < 100_000 && statSync(file).size === size; looks++) {}
      child.kill('SIGKILL');
    });
    await new Promise((resolve) => child.once('close', resolve));
    // Beyond what may have been written without a word of it.
    next += 100;
    // Where the kill came between two writes, what another would have left.
    const half = Buffer.from(recordText(next * 1_000 + 999, 2_000)).subarray(0, dice.below(2_000));
    poller.look();
    if (poller.endsInNewline) appendFileSync(file, half);
    else torn++;
  }
  await lane.deliver(linesOf([recordText(1, 100)]));
  poller.look();

  const left = readFileSync(file);
  assert.ok(poller.close().equals(left));
  await waitFor('tail has read it all', () => statSync(followed).size >= left.length);
  tail.kill();
  closeSync(out);
  assert.ok(readFileSync(followed).equals(left));

  const found = new Set<number>();
  let lines = 0;
  for (let at = 0; at < left.length; lines++) {
    const end = left.indexOf('\n', at);
    assert.notEqual(end, -1);
    const line = left.toString('utf8', at, end);
    at = end + 1;
    const record = JSON.parse(line) as { number: number; torn?: boolean };
    if (record.torn === true) continue;
    assert.equal(line, recordText(record.number, line.length));
    assert.ok(!found.has(record.number), `${record.number} occurs twice`);
    found.add(record.number);
  }
  for (const number of recorded.flatMap(batchNumbers)) assert.ok(found.has(number), `${number} is not there`);
  context.diagnostic(`${kills} kills, ${torn} of them in the midst of a line; ${lines} lines`);
});

import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { DaemonProcess } from '../../support/daemon-process.ts';
import { RecordClient } from '../../support/record-client.ts';
import { numberedRecord, recordNumbers } from '../../support/records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { linesSoFar } from '../../support/whole-lines.ts';
import { callAdmin } from './admin-client.ts';

const names = ['one', 'two', 'deep/three'] as const;
type Name = (typeof names)[number];

type Step =
  | { readonly kind: 'enable' | 'disable'; readonly name: Name }
  | { readonly kind: 'records'; readonly count: number }
  | { readonly kind: 'restart' | 'kill' }
  | { readonly kind: 'kill while sending'; readonly replies: number }
  | { readonly kind: 'kill while changing'; readonly name: Name; readonly turns: number };

const name = fc.constantFrom(...names);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('enable' as const), name }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('disable' as const), name }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('records' as const), count: fc.integer({ min: 1, max: 300 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'kill' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('kill while sending' as const),
      replies: fc.integer({ min: 1, max: 400 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('kill while changing' as const),
      name,
      turns: fc.integer({ min: 0, max: 30 }),
    }),
  },
);

/** What the table is, by the model, beside the daemon that it is held against. */
class Life {
  readonly #test: TestContext;
  readonly #daemon: DaemonProcess;
  readonly #admin: { readonly socketPath: string };
  /** Devices that are enabled, with what they make of a probe text: it tells their salts apart. */
  readonly #enabled = new Map<Name, string>();
  /** What devices that are gone made of it. */
  readonly #formerHashes = new Set<string>();
  /** Bytes in the file of each device that is not enabled, when it was last seen enabled. */
  readonly #endedAt = new Map<Name, number>();
  readonly #acknowledged = new Set<number>();
  #client: RecordClient | null = null;
  #sent = 0;

  constructor(t: TestContext, daemon: DaemonProcess) {
    this.#test = t;
    this.#daemon = daemon;
    this.#admin = { socketPath: path.join(daemon.folder, 'admin.sock') };
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'enable':
        return this.#enable(step.name);
      case 'disable':
        return this.#disable(step.name);
      case 'records':
        return this.#records(step.count);
      case 'restart':
        assert.equal(await this.#daemon.stop(), 0, this.#daemon.log);
        return this.#startAgain();
      case 'kill':
        await this.#daemon.kill();
        return this.#startAgain();
      case 'kill while sending':
        return this.#killWhileSending(step.replies);
      case 'kill while changing':
        return this.#killWhileChanging(step.name, step.turns);
    }
  }

  async #enable(name: Name): Promise<void> {
    const reply = await this.#callToEnable(name);
    if (this.#enabled.has(name)) {
      assert.deepEqual([reply.status, reply.body], [400, { errors: ['path already in use'] }]);
    } else {
      assert.equal(reply.status, 204, reply.text);
      await this.#noteEnabled(name);
    }
  }

  #callToEnable(name: Name) {
    const options = { file_path: this.#file(name) };
    return callAdmin(this.#admin, 'POST', `/v1/sys/audit/${name}`, { type: 'file', options });
  }

  async #noteEnabled(name: Name): Promise<void> {
    const hash = await this.#hash(name);
    assert.ok(
      hash !== null && !this.#formerHashes.has(hash),
      'a device that is enabled again has a new salt',
    );
    this.#enabled.set(name, hash);
    this.#endedAt.delete(name);
  }

  async #disable(name: Name): Promise<void> {
    const reply = await callAdmin(this.#admin, 'DELETE', `/v1/sys/audit/${name}`);
    assert.equal(reply.status, 204, reply.text);
    this.#noteDisabled(name);
  }

  #noteDisabled(name: Name): void {
    const hash = this.#enabled.get(name);
    if (hash === undefined) return;
    this.#formerHashes.add(hash);
    this.#enabled.delete(name);
    this.#endedAt.set(name, this.#size(name));
  }

  async #records(count: number): Promise<void> {
    const expected = this.#enabled.size > 0;
    const before = await this.#send(count);
    const client = this.#client!;
    const replies = (await client.replied(before.replies + count)).slice(before.replies);
    assert.equal(replies.length, count);
    for (const [index, reply] of replies.entries()) {
      assert.deepEqual([reply.ok, reply.code], expected ? [true, undefined] : [false, 'no_device']);
      if (reply.ok) this.#acknowledged.add(before.sent + index);
    }
  }

  async #send(count: number): Promise<{ sent: number; replies: number }> {
    this.#client ??= await RecordClient.connect(this.#test, this.#daemon.socketPath);
    const before = { sent: this.#sent, replies: this.#client.replies.length };
    this.#client.send(...Array.from({ length: count }, (_, index) => numberedRecord(before.sent + index)));
    this.#sent += count;
    return before;
  }

  async #killWhileSending(replies: number): Promise<void> {
    const before = await this.#send(1000);
    const client = this.#client!;
    await client.replied(before.replies + replies);
    await this.#daemon.kill();
    for (const [index, reply] of client.replies.slice(before.replies).entries()) {
      if (reply.ok) this.#acknowledged.add(before.sent + index);
    }
    await this.#startAgain();
  }

  /** Changes a device and kills the daemon some turns later: the change was made or it was not, never half. */
  async #killWhileChanging(name: Name, turns: number): Promise<void> {
    const wasEnabled = this.#enabled.has(name);
    const call = wasEnabled
      ? callAdmin(this.#admin, 'DELETE', `/v1/sys/audit/${name}`)
      : this.#callToEnable(name);
    const answered = call.then(
      ({ status }) => status === 204,
      () => false,
    );
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
    await this.#daemon.kill();
    await this.#startAgain({ look: false });
    const isEnabled = Object.keys(await this.#table()).includes(`${name}/`);
    if (await answered) assert.notEqual(isEnabled, wasEnabled, 'a change that was answered is kept');
    if (isEnabled && !wasEnabled) await this.#noteEnabled(name);
    if (!isEnabled && wasEnabled) this.#noteDisabled(name);
    await this.look();
  }

  async #startAgain({ look = true } = {}): Promise<void> {
    this.#client = null;
    await this.#daemon.run();
    if (look) await this.look();
  }

  /** Holds the daemon's table, salts and files against the model. */
  async look(): Promise<void> {
    const expected = [...this.#enabled.keys()].map((name) => `${name}/`).sort();
    assert.deepEqual(Object.keys(await this.#table()).sort(), expected);
    const salts = path.join(this.#daemon.folder, 'state/salts');
    // An enable that was killed leaves one, which is kept.
    const stored = existsSync(salts) ? readdirSync(salts) : [];
    for (const at of expected) assert.ok(stored.includes(at.replaceAll('/', '%2f')), `a salt for ${at}`);
    for (const name of names) {
      assert.equal(await this.#hash(name), this.#enabled.get(name) ?? null, `the salt of ${name}`);
      const size = this.#endedAt.get(name);
      if (size !== undefined) assert.equal(this.#size(name), size, `${name} gets nothing after its end`);
    }
  }

  /** Holds all that was ever answered `ok` against all files. */
  lookForAcknowledged(): void {
    const recorded = new Set<number>();
    for (const name of names) {
      if (!existsSync(this.#file(name))) continue;
      const lines = linesSoFar(this.#file(name));
      for (const line of lines) JSON.parse(line);
      for (const number of recordNumbers(lines)) recorded.add(number);
    }
    const missing = [...this.#acknowledged].filter((number) => !recorded.has(number));
    assert.deepEqual(missing, [], 'records answered ok that no file has');
  }

  async #table(): Promise<Record<string, unknown>> {
    return (await callAdmin(this.#admin, 'GET', '/v1/sys/audit')).body.data;
  }

  async #hash(name: Name): Promise<string | null> {
    const reply = await callAdmin(this.#admin, 'POST', `/v1/sys/audit-hash/${name}`, { input: 'probe' });
    return reply.status === 200 ? reply.body.hash : null;
  }

  #file(name: Name): string {
    return path.join(this.#daemon.folder, `${name.replace('/', '-')}.log`);
  }

  #size(name: Name): number {
    return existsSync(this.#file(name)) ? statSync(this.#file(name)).size : 0;
  }
}

test('after any sequence of changes, records, restarts and kills, table, salts and logs are what they should be', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 14, size: 'max' }), async (steps) => {
      const folder = temporaryDirectory(t);
      const daemon = await DaemonProcess.start(t, folder, {
        admin: { path: path.join(folder, 'admin.sock'), file_roots: [folder] },
        devices: {},
      });
      const life = new Life(t, daemon);
      for (const each of steps) {
        await life.take(each);
        await life.look();
      }
      assert.equal(await daemon.stop(), 0, daemon.log);
      life.lookForAcknowledged();
    }),
    // Shrinking would start a hundred daemons more; the sequence that failed is short enough to read.
    { numRuns: 10, endOnFailure: true },
  );
});

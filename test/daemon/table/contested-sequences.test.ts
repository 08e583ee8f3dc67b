import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { DaemonProcess } from '../../support/daemon-process.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { type AdminReply, callAdmin } from '../admin/admin-client.ts';
import { saltFiles } from './contested-daemon.ts';

const paths = ['one', 'two', 'three'] as const;
/** The last is what a rotation makes of the first: no two devices may have both. */
const files = ['a.log', 'b.log', 'a.log.1'] as const;

/** Devices of the configuration file: the file of each path, or none. */
type Declared = Readonly<Partial<Record<(typeof paths)[number], (typeof files)[number]>>>;

type Change =
  | { readonly kind: 'enable'; readonly path: string; readonly file: string }
  | { readonly kind: 'disable'; readonly path: string }
  | { readonly kind: 'reload'; readonly declared: Declared };

/** Changes that are begun at once, and what comes behind them: `kill` after so many turns of the event loop. */
interface Round {
  readonly changes: readonly Change[];
  readonly end: 'settle' | 'restart' | { readonly kill: number };
}

const aPath = fc.constantFrom(...paths);
const aFile = fc.constantFrom(...files);
/** One that `check` finds nothing wrong with: each file once, and only one of the two that a rotation joins. */
const declared: fc.Arbitrary<Declared> = fc.constantFrom<Declared>(
  {},
  { one: 'a.log' },
  { two: 'a.log' },
  { one: 'b.log' },
  { one: 'a.log', two: 'b.log' },
  { three: 'a.log.1', one: 'b.log' },
);
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('enable' as const), path: aPath, file: aFile }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('disable' as const), path: aPath }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reload' as const), declared }) },
);
const round: fc.Arbitrary<Round> = fc.record({
  changes: fc.array(change, { minLength: 2, maxLength: 7 }),
  end: fc.oneof(
    { weight: 4, arbitrary: fc.constant('settle' as const) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
    { weight: 2, arbitrary: fc.record({ kill: fc.integer({ min: 0, max: 40 }) }) },
  ),
});

interface Living {
  readonly declared: 'config' | 'api';
  readonly file: string;
  /** What the device makes of one text: it tells its salt. */
  readonly hash: string;
}

class Life {
  readonly #daemon: DaemonProcess;
  readonly #admin: { readonly path: string; readonly file_roots: readonly string[] };
  /** The configuration in force. */
  #declared: Declared = {};
  /** By path, as they were found after the last round. */
  #living = new Map<string, Living>();

  constructor(daemon: DaemonProcess) {
    this.#daemon = daemon;
    this.#admin = { path: path.join(daemon.folder, 'admin.sock'), file_roots: [daemon.folder] };
  }

  async take({ changes, end }: Round): Promise<void> {
    const before = this.#living;
    const reloads = changes.flatMap((each) => (each.kind === 'reload' ? [each.declared] : []));
    const calls = changes.flatMap((each) => (each.kind === 'reload' ? [] : [this.#call(each)]));
    // A second signal may be taken with the first: one reload a round, in the midst of the calls.
    const next = reloads[0] ?? this.#declared;
    const from = this.#daemon.log.length;
    if (reloads.length > 0) {
      this.#configure(next);
      this.#daemon.signal('SIGHUP');
    }
    const killed = typeof end === 'object';
    if (killed) {
      for (let turn = 0; turn < end.kill; turn++) await new Promise(setImmediate);
      await this.#daemon.kill();
    }
    const replies = await Promise.all(calls);
    if (reloads.length > 0 && !killed) {
      await waitFor('the reload is over', () => / (re|not re)loaded/.test(this.#daemon.log.slice(from)));
    }
    const reloaded = /[^t] reloaded /.test(this.#daemon.log.slice(from));
    if (killed) await this.#startWithEither(next);
    else this.#declared = reloaded ? next : this.#declared;
    this.#configure(this.#declared);
    await this.#look();
    this.#compare(before, this.#living, changes);
    if (!killed) this.#lookAtReplies(changes, replies);
    if (end === 'restart') await this.#restart();
  }

  #call(change: Exclude<Change, { kind: 'reload' }>): Promise<AdminReply | null> {
    const place = { socketPath: this.#admin.path };
    const target = `/v1/sys/audit/${change.path}`;
    const device = (file: string) => ({
      type: 'file',
      options: { file_path: path.join(this.#daemon.folder, file) },
    });
    const call =
      change.kind === 'enable'
        ? callAdmin(place, 'PUT', target, device(change.file))
        : callAdmin(place, 'DELETE', target);
    return call.catch(() => null);
  }

  #configure(declared: Declared): void {
    const devices = Object.entries(declared).map(([name, file]) => [
      `${name}/`,
      { type: 'file', options: { file_path: `FOLDER/${file}` } },
    ]);
    this.#daemon.configure({ admin: this.#admin, devices: Object.fromEntries(devices) });
  }

  /** After a kill in a reload, the table is one that the old configuration goes with, or the new one. */
  async #startWithEither(next: Declared): Promise<void> {
    for (const each of [next, this.#declared]) {
      this.#configure(each);
      const started = await this.#daemon.run().then(
        () => true,
        () => false,
      );
      if (!started) continue;
      this.#declared = each;
      return;
    }
    assert.fail(`no start accepts what is stored: ${this.#daemon.log}`);
  }

  /** A start accepts what is stored, and gives every device back as it was. */
  async #restart(): Promise<void> {
    const before = this.#living;
    assert.equal(await this.#daemon.stop(), 0, this.#daemon.log);
    await this.#daemon.run();
    await this.#look();
    assert.deepEqual(this.#living, before);
  }

  /** Table, living devices, salts and claims agree. */
  async #look(): Promise<void> {
    const place = { socketPath: this.#admin.path };
    const listed = (await callAdmin(place, 'GET', '/v1/sys/audit')).body.data as Record<
      string,
      { options: { file_path: string } }
    >;
    const ready = (await callAdmin(place, 'GET', '/readyz')).body.devices as {
      path: string;
      declared: 'config' | 'api';
    }[];
    this.#living = new Map();
    for (const { path: at, declared } of ready) {
      const { status, body } = await callAdmin(place, 'POST', `/v1/sys/audit-hash/${at.slice(0, -1)}`, {
        input: 'x',
      });
      assert.equal(status, 200);
      const file = path.basename(listed[at]!.options.file_path);
      this.#living.set(at, { declared, file, hash: body.hash });
    }
    assert.deepEqual(Object.keys(listed).sort(), [...this.#living.keys()].sort(), 'the table and the lanes');
    // Those of devices that a reload removed are kept.
    const stored = saltFiles(this.#daemon.folder);
    for (const at of this.#living.keys()) {
      assert.ok(stored.includes(at.replace('/', '%2f')), `a salt for ${at}: ${stored}`);
    }
    const written = [...this.#living.values()].map(({ file }) => file);
    assert.equal(new Set(written).size, written.length, `each file once: ${written}`);
    assert.ok(!(written.includes('a.log') && written.includes('a.log.1')), `${written}`);
    const ofConfig = [...this.#living].filter(([, { declared }]) => declared === 'config');
    assert.deepEqual(
      Object.fromEntries(ofConfig.map(([at, { file }]) => [at.slice(0, -1), file])),
      this.#declared,
      'the operator’s devices are there, each with its file',
    );
  }

  /** A device that nothing ended in the round has the salt it had. */
  #compare(before: Map<string, Living>, now: Map<string, Living>, changes: readonly Change[]): void {
    const ended = new Set(
      changes.flatMap((each) => {
        if (each.kind === 'enable') return [];
        if (each.kind === 'disable') return [`${each.path}/`];
        return paths.filter((name) => each.declared[name] === undefined).map((name) => `${name}/`);
      }),
    );
    for (const [at, device] of before) {
      const found = now.get(at);
      const disabled = changes.some((each) => each.kind === 'disable' && `${each.path}/` === at);
      if (device.declared === 'api' && !disabled) {
        assert.deepEqual(found, device, `${at} is as it was`);
      } else if (!ended.has(at) || (found !== undefined && !disabled)) {
        assert.equal(found?.hash, device.hash, `the salt of ${at}`);
      }
    }
  }

  #lookAtReplies(changes: readonly Change[], replies: readonly (AdminReply | null)[]): void {
    const calls = changes.filter((each) => each.kind !== 'reload');
    for (const [index, reply] of replies.entries()) {
      assert.notEqual(reply, null);
      const { kind } = calls[index]!;
      if (reply!.status === 204) continue;
      assert.equal(reply!.status, 400, reply!.text);
      const wanted =
        kind === 'enable' ? /^(path already in use$|Cannot enable device )/ : /configuration file/;
      assert.match(reply!.body.errors[0], wanted);
    }
  }
}

async function live(t: TestContext, rounds: readonly Round[]): Promise<void> {
  const folder = temporaryDirectory(t);
  const admin = { path: path.join(folder, 'admin.sock'), file_roots: [folder] };
  const daemon = await DaemonProcess.start(t, folder, { admin, devices: {} });
  const life = new Life(daemon);
  for (const each of rounds) await life.take(each);
  assert.equal(await daemon.stop(), 0, daemon.log);
}

test('whatever is enabled, disabled, reloaded and killed at once, table, devices, salts and claims agree', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 8, maxLength: 12, size: 'max' }), (rounds) =>
      live(t, rounds),
    ),
    // Shrinking would start a hundred daemons more; the sequence that failed is short enough to read.
    { numRuns: 5, endOnFailure: true },
  );
});

import assert from 'node:assert/strict';
import { linkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Registry } from 'prom-client';
import { type Clock, systemClock } from '../../../daemon/clock.ts';
import { Daemon } from '../../../daemon/daemon.ts';
import { createLog } from '../../../daemon/log/log.ts';
import { type Configuration, loadConfiguration } from '../../../daemon/table/configuration.ts';
import { openPatienceMs } from '../../../daemon/table/open-lanes.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { callAdmin } from '../admin/admin-client.ts';
import { saltFiles } from './contested-daemon.ts';

/** A daemon in this process, and something that happens each time it opens devices: behind its first look at them. */
class Meddled {
  readonly folder: string;
  /** Done once. */
  meddle: (() => void) | null = null;
  readonly #clock: Clock = {
    ...systemClock,
    setTimer: (ms, callback) => {
      if (ms === openPatienceMs) {
        this.meddle?.();
        this.meddle = null;
      }
      return systemClock.setTimer(ms, callback);
    },
  };

  constructor(t: TestContext) {
    this.folder = realpathSync(temporaryDirectory(t));
  }

  at(name: string): string {
    return path.join(this.folder, name);
  }

  configuration(devices: Record<string, string>): Promise<Configuration> {
    const file = this.at('c.yaml');
    const options = (name: string) => ({ type: 'file', options: { file_path: this.at(name) } });
    const config = {
      state_dir: this.at('state'),
      listeners: [{ path: this.at('ingest.sock') }],
      admin: { path: this.at('admin.sock'), file_roots: [this.folder] },
      metrics: { listen: this.at('metrics.sock') },
      devices: Object.fromEntries(Object.entries(devices).map(([key, name]) => [key, options(name)])),
    };
    writeFileSync(file, JSON.stringify(config));
    return loadConfiguration(file);
  }

  async start(configuration: Configuration): Promise<Daemon> {
    const log = createLog(
      { format: 'text', level: 'error' },
      { write: () => {}, now: Date.now, priority: false },
    );
    const daemon = Daemon.start({
      configuration,
      log,
      clock: this.#clock,
      registry: new Registry(),
      threads: 128,
    });
    await daemon.started;
    return daemon;
  }

  /** `b.log` becomes another name of `a.log`. */
  join(): void {
    writeFileSync(this.at('a.log'), '', { flag: 'a' });
    rmSync(this.at('b.log'), { force: true });
    linkSync(this.at('a.log'), this.at('b.log'));
  }
}

const refused =
  /^DevicesRefused: Cannot declare device "b\/" in the configuration file: file ".*b\.log" is that of device "a\/"$/;

test('a start whose files become one while it opens them is refused', async (t) => {
  const life = new Meddled(t);
  const configuration = await life.configuration({ a: 'a.log', b: 'b.log' });
  life.meddle = () => life.join();
  await assert.rejects(life.start(configuration), refused);
  assert.deepEqual(saltFiles(life.folder), []);
  rmSync(life.at('b.log'));
  const daemon = await life.start(configuration);
  assert.equal(await daemon.stop(), true);
});

test('a reload whose files become one while it opens them is refused, and the daemon runs on', async (t) => {
  const life = new Meddled(t);
  const daemon = await life.start(await life.configuration({ a: 'a.log' }));
  t.after(() => daemon.stop());
  const both = await life.configuration({ a: 'a.log', b: 'b.log' });
  life.meddle = () => life.join();
  await assert.rejects(daemon.reload(both), refused);
  assert.deepEqual(saltFiles(life.folder), ['a%2f']);
  rmSync(life.at('b.log'));
  await daemon.reload(both);
  assert.deepEqual(saltFiles(life.folder), ['a%2f', 'b%2f']);
});

test('a device of the API whose file becomes another’s while it is opened is not enabled', async (t) => {
  const life = new Meddled(t);
  const daemon = await life.start(await life.configuration({ a: 'a.log' }));
  t.after(() => daemon.stop());
  const call = () =>
    callAdmin({ socketPath: life.at('admin.sock') }, 'PUT', '/v1/sys/audit/b', {
      type: 'file',
      options: { file_path: life.at('b.log') },
    });
  life.meddle = () => life.join();
  const reply = await call();
  assert.equal(reply.status, 400);
  assert.match(reply.body.errors[0], /^Cannot enable device "b\/": file ".*b\.log" is that of device "a\/"$/);
  assert.deepEqual(saltFiles(life.folder), ['a%2f']);
  rmSync(life.at('b.log'));
  assert.equal((await call()).status, 204);
});

import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ConfiguredReach } from '../../../daemon/table/reach.ts';
import { configurationIn } from '../../support/in-process-daemon.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const elsewhere = { refusal: 'admin.allow_addresses does not allow where the path leads' };

test('where the path of a UNIX socket leads is judged each time, by the configuration in force', async (t) => {
  const folder = temporaryDirectory(t);
  const at = (name: string): string => path.join(folder, name);
  for (const name of ['peer.sock', 'other.sock', 'ingest.sock']) writeFileSync(at(name), '');
  const point = (link: string, to: string): void => {
    symlinkSync(to, at('new-link'));
    renameSync(at('new-link'), at(link));
  };
  const configured = async (allow: readonly string[] | null): Promise<void> => {
    const admin = { path: at('admin.sock'), allow_addresses: allow };
    configuration = await configurationIn(folder, {
      listeners: [{ path: 'FOLDER/ingest.sock' }],
      admin,
      devices: {},
    });
  };
  let configuration!: Awaited<ReturnType<typeof configurationIn>>;
  await configured([at('peer.sock'), at('allowed-link'), '10.0.0.0/8']);
  const reach = new ConfiguredReach(
    () => configuration,
    () => [],
  );
  point('link', 'peer.sock');
  point('allowed-link', 'peer.sock');
  for (const name of ['peer.sock', 'link', 'allowed-link', `../${path.basename(folder)}/peer.sock`]) {
    assert.deepEqual(await reach.socketAt(at(name)), { real: at('peer.sock') }, name);
  }
  assert.deepEqual(await reach.socketAt(at('other.sock')), elsewhere);
  // What was allowed when the device was enabled leads elsewhere now.
  point('link', 'other.sock');
  assert.deepEqual(await reach.socketAt(at('link')), elsewhere);
  point('allowed-link', 'other.sock');
  assert.deepEqual(await reach.socketAt(at('allowed-link')), { real: at('other.sock') });
  assert.deepEqual(await reach.socketAt(at('nowhere.sock')), elsewhere);
  // A folder in between counts as well.
  mkdirSync(at('folder'));
  writeFileSync(at('folder/peer.sock'), '');
  point('place', '.');
  assert.deepEqual(await reach.socketAt(at('place/peer.sock')), { real: at('peer.sock') });
  point('place', 'folder');
  assert.deepEqual(await reach.socketAt(at('place/peer.sock')), elsewhere);

  await configured([]);
  assert.deepEqual(await reach.socketAt(at('peer.sock')), elsewhere);
  await configured(null);
  assert.deepEqual(await reach.socketAt(at('other.sock')), { real: at('other.sock') });
  point('link', 'ingest.sock');
  assert.deepEqual(await reach.socketAt(at('link')), {
    refusal: 'the socket there is a listener for records of this very daemon',
  });
});

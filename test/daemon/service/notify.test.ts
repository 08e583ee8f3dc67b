import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { createNotifier } from '../../../daemon/service/notify.ts';
import { openDatagramSender } from '../../../daemon/service/notify-socket.ts';
import { koffiMissing } from '../../support/koffi.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { needsPython, receiver } from './notify-receiver.ts';

const systemdNotify = spawnSync('systemd-notify', ['--version']).status === 0;

test('without a service manager nothing happens', () => {
  const notifier = createNotifier({}, () => assert.fail('no socket is wanted'));
  assert.equal(notifier.watchdogMs, null);
  notifier.ready('x');
  notifier.watchdog();
  notifier.close();
});

test('the life of a service arrives as the datagrams that sd_notify describes', {
  skip: koffiMissing || needsPython,
}, async (t) => {
  const folder = temporaryDirectory(t);
  for (const address of [path.join(folder, 'notify'), `@audit-sidecar-test-${process.pid}`]) {
    const { received } = await receiver(t, address);
    const notifier = createNotifier({ NOTIFY_SOCKET: address }, openDatagramSender);
    t.after(() => notifier.close());
    notifier.ready('2 devices\nREADY=0 are open');
    notifier.status('1 of 2');
    notifier.watchdog();
    const before = process.hrtime.bigint() / 1000n;
    notifier.reloading();
    const after = process.hrtime.bigint() / 1000n;
    notifier.stopping();
    await waitFor('all have arrived', () => received.length >= 5);
    assert.deepEqual(
      received.map((text) => text.replace(/USEC=[0-9]+$/, 'USEC=…')),
      [
        'READY=1|STATUS=2 devices READY=0 are open',
        'STATUS=1 of 2',
        'WATCHDOG=1',
        'RELOADING=1|MONOTONIC_USEC=…',
        'STOPPING=1',
      ],
    );
    const time = BigInt(/[0-9]+$/.exec(received[3]!)![0]);
    assert.ok(time >= before && time <= after, 'the time of the reload is the monotonic clock');
  }
});

test('the watchdog is fed twice in the time the manager waits, and only when it is meant for this process', () => {
  const sender = () => ({ send: () => 'sent' as const, close: () => {} });
  const interval = (environment: Record<string, string>): number | null =>
    createNotifier({ NOTIFY_SOCKET: '/x', ...environment }, sender).watchdogMs;
  assert.equal(interval({ WATCHDOG_USEC: '10000000' }), 5000);
  assert.equal(interval({ WATCHDOG_USEC: '10000000', WATCHDOG_PID: String(process.pid) }), 5000);
  assert.equal(interval({ WATCHDOG_USEC: '10000000', WATCHDOG_PID: '1' }), null);
  assert.equal(interval({ WATCHDOG_USEC: '0' }), null);
  assert.equal(interval({ WATCHDOG_USEC: 'soon' }), null);
  assert.equal(interval({}), null);
  assert.equal(createNotifier({ WATCHDOG_USEC: '10000000' }, sender).watchdogMs, null);
});

test('a manager that is busy gets everything in order later', {
  skip: koffiMissing || needsPython,
}, async (t) => {
  const address = path.join(temporaryDirectory(t), 'notify');
  const { child, received } = await receiver(t, address, true);
  // The kernel queues some datagrams for a receiver (net.unix.max_dgram_qlen) and some for each sender: the queue of
  // the receiver is full when a new sender cannot send either.
  let queued = 0;
  for (let before = -1; before < queued; ) {
    before = queued;
    const filler = openDatagramSender(address)!;
    t.after(() => filler.close());
    while (filler.send('filler') === 'sent') queued++;
  }
  const notifier = createNotifier({ NOTIFY_SOCKET: address }, openDatagramSender);
  t.after(() => notifier.close());
  notifier.ready('a');
  notifier.watchdog();
  notifier.watchdog();
  notifier.stopping();
  child.stdin!.write('go\n');
  await waitFor('all have arrived', () => received.length >= queued + 3);
  assert.deepEqual(received.slice(queued), ['READY=1|STATUS=a', 'WATCHDOG=1', 'STOPPING=1']);
});

test('a manager that reads nothing costs no more than the last few notifications, each of a bounded length', async (t) => {
  const sent: string[] = [];
  let reading = false;
  const sender = () => ({
    send: (text: string) => {
      if (!reading) return 'later' as const;
      sent.push(text);
      return 'sent' as const;
    },
    close: () => {},
  });
  const notifier = createNotifier({ NOTIFY_SOCKET: '/x' }, sender);
  t.after(() => notifier.close());
  for (let number = 0; number < 100; number++) notifier.status(`${number} ${'x'.repeat(2000)}`);
  reading = true;
  await waitFor('what waited is sent', () => sent.some((text) => text.startsWith('STATUS=99 ')));
  assert.equal(sent.length, 32);
  assert.match(sent[0]!, /^STATUS=68 x/);
  assert.ok(sent.every((text) => text.length === 'STATUS='.length + 500));
});

test('a manager that is gone harms nothing', { skip: needsPython }, (t) => {
  const address = path.join(temporaryDirectory(t), 'notify');
  const notifier = createNotifier({ NOTIFY_SOCKET: address }, openDatagramSender);
  notifier.ready('a');
  notifier.stopping();
  notifier.close();
  notifier.close();
});

test('without koffi the systemd-notify program carries the messages, in order', {
  skip: needsPython || (systemdNotify ? false : 'needs systemd-notify: apt-get install systemd'),
}, async (t) => {
  const address = path.join(temporaryDirectory(t), 'notify');
  const { received } = await receiver(t, address);
  const notifier = createNotifier({ ...process.env, NOTIFY_SOCKET: address }, () => null);
  t.after(() => notifier.close());
  notifier.ready('-a b');
  notifier.status('c');
  notifier.stopping();
  const own = (): string[] => received.filter((text) => !text.startsWith('BARRIER'));
  await waitFor('all have arrived', () => own().length >= 3);
  assert.deepEqual(
    own().map((text) => text.replace(/\|?$/, '')),
    ['READY=1|STATUS=-a b', 'STATUS=c', 'STOPPING=1'],
  );
});

test('without koffi and systemd-notify the daemon goes on', async (t) => {
  const folder = temporaryDirectory(t);
  const notifier = createNotifier({ PATH: folder, NOTIFY_SOCKET: path.join(folder, 'none') }, () => null);
  t.after(() => notifier.close());
  notifier.ready('a');
  notifier.stopping();
  assert.equal(existsSync(path.join(folder, 'none')), false);
});

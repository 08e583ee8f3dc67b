import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { type TestContext, test } from 'node:test';
import type { OptionTexts } from '../../devices/device-kind.ts';
import { waitFor } from '../support/wait-for.ts';
import { linesOf, recordTexts } from './batches.ts';
import { LaneStandIn } from './lane-stand-in.ts';
import { type Rsyslog, type RsyslogMessage, rsyslogMissing, startRsyslog } from './peers/rsyslog.ts';

type Input = keyof Rsyslog['addresses'];

interface Way {
  readonly input: Input;
  readonly options: OptionTexts;
  readonly facility: string;
}

/** Ways of sending to one rsyslogd, each with its own range of records. */
const ways: readonly Way[] = [
  { input: 'imtcp', options: { socket_type: 'tcp' }, facility: 'auth' },
  {
    input: 'imtcp',
    options: { socket_type: 'tcp', framing: 'newline', rfc: '3164', facility: 'local0' },
    facility: 'local0',
  },
  { input: 'imptcp', options: { socket_type: 'tcp4', facility: 'LOCAL7' }, facility: 'local7' },
  {
    input: 'imptcp',
    options: { socket_type: 'tcp', framing: 'newline', facility: 'kern' },
    facility: 'kern',
  },
  { input: 'imptcpPath', options: { socket_type: 'unix', facility: 'authpriv' }, facility: 'authpriv' },
  {
    input: 'imptcpPath',
    options: { socket_type: 'unix', framing: 'newline', facility: 'cron' },
    facility: 'cron',
  },
  { input: 'imudp', options: {}, facility: 'auth' },
  { input: 'imudp', options: { rfc: '3164', facility: 'daemon' }, facility: 'daemon' },
  { input: 'imuxsock', options: { rfc: '3164', facility: 'user' }, facility: 'user' },
];
const count = 1000;

test('a real rsyslogd', { skip: rsyslogMissing }, async (context) => {
  const rsyslog = await startRsyslog(context);
  for (const [index, way] of ways.entries()) {
    const name = Object.entries(way.options).map((pair) => pair.join('='));
    await context.test(
      `has every record once, by ${way.input} with ${name.join(' ') || 'no option'}`,
      (subtest) => everyRecordOnce(subtest, rsyslog, index, way),
    );
  }
  await context.test('takes a record of 100 kB whole over TCP', (subtest) => longRecords(subtest, rsyslog));
});

async function everyRecordOnce(
  context: TestContext,
  rsyslog: Rsyslog,
  index: number,
  { input, options, facility }: Way,
): Promise<void> {
  const tag = `tag-${index}`;
  const lane = new LaneStandIn(context, 'syslog', { address: rsyslog.addresses[input], tag, ...options });
  const texts = recordTexts(index * count, count, 700);
  for (let at = 0; at < count; at += 100) await lane.deliver(linesOf(texts.slice(at, at + 100)));
  const arrived = (): RsyslogMessage[] => rsyslog.messages(input).filter(({ program }) => program === tag);
  await waitFor('rsyslogd has written every record', () => arrived().length >= count);
  const messages = arrived();
  assert.deepEqual(
    messages.map(({ text }) => text),
    texts,
  );
  const { severity, processId, ...first } = messages[0]!;
  assert.deepEqual([first.facility, severity, processId], [facility, 'info', String(process.pid)]);
  if (options['rfc'] !== '3164') assert.deepEqual([first.messageId, first.hostname], ['audit', hostname()]);
}

async function longRecords(context: TestContext, rsyslog: Rsyslog): Promise<void> {
  const options = { address: rsyslog.addresses.imtcp, socket_type: 'tcp', tag: 'long' };
  const lane = new LaneStandIn(context, 'syslog', options);
  const texts = recordTexts(0, 2, 100_000);
  await lane.deliver(linesOf(texts));
  const arrived = (): string[] =>
    rsyslog
      .messages('imtcp')
      .filter(({ program }) => program === 'long')
      .map(({ text }) => text);
  await waitFor('rsyslogd has both', () => arrived().length >= 2);
  assert.deepEqual(arrived(), texts);
}

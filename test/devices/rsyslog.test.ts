import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { type TestContext, test } from 'node:test';
import type { OptionTexts } from '../../devices/device-kind.ts';
import { headerAt } from '../../devices/syslog/header.ts';
import { koffiMissing } from '../support/koffi.ts';
import { waitFor } from '../support/wait-for.ts';
import { linesOf, recordText, recordTexts } from './batches.ts';
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
      { skip: way.input === 'imuxsock' && koffiMissing },
      (subtest) => everyRecordOnce(subtest, rsyslog, index, way),
    );
  }
  await context.test('takes a record of 100 kB whole over TCP', (subtest) => longRecords(subtest, rsyslog));
  for (const input of ['imtcp', 'imptcp'] as const) {
    await context.test(`takes what follows a frame over its MaxFrameSize, by ${input}`, (subtest) =>
      tooLongFrames(subtest, rsyslog, input),
    );
    await context.test(`is sent no frame over its MaxFrameSize unless asked for, by ${input}`, (subtest) =>
      longestFrames(subtest, rsyslog, input),
    );
  }
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

/** rsyslog's default. */
const maxFrameSize = 200_000;

/** The text of a record whose frame says that `bytes` follow. */
function recordOfFrame(number: number, bytes: number, tag: string): string {
  const header = headerAt({ rfc: '5424', facility: 4, tag, withHostname: true }, Date.now());
  return recordText(number, bytes - header.length - 1);
}

async function tooLongFrames(context: TestContext, rsyslog: Rsyslog, input: Input): Promise<void> {
  const tag = 'too-long';
  const options = { address: rsyslog.addresses[input], socket_type: 'tcp', tag, max_message_bytes: '1MiB' };
  const lane = new LaneStandIn(context, 'syslog', options);
  const tooLong = [
    recordOfFrame(1000, maxFrameSize + 1, tag),
    recordOfFrame(1001, 300_000, tag),
    recordOfFrame(1002, 900_000, tag),
  ];
  const texts = recordTexts(0, 400, 700);
  const sent = tooLong.flatMap((text, index) => [...texts.slice(index * 100, index * 100 + 100), text]);
  await lane.deliver(linesOf([...sent, ...texts.slice(300)]));
  const arrived = (): string[] => textsOf(rsyslog, input, tag);
  await waitFor('rsyslogd has the last record', () => arrived().includes(texts.at(-1)!));
  // The three are there too, but not as messages: what counts them stands before their header.
  assert.deepEqual(arrived(), texts);
}

async function longestFrames(context: TestContext, rsyslog: Rsyslog, input: Input): Promise<void> {
  const tag = 'longest';
  const options = { address: rsyslog.addresses[input], socket_type: 'tcp', tag };
  const lane = new LaneStandIn(context, 'syslog', options);
  const longest = recordOfFrame(1, maxFrameSize, tag);
  await lane.open();
  const outcome = await lane.write(
    linesOf([recordText(0, 700), longest, recordOfFrame(2, maxFrameSize + 1, tag), recordText(3, 700)]),
  );
  assert.deepEqual(outcome, { settled: 4, refused: [2], failure: null });
  const arrived = (): string[] => textsOf(rsyslog, input, tag);
  await waitFor('rsyslogd has the last record', () => arrived().includes(recordText(3, 700)));
  assert.deepEqual(arrived(), [recordText(0, 700), longest, recordText(3, 700)]);
}

function textsOf(rsyslog: Rsyslog, input: Input, tag: string): string[] {
  return rsyslog
    .messages(input)
    .filter(({ program }) => program === tag)
    .map(({ text }) => text);
}

async function longRecords(context: TestContext, rsyslog: Rsyslog): Promise<void> {
  const options = { address: rsyslog.addresses.imtcp, socket_type: 'tcp', tag: 'long' };
  const lane = new LaneStandIn(context, 'syslog', options);
  const texts = recordTexts(0, 2, 100_000);
  await lane.deliver(linesOf(texts));
  const arrived = (): string[] => textsOf(rsyslog, 'imtcp', 'long');
  await waitFor('rsyslogd has both', () => arrived().length >= 2);
  assert.deepEqual(arrived(), texts);
}

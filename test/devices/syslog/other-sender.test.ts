import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { type TestContext, test } from 'node:test';
import { parseFacility } from '../../../devices/syslog/facility.ts';
import { waitFor } from '../../support/wait-for.ts';
import { linesOf, recordText } from '../batches.ts';
import { LaneStandIn } from '../lane-stand-in.ts';
import { type RsyslogMessage, rsyslogMissing, startRsyslog } from '../peers/rsyslog.ts';
import { UdpPeer } from '../peers/udp-peer.ts';
import { StoppedClock } from '../stopped-clock.ts';

/** What is used here of the package `syslog-client`, which has no types. */
interface SyslogClientPackage {
  createClient(host: string, options: object): SyslogClient;
  readonly Transport: { readonly Tcp: number; readonly Udp: number };
}
interface SyslogClient {
  log(message: string, options: object, callback: (error?: Error) => void): void;
  on(event: 'error', listener: () => void): void;
  close(): void;
}

const { createClient, Transport }: SyslogClientPackage = createRequire(import.meta.url)('syslog-client');

const tag = 'vault';

/** Sends `text` with syslog-client, over UDP or TCP, as our device with `tag` would. */
async function sendByPackage(
  context: TestContext,
  address: string,
  text: string,
  way: { readonly transport: number; readonly rfc: '5424' | '3164'; readonly facility: number },
  timestamp: Date,
): Promise<void> {
  const { transport, rfc, facility } = way;
  const [host, port] = address.split(':');
  const client = createClient(host!, { port: Number(port), transport, appName: tag });
  client.on('error', () => {});
  context.after(() => client.close());
  // Of RFC 3164, it leaves the tag to its caller.
  const message = rfc === '3164' ? `${tag}[${process.pid}]: ${text}` : text;
  const options = { facility, severity: 6, rfc3164: rfc === '3164', msgid: 'audit', timestamp };
  await new Promise<void>((resolve, reject) => {
    client.log(message, options, (error) => (error ? reject(error) : resolve()));
  });
}

test('over UDP a message is what syslog-client sends for the same input, less its newline', async (context) => {
  const peer = new UdpPeer(context);
  await peer.start();
  const clock = new StoppedClock();
  const texts = [recordText(0, 300), '{"text":"é 😀 \\n \\u0000"}', recordText(1, 60_000)];
  // A day of one digit, and one of two.
  for (const days of [0, 20]) {
    clock.advance(days * 24 * 3_600_000);
    for (const rfc of ['5424', '3164'] as const) {
      for (const facility of ['kern', 'AUTH', 'local7']) {
        const options = { address: peer.address, rfc, facility, tag };
        const lane = new LaneStandIn(context, 'syslog', options, undefined, clock);
        const way = { transport: Transport.Udp, rfc, facility: parseFacility(facility)! };
        for (const text of texts) {
          peer.messages.length = 0;
          await lane.deliver(linesOf([text]));
          await waitFor('the peer has our message', () => peer.messages.length === 1);
          await sendByPackage(context, peer.address, text, way, new Date(clock.wallTime()));
          await waitFor('the peer has both', () => peer.messages.length === 2);
          const [ours, theirs] = peer.messages;
          assert.equal(`${ours}\n`, theirs);
          assert.ok(ours!.includes(` ${hostname()} `) && ours!.endsWith(text));
        }
      }
    }
  }
});

test('a newline that forges a second message over TCP in syslog-client forges none here', {
  skip: rsyslogMissing,
}, async (context) => {
  const rsyslog = await startRsyslog(context);
  const address = rsyslog.addresses.imtcp;
  const said = 'login failed for a';
  const forged = `${said}\n<34>1 2026-11-27T10:00:00.000Z victim su 1 audit - root logged in`;
  // What a reader gets of a record with such a text: the newline in it is an escape, or the record is refused.
  const record = JSON.stringify({ error: forged });
  const last = recordText(0, 100);

  const devices = [
    // By its length a message is whole, whatever is in it.
    { framing: 'octet-counting', tag: 'counted', text: forged },
    { framing: 'newline', tag: 'newline', text: record },
  ];
  for (const { framing, tag, text } of devices) {
    const lane = new LaneStandIn(context, 'syslog', { address, socket_type: 'tcp', framing, tag });
    await lane.deliver(linesOf([text, last]));
  }
  const messages = (): RsyslogMessage[] => rsyslog.messages('imtcp');
  const lastOf = (program: string): boolean =>
    messages().some((message) => message.program === program && message.text === last);
  await waitFor('rsyslogd has all of ours', () => lastOf('counted') && lastOf('newline'));
  assert.deepEqual(
    messages()
      .map(({ program }) => program)
      .sort(),
    ['counted', 'counted', 'newline', 'newline'],
  );
  assert.ok(messages().some(({ text }) => text === forged.replace('\n', '#012')));
  assert.ok(messages().some(({ text }) => text === record));

  const way = { transport: Transport.Tcp, rfc: '5424', facility: 4 } as const;
  await sendByPackage(context, address, forged, way, new Date());
  await waitFor('rsyslogd has two of theirs', () => messages().length === 6);
  const theirs = messages().slice(4);
  assert.deepEqual(
    theirs.map(({ program, hostname: host, text }) => [program, host, text]),
    [
      [tag, hostname(), said],
      ['su', 'victim', 'root logged in'],
    ],
  );
});

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { linesSoFar } from '../../support/whole-lines.ts';

/** `false`, or what a skipped test says. */
export const rsyslogMissing: string | false = (() => {
  try {
    execFileSync('rsyslogd', ['-v'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'install rsyslog';
  }
})();

/**
 * Longer than what any test sends. Of a message that ends in a newline and is longer, imptcp 8.2302 writes the beginning
 * again for each byte: a disk of 100 GB was full after three minutes.
 */
const longestMessage = '1m';

/** One message as rsyslog understood it. */
export interface RsyslogMessage {
  readonly facility: string;
  readonly severity: string;
  readonly program: string;
  readonly processId: string;
  readonly messageId: string;
  readonly hostname: string;
  readonly text: string;
}

/** A real rsyslogd with one input of each kind; where each listens, and what each has got. */
export interface Rsyslog {
  readonly addresses: {
    readonly imtcp: string;
    readonly imptcp: string;
    readonly imptcpPath: string;
    readonly imudp: string;
    readonly imuxsock: string;
  };
  messages(input: keyof Rsyslog['addresses']): RsyslogMessage[];
}

export async function startRsyslog(test: TestContext): Promise<Rsyslog> {
  const directory = temporaryDirectory(test);
  const at = (name: string): string => path.join(directory, name);
  const udpPort = await freeUdpPort();
  mkdirSync(at('work'));
  writeFileSync(at('rsyslog.conf'), configuration(directory, udpPort));
  const args = ['-n', '-f', at('rsyslog.conf'), '-i', at('pid')];
  // No file of it grows past 256 MiB: see `longestMessage`.
  const limited = ['-c', 'ulimit -f 524288 && exec rsyslogd "$@"', 'sh', ...args];
  const child = spawn('sh', limited, { stdio: ['ignore', 'inherit', 'inherit'] });
  test.after(() => ended(child));
  const ready = [at('imtcp.port'), at('imptcp.port'), at('imptcp.sock'), at('imuxsock.sock')];
  await waitFor('rsyslogd listens', () => {
    if (child.exitCode !== null) throw new Error(`rsyslogd ended with ${child.exitCode}`);
    return ready.every(existsSync) && readFileSync(ready[1]!).length > 0 && listensOnUdp(udpPort);
  });
  const port = (name: string): string => readFileSync(at(name), 'utf8').trim();
  return {
    addresses: {
      imtcp: `127.0.0.1:${port('imtcp.port')}`,
      imptcp: `127.0.0.1:${port('imptcp.port')}`,
      imptcpPath: at('imptcp.sock'),
      imudp: `127.0.0.1:${udpPort}`,
      imuxsock: at('imuxsock.sock'),
    },
    messages: (input) => messagesIn(at(`${input}.log`)),
  };
}

function configuration(directory: string, udpPort: number): string {
  const fields = [
    'syslogfacility-text',
    'syslogseverity-text',
    'programname',
    'procid',
    'msgid',
    'hostname',
    'msg',
  ];
  const ruleset = (name: string): string =>
    `ruleset(name="${name}") { action(type="omfile" file="${directory}/${name}.log" template="fields") }`;
  const listen = 'port="0" address="127.0.0.1"';
  return `
global(workDirectory="${directory}/work" maxMessageSize="${longestMessage}")
module(load="imtcp") module(load="imptcp") module(load="imudp")
module(load="imuxsock" SysSock.Use="off")
template(name="fields" type="string" string="${fields.map((name) => `%${name}%`).join('|')}\\n")
${['imtcp', 'imptcp', 'imptcpPath', 'imudp', 'imuxsock'].map(ruleset).join('\n')}
input(type="imtcp" ${listen} listenPortFileName="${directory}/imtcp.port" ruleset="imtcp")
input(type="imptcp" ${listen} listenPortFileName="${directory}/imptcp.port" ruleset="imptcp")
input(type="imptcp" path="${directory}/imptcp.sock" ruleset="imptcpPath")
input(type="imudp" address="127.0.0.1" port="${udpPort}" rcvbufSize="8m" ruleset="imudp")
input(type="imuxsock" socket="${directory}/imuxsock.sock" rateLimit.interval="0" ruleset="imuxsock")
`;
}

/** imudp has no port 0: a port that was free a moment ago has to do. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

function listensOnUdp(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  return readFileSync('/proc/net/udp', 'latin1').includes(local);
}

function messagesIn(file: string): RsyslogMessage[] {
  if (!existsSync(file)) return [];
  return linesSoFar(file).map((line) => {
    const [facility, severity, program, processId, messageId, hostname, ...rest] = line.split('|');
    // In a message of RFC 3164, what follows the tag begins with a space.
    const text = rest.join('|').trimStart();
    return {
      facility: facility!,
      severity: severity!,
      program: program!,
      processId: processId!,
      messageId: messageId!,
      hostname: hostname!,
      text,
    };
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonProcess } from '../../support/daemon-process.ts';
import { projectRoot } from '../../support/project-root.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { type AdminReply, callAdmin, exchangeBytes } from './admin-client.ts';
import { writeTokenFile } from './in-process.ts';

interface Exchange {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  readonly response: { readonly status: number; readonly body: string };
  /** `body`: status and body are equal; `status`: the status is, and the message names what is wrong. */
  readonly match: 'body' | 'status';
  /** What is answered here on purpose in place of the recorded answer. */
  readonly here?: { readonly status: number | null; readonly why: string };
}

const recorded = (name: string): string =>
  readFileSync(path.join(projectRoot, 'test/conformance', name), 'utf8');

/** Recorded with a receiver at this port. */
const recordedPort = '127.0.0.1:18300';

/** For each answer in own words: the option or value that it must name. */
const offenders: Readonly<Record<string, RegExp>> = {
  'ERR file: empty file_path': /file_path/,
  'ERR file: is a directory': /file_path|"\/tmp"/,
  'ERR file: unwritable dir': /file_path|"\/proc\/nope\/x\.log"/,
  'ERR file: bad mode': /9z/,
  'ERR file: mode 0000 and no file': /nonexist\.log.*mode/,
  'ERR bad bool log_raw': /log_raw.*maybe/,
  'ERR bad bool hmac_accessor': /hmac_accessor/,
  'ERR socket: bad write_timeout': /write_timeout.*abc/,
  'ERR socket: bad socket_type': /socket_type.*smoke/,
  'ERR socket: refused tcp': /127\.0\.0\.1:1/,
  'ERR socket: unix path missing': /absent\.sock/,
  'ERR http: refused': /127\.0\.0\.1:1/,
  'ERR options not an object': /options/,
  'ERR options null value': /file_path/,
  'ERR malformed JSON': /body/,
  'ERR audit-hash object': /input/,
  'enable: unknown extra option': /nosuchoption/,
};

async function startPeers(t: TestContext, folder: string): Promise<{ httpPort: number }> {
  const raw = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.resume();
  });
  raw.listen(path.join(folder, 'rawsock.sock'));
  const receiver = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(204).end());
  });
  receiver.listen(0, '127.0.0.1');
  await Promise.all([once(raw, 'listening'), once(receiver, 'listening')]);
  t.after(() => {
    raw.close();
    receiver.closeAllConnections();
    receiver.close();
  });
  return { httpPort: (receiver.address() as net.AddressInfo).port };
}

/** The devices that the first answer lists, declared in the configuration with the salts that they had. */
function presentDevices(folder: string, list: Exchange, port: string): Record<string, unknown> {
  const salts: Record<string, string> = JSON.parse(recorded('salts.json'));
  const { data } = JSON.parse(list.response.body.replaceAll(recordedPort, port).replaceAll('{dir}', folder));
  const devices: Record<string, unknown> = {};
  for (const [name, { type, description, local, options }] of Object.entries<Record<string, unknown>>(data)) {
    const saltFile = path.join(folder, `${name.replaceAll('/', '-')}salt`);
    writeFileSync(saltFile, salts[name]!, { mode: 0o600 });
    devices[name] = { type, description, local, options, salt_file: saltFile };
  }
  return devices;
}

function withoutId(text: string): unknown {
  if (text === '') return '';
  const body = JSON.parse(text);
  if (typeof body.request_id === 'string') {
    assert.match(body.request_id, /^(\{uuid\}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/);
    body.request_id = '{uuid}';
  }
  return body;
}

/** What the daemon shows of the one device that has headers: not their values, which the reference shows to anybody. */
function withoutHeaderValues(text: string): string {
  const shown = JSON.stringify('{"Authorization":["(hidden)"],"X-Multi":["(hidden)","(hidden)"]}');
  return text.replaceAll(JSON.stringify('{"Authorization":["Bearer abc"],"X-Multi":["a","b"]}'), shown);
}

function compare(exchange: Exchange, reply: AdminReply, here: (text: string) => string): void {
  const { name, response, match } = exchange;
  const ours = exchange.here;
  // A recorded failure without a status of its own here is a call that works.
  assert.equal(reply.status, ours === undefined ? response.status : (ours.status ?? 204));
  const own = offenders[name];
  if (own !== undefined) {
    assert.equal(reply.body.errors.length, 1);
    assert.match(reply.body.errors[0], own);
  } else if (match === 'body' && ours === undefined) {
    assert.deepEqual(withoutId(reply.text), withoutId(withoutHeaderValues(here(response.body))));
  } else {
    assert.ok(ours !== undefined, 'the test says what this answer must name');
  }
}

test('recorded calls get the answers that OpenBao gave', async (t) => {
  const folder = temporaryDirectory(t);
  const { httpPort } = await startPeers(t, folder);
  const exchanges: Exchange[] = JSON.parse(recorded('api.json'));
  const here = (text: string): string =>
    text.replaceAll('{dir}', folder).replaceAll(recordedPort, `127.0.0.1:${httpPort}`);
  const adminSocket = path.join(folder, 'admin.sock');
  const token = 'conformance-test-token';
  const daemon = await DaemonProcess.start(t, folder, {
    admin: {
      path: adminSocket,
      tcp: { address: '127.0.0.1:0', token_file: writeTokenFile(folder, token) },
      file_roots: [folder, '/tmp'],
    },
    devices: presentDevices(folder, exchanges[0]!, `127.0.0.1:${httpPort}`),
    audited_headers: {
      'user-agent': { hmac: false },
      'x-corp-clear': { hmac: false },
      'x-corp-secret': { hmac: true },
      'x-vault-token': { hmac: true },
    },
  });
  const port = Number(/admin address="?127\.0\.0\.1:(\d+)/.exec(daemon.log)![1]);

  const call = async ({ name, request }: Exchange): Promise<AdminReply> => {
    const { method, path: target, headers, body } = request;
    if (method === 'LIST') {
      // Node's client does not know the verb either.
      const bytes = await exchangeBytes(adminSocket, `LIST ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const [head, text] = bytes.split('\r\n\r\n') as [string, string];
      return { status: Number(head.split(' ')[1]), headers: {}, text, body: JSON.parse(text) };
    }
    const shown = name.startsWith('no token') ? {} : { 'X-Vault-Token': token };
    return callAdmin({ port, headers: { ...headers, ...shown } }, method, target, here(body) || undefined);
  };

  const wrong: string[] = [];
  for (const [index, exchange] of exchanges.entries()) {
    const what = `${index} ${exchange.name}`;
    if (index === 31) {
      // The recording lacks the call that made this header; the list that follows has it.
      const target = '/v1/sys/config/auditing/request-headers/X-Api-Test2';
      const made = await callAdmin({ socketPath: adminSocket }, 'POST', target, {});
      assert.equal(made.status, 204);
    }
    const reply = await call(exchange);
    if (exchange.response.status === 400 && reply.status === 204) {
      // It failed there and works here: the calls that follow expect the path to be free.
      await callAdmin({ socketPath: adminSocket }, 'DELETE', exchange.request.path);
    }
    try {
      compare(exchange, reply, here);
    } catch (error) {
      assert.ok(error instanceof assert.AssertionError);
      wrong.push(`${what}: ${reply.status} ${reply.text}${error.message}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.equal(await daemon.stop(), 0);
  assert.doesNotMatch(daemon.log, /my-secret-openbao/);
});

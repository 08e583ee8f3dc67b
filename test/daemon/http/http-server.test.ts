import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { plainRefusals, routed } from '../../../daemon/http/http-router.ts';
import { type HttpRoute, jsonAnswer } from '../../../daemon/http/http-routes.ts';
import {
  type HttpServer,
  type HttpServerOptions,
  ListenRefused,
  startHttpServer,
} from '../../../daemon/http/http-server.ts';
import { makeCertificate, opensslMissing } from '../../devices/peers/certificates.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { quietServer } from './quiet-server.ts';

const things: HttpRoute = { path: '/things', methods: { GET: () => jsonAnswer(200, ['a', 'thing']) } };
const broken: HttpRoute = {
  path: '/broken',
  methods: {
    GET: () => {
      throw new Error('hidden detail');
    },
  },
};

async function started(
  t: TestContext,
  options: Partial<HttpServerOptions> = {},
): Promise<{ server: HttpServer; port: number }> {
  const server = await startHttpServer({
    ...quietServer,
    respond: routed([things, broken], plainRefusals),
    ...options,
  });
  t.after(() => server.close(0));
  return { server, port: server.address.kind === 'tcp' ? server.address.port : 0 };
}

interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

async function ask(options: http.RequestOptions, body?: string): Promise<Reply> {
  const request = http.request({ agent: false, ...options });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  return { status: response.statusCode!, headers: response.headers, body: text };
}

/** Sends bytes as they are and collects what comes back until the server hangs up. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

test('HEAD is answered like GET without a body', async (t) => {
  const { port } = await started(t);
  const get = await ask({ port, path: '/things' });
  const head = await ask({ port, path: '/things', method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.body, '');
  assert.equal(head.headers['content-length'], String(get.body.length));
  assert.equal(get.headers['content-type'], 'application/json');
  assert.equal(get.headers['cache-control'], 'no-store');
  assert.equal(get.headers['x-content-type-options'], 'nosniff');
});

test('an answer that throws is told without its reason, which the log gets', async (t) => {
  const errors: unknown[] = [];
  const { port } = await started(t, { onError: (error) => errors.push(error) });
  const answer = await ask({ port, path: '/broken' });
  assert.equal(answer.status, 500);
  assert.equal(answer.body, '{"errors":["internal error"]}\n');
  assert.equal(errors.length, 1);
});

test('what is not HTTP, or too large, is answered in the same shape', async (t) => {
  const { port } = await started(t);
  assert.match(
    await exchange(port, 'nonsense\r\n\r\n'),
    /^HTTP\/1\.1 400 .*\{"errors":\["not an HTTP\/1\.1 request"\]\}\n$/s,
  );
  assert.match(
    await exchange(port, 'GET /things HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: more\r\n\r\n'),
    /^HTTP\/1\.1 417 .*\{"errors":\["nothing but .*"\]\}\n$/s,
  );
  const large = `GET /things HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(8 * 1024)}\r\n\r\n`;
  assert.match(
    await exchange(port, large),
    /^HTTP\/1\.1 431 .*\{"errors":\["the request headers are too large"\]\}\n$/s,
  );
});

test('a client that is refused and keeps its side open keeps no connection', {
  timeout: 60_000,
}, async (t) => {
  const { server, port } = await started(t);
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.write('nonsense\r\n\r\n');
  await once(socket.resume(), 'end');
  // It would wait for the connection for days.
  await server.close(2 ** 31 - 1);
});

test('a request that does not arrive in time is given up', async (t) => {
  const { port } = await started(t, { requestMs: 100 });
  const answer = await exchange(port, 'GET /things HTTP/1.1\r\nHost: x\r\n');
  assert.match(answer, /^HTTP\/1\.1 408 .*\{"errors":\["the request did not arrive in time"\]\}\n$/s);
});

test('a body that nobody reads ends the connection after the answer', async (t) => {
  const { port } = await started(t);
  const answer = await exchange(
    port,
    'GET /things HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nstart',
  );
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n/s);
});

test('an address that cannot be listened on is refused by name', async (t) => {
  const { port } = await started(t);
  const refusals: [string, number, RegExp][] = [
    [
      '127.0.0.1',
      port,
      new RegExp(
        `^Cannot listen on "127\\.0\\.0\\.1:${port}": address already in use; .*another port under "metrics\\.listen"$`,
      ),
    ],
    ['192.0.2.1', 0, /^Cannot listen on "192\.0\.2\.1:0": address not available$/],
  ];
  for (const [host, wanted, message] of refusals) {
    await assert.rejects(
      startHttpServer({ ...quietServer, place: { kind: 'tcp', host, port: wanted } }),
      (error: unknown) => {
        assert.ok(error instanceof ListenRefused);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test('a UNIX socket serves the same, with the mode asked for, and is gone after the end', async (t) => {
  const file = path.join(temporaryDirectory(t), 'metrics.sock');
  const { server } = await started(t, { place: { kind: 'unix', path: file, mode: 0o660, group: null } });
  assert.deepEqual(server.address, { kind: 'unix', path: file });
  assert.equal(statSync(file).mode & 0o777, 0o660);
  assert.equal((await ask({ socketPath: file, path: '/things' })).status, 200);
  await server.close(1000);
  assert.equal(existsSync(file), false);
});

test('closing waits for the answer under way and for no idle or silent client', async (t) => {
  let release = (): void => {};
  let asked = false;
  const slow: HttpRoute = {
    path: '/slow',
    methods: {
      GET: () => {
        asked = true;
        return new Promise((resolve) => {
          release = () => resolve(jsonAnswer(200, 'late'));
        });
      },
    },
  };
  const { server, port } = await started(t, { respond: routed([things, slow], plainRefusals) });
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  await ask({ port, path: '/things', agent });
  const silent = net.connect(port, '127.0.0.1');
  silent.on('error', () => {});
  await once(silent, 'connect');
  const underWay = ask({ port, path: '/slow' });
  await waitFor('the slow request is there', () => asked);
  const closed = server.close(60_000);
  release();
  assert.equal((await underWay).body, '"late"\n');
  silent.destroy();
  await closed;
  await assert.rejects(ask({ port, path: '/things' }), /ECONNREFUSED/);
});

/** Resolves when the socket has closed, be it with a reset, at which `events.once` would reject. */
function closed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

test('closing ends clients that never finish after the grace', async (t) => {
  const { server, port } = await started(t);
  const silent = net.connect(port, '127.0.0.1');
  silent.on('error', () => {});
  await once(silent, 'connect');
  const half = net.connect(port, '127.0.0.1');
  half.on('error', () => {});
  half.write('GET /things HTTP/1.1\r\nHost');
  await once(half, 'connect');
  const gone = Promise.all([silent, half].map(closed));
  await server.close(10);
  await gone;
});

test('closing ends clients that never begin or finish the TLS handshake after the grace', {
  skip: opensslMissing,
}, async (t) => {
  const certificate = makeCertificate(temporaryDirectory(t), 'server', 'IP:127.0.0.1');
  for (const kind of ['own', 'callers'] as const) {
    const other = await started(t, { certificate });
    const unhurried = net
      .connect(other.port, '127.0.0.1')
      .on('error', () => {})
      .resume();
    await once(unhurried, 'connect');
    const { server, port } = await started(t, {
      certificate,
      connections: kind === 'own' ? { kind, most: 64 } : { kind, admit: () => {}, began: () => {} },
    });
    const silent = net.connect(port, '127.0.0.1').on('error', () => {});
    const half = net.connect(port, '127.0.0.1').on('error', () => {});
    // The header of a handshake record, whose 512 bytes never come.
    half.write(Buffer.from([0x16, 3, 1, 2, 0]));
    const asking = tls.connect({ port, host: '127.0.0.1', ca: certificate.cert }).on('error', () => {});
    asking.write('GET /things HTTP/1.1\r\nHost');
    await once(asking, 'secureConnect');
    await waitFor('all are connected', () => !silent.connecting && !half.connecting);
    const gone = Promise.all([silent, half, asking].map((socket) => closed(socket.resume())));
    await server.close(10);
    await gone;
    // It came before them, to a server that is not closed: what ends it is the time that a handshake may take.
    assert.ok(!unhurried.closed, 'the handshakes were not waited for');
  }
});

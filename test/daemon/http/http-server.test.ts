import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { type HttpMethods, type HttpRoutes, jsonAnswer } from '../../../daemon/http/http-routes.ts';
import {
  type HttpServer,
  type HttpServerOptions,
  ListenRefused,
  startHttpServer,
} from '../../../daemon/http/http-server.ts';
import { makeCertificate, opensslMissing } from '../../devices/peers/certificates.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';

const routes: HttpRoutes = new Map<string, HttpMethods>([
  ['/things', { GET: (_request, url) => jsonAnswer(200, { query: url.searchParams.get('q') }) }],
  [
    '/v1/*',
    {
      GET: (_request, url) => jsonAnswer(200, { below: url.pathname }),
      DELETE: () => ({ status: 204, body: '' }),
    },
  ],
  ['/v1/sys/*', { GET: () => jsonAnswer(200, 'longer') }],
  ['/v1/sys/exact', { GET: () => jsonAnswer(200, 'exact') }],
  [
    '/broken',
    {
      GET: () => {
        throw new Error('hidden detail');
      },
    },
  ],
]);

async function started(
  t: TestContext,
  options: Partial<HttpServerOptions> = {},
): Promise<{ server: HttpServer; port: number }> {
  const server = await startHttpServer({
    listen: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    routes,
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

test('a path is answered by its own handler, or the one of the longest beginning', async (t) => {
  const { port } = await started(t);
  const bodyOf = async (target: string): Promise<unknown> =>
    JSON.parse((await ask({ port, path: target })).body);
  assert.deepEqual(await bodyOf('/things?q=a%20b'), { query: 'a b' });
  assert.deepEqual(await bodyOf('/v1/other/x'), { below: '/v1/other/x' });
  assert.equal(await bodyOf('/v1/sys/x'), 'longer');
  assert.equal(await bodyOf('/v1/sys/exact'), 'exact');
});

test('HEAD is answered like GET without a body', async (t) => {
  const { port } = await started(t);
  const get = await ask({ port, path: '/things' });
  const head = await ask({ port, path: '/things', method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.body, '');
  assert.equal(head.headers['content-length'], String(get.body.length));
  assert.equal(get.headers['content-type'], 'application/json');
  assert.equal(get.headers['cache-control'], 'no-store');
});

test('a refusal is JSON with a list of errors', async (t) => {
  const errors: unknown[] = [];
  const { port } = await started(t, { onError: (error) => errors.push(error) });
  const unknown = await ask({ port, path: '/none' });
  assert.equal(unknown.status, 404);
  assert.equal(unknown.body, '{"errors":["nothing at \\"/none\\""]}\n');

  const wrong = await ask({ port, path: '/v1/x', method: 'POST' });
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.allow, 'GET, HEAD, DELETE');
  assert.equal((await ask({ port, path: '/v1/x', method: 'DELETE' })).status, 204);

  const broken = await ask({ port, path: '/broken' });
  assert.equal(broken.status, 500);
  assert.equal(broken.body, '{"errors":["internal error"]}\n');
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
  const large = `GET /things HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`;
  assert.match(
    await exchange(port, large),
    /^HTTP\/1\.1 431 .*\{"errors":\["the request headers are too large"\]\}\n$/s,
  );
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

test('connections beyond the limit are closed and the others served', async (t) => {
  const { port } = await started(t, { connections: 1 });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  assert.equal((await ask({ port, path: '/things', agent })).status, 200);
  assert.equal(await exchange(port, 'GET /things HTTP/1.1\r\nHost: x\r\n\r\n'), '');
  assert.equal((await ask({ port, path: '/things', agent })).status, 200);
});

test('an address that cannot be listened on is refused by name', async (t) => {
  const { port } = await started(t);
  const refusals: [string, number, RegExp][] = [
    ['127.0.0.1', port, new RegExp(`^Cannot listen on "127\\.0\\.0\\.1:${port}": address already in use$`)],
    ['192.0.2.1', 0, /^Cannot listen on "192\.0\.2\.1:0": address not available$/],
  ];
  for (const [host, wanted, message] of refusals) {
    await assert.rejects(
      startHttpServer({ listen: { kind: 'tcp', host, port: wanted }, routes }),
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
  const listen = { kind: 'unix', path: file } as const;
  const server = await startHttpServer({ listen, routes, socket: { mode: 0o660, group: null } });
  t.after(() => server.close(0));
  assert.deepEqual(server.address, listen);
  assert.equal(statSync(file).mode & 0o777, 0o660);
  assert.equal((await ask({ socketPath: file, path: '/things' })).status, 200);
  await server.close();
  assert.equal(existsSync(file), false);
});

test('closing waits for the answer under way and for no idle or silent client', async (t) => {
  let release = (): void => {};
  let asked = false;
  const slow: HttpRoutes = new Map<string, HttpMethods>([
    [
      '/slow',
      {
        GET: () => {
          asked = true;
          return new Promise((resolve) => {
            release = () => resolve(jsonAnswer(200, 'late'));
          });
        },
      },
    ],
    ...routes,
  ]);
  const { server, port } = await started(t, { routes: slow });
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
  for (const whenFull of ['refuse', 'end_waiting'] as const) {
    let connections = 0;
    const { server, port } = await started(t, { certificate, whenFull, onConnection: () => connections++ });
    const silent = net.connect(port, '127.0.0.1').on('error', () => {});
    const half = net.connect(port, '127.0.0.1').on('error', () => {});
    // The header of a handshake record, whose 512 bytes never come.
    half.write(Buffer.from([0x16, 3, 1, 2, 0]));
    const asking = tls.connect({ port, host: '127.0.0.1', ca: certificate.cert }).on('error', () => {});
    asking.write('GET /things HTTP/1.1\r\nHost');
    await once(asking, 'secureConnect');
    await waitFor('all are connected', () => connections === 3);
    const gone = Promise.all([silent, half, asking].map((socket) => closed(socket.resume())));
    const before = performance.now();
    await server.close(10);
    await gone;
    // Far from the ten seconds that a handshake may take.
    assert.ok(performance.now() - before < 5000);
  }
});

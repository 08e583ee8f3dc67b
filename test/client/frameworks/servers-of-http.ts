import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { auditHttp, type HttpAudit, type Listener } from 'audit-sidecar/http';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { clientOf, listening, RawCaller, type Sidecar } from './audited.ts';

type Options = NonNullable<Parameters<typeof auditHttp>[1]>;

interface Served {
  readonly audit: HttpAudit;
  readonly port: number;
  readonly at: string;
}

async function served(
  t: TestContext,
  sidecar: Sidecar,
  listener: Listener,
  options: Options = {},
): Promise<Served> {
  const audit = auditHttp(sidecar.client, { holdMs: 60_000, onError: () => {}, ...options });
  const port = await listening(t, createServer(audit.listener(listener)));
  return { audit, port, at: `http://127.0.0.1:${port}` };
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Tests of servers of node:http. */
export async function serversOfHttp(whole: TestContext, sidecar: Sidecar): Promise<void> {
  await whole.test('a request has its two records, which say who did what', async (t) => {
    const { at } = await served(
      t,
      sidecar,
      async (request, response) => {
        let body = '';
        for await (const piece of request) body += String(piece);
        response.writeHead(201, { 'Content-Type': 'application/json' });
        response.end(`{"order":7,\n "of":${body}}`);
      },
      {
        service: { name: 'shop', version: '1' },
        auth: (request) => ({ user_id: String(request.headers['x-user']), session_id: 's-1' }),
        resource: () => ({ type: 'order', id: '7' }),
        tenant: () => 'eu',
        route: () => '/orders/:id',
      },
    );
    const answer = await fetch(`${at}/orders/7?token=a%20b&page=2&page=3;x=1&bare`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'x-user': 'ann',
        'x-forwarded-for': '198.51.100.9',
        traceparent: '00-00000000000000000000000000000001-0000000000000001-01',
      },
      body: '{"card": 4111111111111111111111, "text": "a\\nb"}',
    });
    assert.equal(answer.status, 201);
    assert.equal(
      await answer.text(),
      '{"order":7,\n "of":{"card": 4111111111111111111111, "text": "a\\nb"}}',
    );
    const [request, response, ...more] = sidecar.of('/orders/7');
    assert.equal(more.length, 0);
    assert.equal(request!.type, 'request');
    const { id, headers, remote_port, ...facts } = request!.request;
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.equal(typeof remote_port, 'number');
    assert.deepEqual((headers as Record<string, unknown>)['x-user'], ['ann']);
    const { port } = new URL(at);
    assert.deepEqual(facts, {
      method: 'POST',
      operation: 'create',
      route: '/orders/:id',
      tenant: 'eu',
      path: '/orders/7',
      host: `127.0.0.1:${port}`,
      protocol: 'HTTP/1.1',
      remote_address: '127.0.0.1',
      forwarded_for: '198.51.100.9',
      user_agent: 'node',
      traceparent: '00-00000000000000000000000000000001-0000000000000001-01',
      bytes: 48,
      query: { token: 'a b', page: ['2', '3'], x: '1', '': 'bare' },
    });
    assert.deepEqual(request!.auth, { user_id: 'ann', session_id: 's-1' });
    assert.deepEqual(request!.service, { name: 'shop', version: '1' });
    assert.deepEqual(request!.resource, { type: 'order', id: '7' });
    assert.equal(response!.type, 'response');
    assert.equal(response!.request.id, id);
    assert.equal(response!.outcome, 'success');
    const { duration_ms, ...told } = response!.response!;
    assert.ok((duration_ms as number) > 0);
    assert.deepEqual(told['status'], 201);
    assert.deepEqual(told['bytes'], 67);
    // Digits that JavaScript's numbers cannot hold are in the log as they came.
    assert.ok(sidecar.daemon.lines('audit.log')[1]!.includes('"card": 4111111111111111111111'));
    assert.deepEqual((told['data'] as { order: number }).order, 7);
  });

  await whole.test(
    'the handler waits for the record of the request, and the caller for that of the response',
    async (t) => {
      let handled = 0;
      const { port } = await served(t, sidecar, (_request, response) => {
        handled++;
        response.end('done');
      });
      sidecar.daemon.signal('SIGSTOP');
      const caller = new RawCaller(t, port);
      caller.send('GET /a HTTP/1.1\nHost: x\n\n');
      // Whatever the server does until then, it has had the time for.
      const other = new RawCaller(
        t,
        await listening(
          t,
          createServer((_request, response) => response.end('x')),
        ),
      );
      other.send('GET /b HTTP/1.1\nHost: x\n\n');
      await other.until(/x$/);
      assert.equal(handled, 0);
      sidecar.daemon.signal('SIGCONT');
      assert.match(await caller.until(/done$/), /^HTTP\/1.1 200 OK\r\n.*Content-Length: 4\r\n/s);
      assert.deepEqual(
        sidecar.of('/a').map(({ type }) => type),
        ['request', 'response'],
      );
    },
  );

  await whole.test('bodies are told by their kind, and never more than their bound', async (t) => {
    const { at } = await served(
      t,
      sidecar,
      async (request, response) => {
        const pieces: Buffer[] = [];
        for await (const piece of request) pieces.push(piece as Buffer);
        response.setHeader('content-type', request.headers['content-type'] ?? 'text/plain');
        response.end(Buffer.concat(pieces));
      },
      { bodyBytes: 1000 },
    );
    const told = async (path: string, contentType: string, body: string | Buffer): Promise<unknown> => {
      const answer = await fetch(`${at}${path}`, {
        method: 'PUT',
        headers: { 'content-type': contentType },
        body: body as string,
      });
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), Buffer.from(body));
      const record = sidecar.of(path)[1]!;
      const length = Buffer.from(body).length;
      assert.equal(record.request['bytes'], length);
      assert.equal(record.response!['bytes'], length);
      assert.deepEqual(record.request['data'], record.response!['data']);
      return record.request['data'];
    };
    const long = JSON.stringify({ text: 'x'.repeat(1000) });
    const digest = (content_type: string, body: string): unknown => ({
      content_type,
      bytes: body.length,
      sha256: digestOf(body),
    });
    assert.deepEqual(await told('/1', 'application/problem+json', '{"a":[1,null]}'), { a: [1, null] });
    assert.deepEqual(await told('/2', 'application/x-www-form-urlencoded', 'pin=1&pin=2&%zz=+'), {
      pin: ['1', '2'],
      '%zz': ' ',
    });
    assert.deepEqual(await told('/3', 'text/plain', 'secret'), digest('text/plain', 'secret'));
    assert.deepEqual(await told('/4', 'application/json', long), digest('application/json', long));
    assert.deepEqual(await told('/5', 'application/json', '{"a":'), digest('application/json', '{"a":'));
    const deep = '['.repeat(501) + ']'.repeat(501);
    assert.deepEqual(await told('/6', 'application/json; q', deep), digest('application/json; q', deep));
    const noText = Buffer.from([0x22, 0xff, 0x22]);
    assert.equal(((await told('/7', 'application/json', noText)) as { bytes: number }).bytes, 3);
    assert.deepEqual(await told('/8', 'application/json', '"text"'), 'text');
  });

  await whole.test(
    'what comes in pieces is held for its end, or told at its end when it is long',
    async (t) => {
      const { at } = await served(
        t,
        sidecar,
        async (request, response) => {
          if (request.url === '/short') {
            response.setHeader('content-type', 'application/json');
            response.write('{"a":');
            setImmediate(() => response.end('1}'));
            return;
          }
          let isFull = false;
          for (let piece = 0; piece < 40; piece++) {
            if (!response.write('x'.repeat(100))) {
              isFull = true;
              await new Promise((resolve) => response.once('drain', resolve));
            }
          }
          assert.ok(isFull);
          response.end();
        },
        { bodyBytes: 1000 },
      );
      assert.equal(await (await fetch(`${at}/short`)).text(), '{"a":1}');
      const [, short, ...more] = sidecar.of('/short');
      assert.equal(more.length, 0);
      assert.deepEqual(short!.response!['data'], { a: 1 });
      assert.equal((await (await fetch(`${at}/long`)).text()).length, 4000);
      const [, begun, ended] = await sidecar.awaited('/long', 3);
      assert.equal(begun!.type, 'response');
      assert.deepEqual(begun!.response!['data'], { streamed: true });
      assert.equal(begun!.response!['status'], 200);
      assert.equal(ended!.type, 'response_end');
      assert.equal(ended!.request.id, begun!.request.id);
      assert.equal(ended!.outcome, 'success');
      assert.equal(ended!.response!['bytes'], 4000);
      assert.deepEqual(ended!.response!['data'], { bytes: 4000, sha256: digestOf('x'.repeat(4000)) });
    },
  );

  await whole.test('a stream whose next piece is long in coming is not held', async (t) => {
    let end = (): void => {};
    const { port } = await served(
      t,
      sidecar,
      (request, response) => {
        if (request.url === '/flushed') response.flushHeaders();
        else {
          if (request.url === '/events') response.setHeader('content-type', 'text/event-stream');
          response.write('first');
        }
        end = () => response.end('last');
      },
      { holdMs: 1 },
    );
    for (const path of ['/flushed', '/events', '/slow']) {
      const caller = new RawCaller(t, port);
      caller.send(`GET ${path} HTTP/1.0\n\n`);
      await caller.until(path === '/flushed' ? /\r\n\r\n/ : /first/);
      assert.equal(sidecar.of(path).length, 2);
      end();
      assert.match(await caller.ended(), /last$/);
      assert.equal((await sidecar.awaited(path, 3))[2]!.type, 'response_end');
    }
  });

  await whole.test('what may not have a body is told without one', async (t) => {
    const { port } = await served(t, sidecar, (request, response) => {
      response.statusCode = Number(request.url!.slice(1));
      response.end('not sent');
    });
    const caller = new RawCaller(t, port);
    caller.send(
      'HEAD /200 HTTP/1.1\nHost: x\n\nGET /304 HTTP/1.1\nHost: x\n\nGET /204 HTTP/1.1\nHost: x\n\n',
    );
    const text = await caller.until(/204 No Content.*\r\n\r\n$/s);
    assert.match(text, /^HTTP\/1.1 200 OK.*304 Not Modified.*204 No Content/s);
    assert.ok(!text.includes('not sent'));
    for (const path of ['/200', '/304', '/204']) {
      const [, response, ...more] = sidecar.of(path);
      assert.equal(more.length, 0);
      assert.equal(response!.response!['bytes'], 0);
      assert.equal('data' in response!.response!, false);
    }
  });

  await whole.test(
    'a caller who goes, and a handler that throws, are in the record of the response',
    async (t) => {
      const errors: unknown[] = [];
      let begun = (): void => {};
      const { port, audit, at } = await served(
        t,
        sidecar,
        (request, response) => {
          begun();
          if (request.url === '/throws') throw new Error('no such order');
          if (request.url === '/rejects') return Promise.reject(new Error('no such customer'));
          if (request.url === '/late') {
            response.write('half');
            response.flushHeaders();
            response.once('drain', () => undefined);
            return new Promise((_resolve, reject) => setImmediate(reject, 'in the middle'));
          }
          if (request.url === '/destroys') response.destroy();
          if (request.url === '/half') response.writeHead(200).write('half');
          return undefined;
        },
        { onError: (error) => errors.push(error), holdMs: 1 },
      );
      for (const path of ['/throws', '/rejects']) {
        const answer = await fetch(`${at}${path}`);
        assert.equal(answer.status, 500);
        const [, response, ...more] = sidecar.of(path);
        assert.deepEqual(
          [response!.outcome, response!.reason, more.length],
          ['failure', 'handler_failed', 0],
        );
        assert.equal(response!.response!['status'], 500);
        assert.match(response!.error!, /^no such/);
      }
      assert.equal(errors.length, 2);
      await assert.rejects(fetch(`${at}/destroys`));
      const [, destroyed] = await sidecar.awaited('/destroys', 2);
      assert.deepEqual(
        [destroyed!.outcome, destroyed!.reason, destroyed!.response!['status']],
        ['failure', 'broken_off', undefined],
      );
      const late = new RawCaller(t, port);
      late.send('GET /late HTTP/1.1\nHost: x\n\n');
      await late.ended();
      assert.equal((await sidecar.awaited('/late', 3)).at(-1)!.reason, 'handler_failed');

      const abandoned = new RawCaller(t, port);
      const isBegun = new Promise<void>((resolve) => {
        begun = resolve;
      });
      // The second waits behind the first and has no connection of its own.
      abandoned.send('GET /abandoned HTTP/1.1\nHost: x\n\nGET /behind HTTP/1.1\nHost: x\n\n');
      await isBegun;
      await waitFor('both are handled', () => sidecar.of('/behind').length === 1);
      abandoned.socket.destroy();
      for (const path of ['/abandoned', '/behind']) {
        const [request, response] = await sidecar.awaited(path, 2);
        assert.equal(request!.request.id, response!.request.id);
        assert.deepEqual(
          [response!.outcome, response!.reason, response!.response!['status']],
          ['failure', 'client_gone', undefined],
        );
      }

      const half = new RawCaller(t, port);
      half.send('GET /half HTTP/1.1\nHost: x\n\n');
      await half.until(/half/);
      half.socket.destroy();
      const [, , end] = await sidecar.awaited('/half', 3);
      assert.deepEqual(
        [end!.type, end!.outcome, end!.reason, end!.response!['status']],
        ['response_end', 'failure', 'client_gone', 200],
      );
      assert.equal(audit.counters.requests, 7);
    },
  );

  await whole.test('what looks sent behaves as Node has it', async (t) => {
    const seen: unknown[] = [];
    const codeOf = (act: () => unknown): unknown => {
      try {
        return act();
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    const listener: Listener = (_request, response) => {
      response.once('finish', () => seen.push('finish'));
      seen.push(
        response.headersSent,
        codeOf(() => response.writeHead(1000)),
        codeOf(() => response.writeHead(200, { 'a b': 'c' })),
        codeOf(() => response.writeHead(200, ['a', 'b\n'])),
        codeOf(() => response.write(7 as never)),
        codeOf(() => response.write(null)),
        response.headersSent,
        codeOf(
          () =>
            response.writeHead(202, 'Fine', [
              ['x-a', '1'],
              ['content-type', 'text/plain'],
            ] as never) === response,
        ),
        response.headersSent,
        codeOf(() => response.setHeader('x-b', '2')),
        codeOf(() => response.removeHeader('x-b')),
        codeOf(() => response.appendHeader('x-b', '2')),
        codeOf(() => response.writeHead(200)),
        response.writableEnded,
        codeOf(() => response.write('a')),
        codeOf(() => response.end('b', () => seen.push('ended')) === response),
        response.writableEnded,
      );
      response.statusCode = 500;
    };
    const { at } = await served(t, sidecar, listener);
    const plain = await listening(
      t,
      createServer((request, response) => void listener(request, response)),
    );
    const answers: unknown[] = [];
    for (const url of [`${at}/looks`, `http://127.0.0.1:${plain}/looks`]) {
      seen.length = 0;
      const answer = await fetch(url);
      const { date: _date, ...headers } = Object.fromEntries(answer.headers);
      const text = await answer.text();
      await waitFor('it is finished', () => seen.includes('finish') && seen.includes('ended'));
      answers.push({ status: answer.status, statusText: answer.statusText, headers, text, seen: [...seen] });
    }
    assert.deepEqual(answers[0], answers[1]);
    assert.equal(sidecar.of('/looks')[1]!.response!['status'], 202);
  });

  await whole.test(
    'hints before the answer leave with it, and an invitation to send the body at once',
    async (t) => {
      const audit = auditHttp(sidecar.client, { holdMs: 60_000 });
      const server = createServer();
      server.on(
        'checkContinue',
        audit.listener(async (request, response) => {
          response.writeEarlyHints({ link: '</a.css>; rel=preload; as=style' }, () => {});
          response.writeProcessing();
          response.writeContinue();
          for await (const _piece of request);
          response.end('done');
        }),
      );
      const caller = new RawCaller(t, await listening(t, server));
      caller.send('PUT /hints HTTP/1.1\nHost: x\nExpect: 100-continue\nContent-Length: 4\n\n');
      assert.equal(
        await caller.until(/100 Continue\r\n\r\n$/),
        'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n',
      );
      assert.equal(sidecar.of('/hints').length, 1);
      caller.send('body');
      assert.match(
        await caller.until(/done$/),
        /100 Continue\r\n\r\nHTTP\/1.1 103 Early Hints\r\nLink.*HTTP\/1.1 200 OK/s,
      );
      assert.equal(sidecar.of('/hints')[1]!.request['bytes'], 4);
    },
  );

  await whole.test('health checks are left out, and nothing that only looks like one', async (t) => {
    const { audit, at, port } = await served(t, sidecar, (_request, response) => response.end('fine'), {
      leaveOut: ['/livez', '/health*'],
    });
    for (const path of ['/livez', '/health', '/health/db?x=1']) await fetch(`${at}${path}`);
    await fetch(`${at}/health/post`, { method: 'POST' });
    await fetch(`${at}/livez2`);
    const caller = new RawCaller(t, port);
    for (const path of ['/health/../orders', '/health//x', '/health%2f..%2fx', '/Health']) {
      caller.send(`GET ${path} HTTP/1.1\nHost: x\n\n`);
    }
    await caller.until(/(fine.*){4}/s);
    assert.equal(audit.counters.leftOut, 3);
    assert.equal(audit.counters.requests, 6);
    assert.equal(sidecar.of('/health').length, 0);
    assert.equal(sidecar.of('/health/post').length, 2);
  });

  await whole.test(
    'a connection for another protocol is recorded before it is handed over, and when it ends',
    async (t) => {
      const audit = auditHttp(sidecar.client);
      const server = createServer();
      server.on(
        'upgrade',
        audit.upgrade((_request, socket) => {
          socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
          socket.pipe(socket);
        }),
      );
      server.on(
        'connect',
        audit.upgrade((_request, socket) => {
          socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        }),
      );
      const port = await listening(t, server);
      const caller = new RawCaller(t, port);
      caller.send('GET /chat HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: echo\n\n');
      await caller.until(/\r\n\r\n$/);
      assert.equal(sidecar.of('/chat')[1]!.response!['status'], 101);
      caller.send('hello');
      await caller.until(/hello$/);
      caller.socket.destroy();
      const [, , end] = await sidecar.awaited('/chat', 3);
      assert.equal(end!.type, 'response_end');
      const proxied = new RawCaller(t, port);
      proxied.send('CONNECT inside:22 HTTP/1.1\nHost: x\n\n');
      assert.match(await proxied.ended(), /^HTTP\/1.1 403/);
      const [request, response] = await sidecar.awaited('inside:22', 3);
      assert.equal(request!.request['operation'], 'connect');
      assert.equal(response!.outcome, 'failure');
    },
  );

  await whole.test(
    'only the headers that are named are sent, and an id of the caller only where that was said',
    async (t) => {
      const listener: Listener = (_request, response) => response.end();
      const { at } = await served(t, sidecar, listener, { headers: ['X-Shop'], requestId: 'x-request-id' });
      const ask = (path: string, headers: Record<string, string>) => fetch(`${at}${path}`, { headers });
      await ask('/named', { 'x-shop': 'a', authorization: 'Bearer secret', 'x-request-id': 'req-7' });
      const [named] = sidecar.of('/named');
      assert.deepEqual(named!.request['headers'], { 'x-shop': ['a'] });
      assert.equal(named!.request.id, 'req-7');
      for (const id of ['', 'two words', 'x'.repeat(129), 'a, b']) {
        await ask('/bad-id', { 'x-request-id': id });
        assert.match(sidecar.of('/bad-id').at(-1)!.request.id, /^[0-9a-f-]{36}$/);
      }
      const { at: other } = await served(t, sidecar, listener);
      await fetch(`${other}/made`, { headers: { 'x-request-id': 'req-7' } });
      assert.match(sidecar.of('/made')[0]!.request.id, /^[0-9a-f-]{36}$/);
    },
  );

  await whole.test('what the application says of a request may be anything', async (t) => {
    const circle: Record<string, unknown> = { user_id: 'ann' };
    circle['self'] = circle;
    const said: unknown[] = [
      circle,
      { user_id: 1n },
      {
        toJSON() {
          throw new Error('no');
        },
      },
      null,
      undefined,
    ];
    const errors: unknown[] = [];
    const { at } = await served(t, sidecar, (_request, response) => response.end(), {
      auth: () => said.shift() as never,
      resource: () => {
        throw new Error('no resource');
      },
      onError: (error) => errors.push(error),
    });
    for (let asked = 0; asked < 2; asked++) assert.equal((await fetch(`${at}/anything`)).status, 200);
    const auth = sidecar.of('/anything').map((record) => record.auth);
    assert.deepEqual(auth, [{ unreadable: true }, { unreadable: true }, { unreadable: true }, undefined]);
    assert.equal(errors.length, 4);
  });

  await whole.test(
    'without its record a request is not carried out, and a response is not shown',
    async (t) => {
      const folder = temporaryDirectory(t);
      const answers: string[] = [];
      // A sidecar that says what it is told to.
      const stand = createSocketServer((socket) => {
        socket.on('error', () => {});
        let text = '';
        socket.on('data', (bytes: Buffer) => {
          text += bytes.toString();
          const lines = text.split('\n');
          text = lines.pop()!;
          for (const _line of lines) socket.write(`${answers.shift() ?? '{"ok":true}'}\n`);
        });
      });
      const place = path.join(folder, 'ingest.sock');
      await new Promise<void>((resolve) => stand.listen(place, resolve));
      t.after(() => stand.close());
      const unrecorded: unknown[] = [];
      let handled = 0;
      const begin = async (onRefusal: 'refuse' | 'allow') => {
        const audit = auditHttp(clientOf(t, place, { deadlineMs: 60_000, onRefusal }), {
          onUnrecorded: ({ requestId: _requestId, ...rest }) => unrecorded.push(rest),
        });
        const port = await listening(
          t,
          createServer(
            audit.listener((request, response) => {
              handled++;
              response.setHeader('set-cookie', 'sid=secret');
              response.setHeader('access-control-allow-origin', '*');
              if (request.url === '/stream') {
                response.writeHead(200, { etag: 'secret' });
                response.flushHeaders();
                response.write('secret', (error) => unrecorded.push((error as { code?: string }).code));
              } else response.end('secret');
              assert.equal(response.headersSent, true);
              response.on('finish', () =>
                assert.throws(() => response.setHeader('a', 'b'), /after they are sent/),
              );
            }),
          ),
        );
        return { audit, at: `http://127.0.0.1:${port}` };
      };
      const no = '{"ok":false,"code":"not_recorded","message":"file/: disk full"}';
      const { audit, at } = await begin('refuse');
      const refusal = { ok: false, code: 'not_recorded', message: 'file/: disk full' };
      for (const [url, type, replies, effects] of [
        ['/', 'request', [no], 0],
        ['/', 'response', ['{"ok":true}', no], 1],
        ['/stream', 'response', ['{"ok":true}', no], 1],
      ] as const) {
        answers.push(...replies);
        [handled, unrecorded.length] = [0, 0];
        const answer = await fetch(`${at}${url}`);
        assert.equal(answer.status, 503);
        assert.equal(answer.headers.get('retry-after'), '1');
        assert.equal(answer.headers.get('set-cookie'), null);
        assert.equal(answer.headers.get('etag'), null);
        const body = await answer.text();
        const { message, ...told } = JSON.parse(body) as { message: string };
        assert.deepEqual(told, { error: 'not_audited', record: type, code: 'not_recorded' });
        assert.match(message, type === 'request' ? /was not carried out/ : /was carried out/);
        assert.ok(!/secret|disk|file/.test(body));
        assert.equal(handled, effects);
        const { ok: _ok, ...why } = refusal;
        assert.deepEqual(unrecorded[0], { type, ...why, proceed: false });
        if (url === '/stream')
          await waitFor('its callback hears', () => unrecorded[1] === 'ERR_NOT_RECORDED');
      }
      answers.push(no);
      assert.equal(await (await fetch(at, { method: 'HEAD' })).text(), '');
      const { requests, refusedRequests, refusedResponses, unrecorded: counted } = audit.counters;
      assert.deepEqual(
        { requests, refusedRequests, refusedResponses },
        { requests: 4, refusedRequests: 2, refusedResponses: 2 },
      );
      assert.deepEqual(counted, { request: 2, response: 2, response_end: 0 });
      const open = await begin('allow');
      answers.push(no, no);
      assert.equal(await (await fetch(open.at)).text(), 'secret');
      assert.deepEqual(open.audit.counters.unrecorded, { request: 1, response: 1, response_end: 0 });
      assert.equal(open.audit.counters.refusedRequests, 0);
    },
  );

  await whole.test('what cannot be an option is named', (t) => {
    const client = clientOf(t, '/nobody', {});
    const refused = (options: unknown, message: RegExp) =>
      assert.throws(() => auditHttp(client, options as never), { name: 'TypeError', message });
    refused({ leaveout: [] }, /option "leaveout": there are service, leaveOut/);
    refused({ bodyBytes: -1 }, /"bodyBytes": wanted a whole number/);
    refused({ auth: {} }, /"auth": wanted a function/);
    refused({ headers: 'some' }, /"headers"/);
    refused({ requestId: 'x-id' }, /"requestId": wanted made, x-request-id, traceparent/);
    refused({ leaveOut: '/health' }, /"leaveOut"/);
    refused({ service: 'shop' }, /"service"/);
    assert.throws(() => auditHttp({} as never), /wanted a client, made by connect\(\)/);
  });
}

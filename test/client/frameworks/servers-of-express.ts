import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { auditExpress, type ExpressAudit } from 'audit-sidecar/express';
import express, { type Express, type Request } from 'express';
import { waitFor } from '../../support/wait-for.ts';
import { clientOf, listening, RawCaller, type Sidecar } from './audited.ts';

type Options = NonNullable<Parameters<typeof auditExpress<Request>>[1]>;

interface Served {
  readonly audit: ExpressAudit;
  readonly at: string;
}

/** Tests of servers of Express. */
export async function serversOfExpress(whole: TestContext, sidecar: Sidecar): Promise<void> {
  const served = async (
    t: TestContext,
    build: (app: Express, audit: ExpressAudit) => void,
    options: Options = {},
  ): Promise<Served> => {
    const audit = auditExpress<Request>(sidecar.client, { holdMs: 60_000, ...options });
    const app = express();
    // Express prints what its last resort answers.
    app.set('env', 'test');
    build(app, audit);
    return { audit, at: `http://127.0.0.1:${await listening(t, createServer(app))}` };
  };
  const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  await whole.test(
    'placed first, it has the caller and the body in the record of the response',
    async (t) => {
      const { at } = await served(t, (app, audit) => {
        app.use(audit);
        app.use(express.json());
        app.use((request, _response, next) => {
          Object.assign(request, { user: { id: 7, name: 'Ann', scope: 'a b', passwordHash: 'secret' } });
          next();
        });
        app.post('/first/:id', (request, response) => {
          response.status(201).json({ got: (request.body as { sku: string }).sku });
        });
      });
      assert.deepEqual(await (await post(`${at}/first/1?a=1`, { sku: 's' })).json(), { got: 's' });
      const [request, response, ...more] = sidecar.of('/first/1');
      assert.equal(more.length, 0);
      assert.equal(request!.auth, undefined);
      assert.equal(request!.request['data'], undefined);
      assert.equal(request!.request['route'], undefined);
      assert.deepEqual(response!.auth, { user_id: '7', display_name: 'Ann', scopes: ['a', 'b'] });
      assert.equal(response!.request['route'], '/first/:id');
      assert.deepEqual(response!.request['data'], { sku: 's' });
      assert.deepEqual(response!.response!['data'], { got: 's' });
      assert.equal(response!.response!['status'], 201);
    },
  );

  await whole.test(
    'placed behind authentication, it has them in both, and what was refused before is there',
    async (t) => {
      const { at } = await served(
        t,
        (app, audit) => {
          app.use(audit.early);
          app.use(express.json());
          app.use((request, response, next) => {
            if (request.headers.authorization === undefined)
              response.status(401).json({ error: 'who are you?' });
            else next();
          });
          app.use(audit);
          app.post('/behind', (_request, response) => {
            response.sendStatus(200);
          });
        },
        { auth: (request) => ({ user_id: request.get('authorization')! }) },
      );
      assert.equal((await post(`${at}/behind`, { sku: 's' }, { authorization: 'ann' })).status, 200);
      const [request] = sidecar.of('/behind');
      assert.deepEqual(request!.auth, { user_id: 'ann' });
      assert.deepEqual(request!.request['data'], { sku: 's' });
      assert.equal((await post(`${at}/behind`, { sku: 's' })).status, 401);
      const refused = sidecar.of('/behind').slice(2);
      assert.deepEqual(
        refused.map(({ type, outcome }) => [type, outcome]),
        [
          ['request', undefined],
          ['response', 'failure'],
        ],
      );
      const unparsed = await fetch(`${at}/behind`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"secret',
      });
      assert.equal(unparsed.status, 400);
      assert.equal(sidecar.of('/behind').length, 6);
    },
  );

  await whole.test('placed behind a parser alone, it takes what that has made of the body', async (t) => {
    const { at } = await served(t, (app, audit) => {
      app.use(express.json());
      app.use((request, _response, next) => {
        if (request.query['spoil'] !== undefined)
          Object.assign(request.body as object, { self: request.body, big: 1n });
        next();
      });
      app.use(audit);
      app.post('/parsed', (request, response) => {
        Object.assign(request.body as object, { sku: 'changed' });
        response.end();
      });
    });
    await post(`${at}/parsed`, { sku: 's' });
    await post(`${at}/parsed?spoil`, { sku: 's' });
    const data = sidecar.of('/parsed').map(({ request }) => request['data']);
    assert.deepEqual(data, [{ sku: 's' }, { sku: 's' }, { unreadable: true }, { unreadable: true }]);
  });

  await whole.test('the route is a template, however deep the router is mounted', async (t) => {
    const { at } = await served(t, (app, audit) => {
      app.use(audit);
      const orders = express.Router();
      orders.get('/', (_request, response) => void response.json([]));
      orders.get('/:order', (request, response) => {
        if (request.params['order'] === 'bad') throw new Error('bad order');
        response.json({});
      });
      const shops = express.Router();
      shops.use('/:shop/orders', orders);
      app.use('/shops', shops);
      app.get(['/either', '/or'], (_request, response) => void response.json({}));
      const other = express();
      other.get('/page/:page', (_request, response) => void response.json({}));
      app.use('/admin', other);
      app.use(audit.errors);
    });
    const routes = {
      '/shops/sh%20op/orders': '/shops/:shop/orders',
      '/shops/shops/orders/orders': '/shops/:shop/orders/:order',
      '/shops/a/orders/bad': '/shops/:shop/orders/:order',
      '/or': '/either|/or',
      '/admin/page/7': '/admin/page/:page',
      '/nowhere': undefined,
    };
    for (const [place, route] of Object.entries(routes)) {
      await (await fetch(`${at}${place}`)).text();
      assert.equal(sidecar.of(place)[1]!.request['route'], route, place);
    }
    const failed = sidecar.of('/shops/a/orders/bad')[1]!;
    assert.deepEqual(
      [failed.response!['status'], failed.reason, failed.error],
      [500, 'handler_failed', 'bad order'],
    );
    assert.equal(sidecar.of('/nowhere')[1]!.response!['status'], 404);
  });

  await whole.test('whatever sends the response, it is recorded first', async (t) => {
    const file = path.join(sidecar.daemon.folder, 'terms.txt');
    writeFileSync(file, 'terms '.repeat(20_000));
    const { at } = await served(t, (app, audit) => {
      app.use(audit);
      app.get('/send', (_request, response) => void response.send('<b>text</b>'));
      app.get('/file', (_request, response) => void response.sendFile(file));
      app.get('/pipe', (_request, response) => {
        response.type('json');
        Readable.from(['{"a":', '1}']).pipe(response);
      });
      app.get('/redirect', (_request, response) => void response.redirect('/elsewhere'));
      app.get('/rejects', () => Promise.reject(new Error('no database')));
      app.get('/half', (_request, response) => {
        response.write('x'.repeat(70_000));
        response.once('drain', () => response.destroy());
      });
      app.get('/big', (_request, response) => void response.json({ amount: 1n }));
      app.use(audit.errors);
    });
    const text = async (place: string): Promise<string> =>
      (await fetch(`${at}${place}`, { redirect: 'manual' })).text();
    assert.equal(await text('/send'), '<b>text</b>');
    assert.equal((sidecar.of('/send')[1]!.response!['data'] as { bytes: number }).bytes, 11);
    assert.equal((await text('/file')).length, 120_000);
    const [, begun, end] = await sidecar.awaited('/file', 3);
    assert.equal(begun!.response!['status'], 200);
    assert.equal(end!.response!['bytes'], 120_000);
    assert.equal(await text('/pipe'), '{"a":1}');
    assert.deepEqual(sidecar.of('/pipe')[1]!.response!['data'], { a: 1 });
    const cached = new RawCaller(t, Number(new URL(at).port));
    cached.send('GET /send HTTP/1.1\nHost: x\nIf-None-Match: *\n\n');
    await cached.until(/^HTTP\/1.1 304 .*\r\n\r\n$/s);
    assert.equal(sidecar.of('/send')[3]!.response!['bytes'], 0);
    await text('/redirect');
    assert.equal(sidecar.of('/redirect')[1]!.response!['status'], 302);
    for (const [place, error] of [
      ['/rejects', /no database/],
      ['/big', /BigInt/],
    ] as const) {
      await text(place);
      const response = sidecar.of(place)[1]!;
      assert.deepEqual([response.response!['status'], response.outcome], [500, 'failure']);
      assert.match(response.error!, error);
    }
    await assert.rejects(text('/half'));
    const broken = (await sidecar.awaited('/half', 3))[2]!;
    assert.deepEqual([broken.type, broken.outcome, broken.reason], ['response_end', 'failure', 'broken_off']);
  });

  await whole.test('health checks are left out, and a second meeting is the same request', async (t) => {
    const { audit, at } = await served(
      t,
      (app, ours) => {
        app.use(ours.early);
        app.use(ours);
        app.get('/livez', (_request, response) => void response.send('fine'));
        app.get('/twice', ours, (_request, response) => void response.send('fine'));
      },
      { leaveOut: ['/livez'] },
    );
    await fetch(`${at}/livez`);
    await fetch(`${at}/twice`);
    assert.deepEqual([audit.counters.leftOut, audit.counters.requests], [1, 1]);
    assert.equal(sidecar.of('/livez').length, 0);
    assert.equal(sidecar.of('/twice').length, 2);
  });

  await whole.test('without a sidecar nothing is carried out', async (t) => {
    const audit = auditExpress(
      clientOf(t, path.join(sidecar.daemon.folder, 'nobody.sock'), { deadlineMs: 10 }),
    );
    const app = express();
    let handled = 0;
    app.use(audit, () => handled++);
    const answer = await fetch(`http://127.0.0.1:${await listening(t, createServer(app))}/a`);
    assert.equal(answer.status, 503);
    assert.equal(((await answer.json()) as { code: string }).code, 'unreachable');
    await waitFor('it is counted', () => audit.counters.refusedRequests === 1);
    assert.equal(handled, 0);
  });
}

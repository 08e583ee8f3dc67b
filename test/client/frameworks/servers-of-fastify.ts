import assert from 'node:assert/strict';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { auditFastify, type FastifyAudit } from 'audit-sidecar/fastify';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { waitFor } from '../../support/wait-for.ts';
import { clientOf, RawCaller, type Sidecar } from './audited.ts';

type Options = NonNullable<Parameters<typeof auditFastify<FastifyRequest>>[1]>;

/** Tests of servers of Fastify. */
export async function serversOfFastify(whole: TestContext, sidecar: Sidecar): Promise<void> {
  const served = async (
    t: TestContext,
    build: (app: FastifyInstance) => void,
    options: Options = {},
  ): Promise<{ audit: FastifyAudit; app: FastifyInstance }> => {
    const audit = auditFastify<FastifyRequest>(sidecar.client, { holdMs: 60_000, ...options });
    const app = fastify();
    t.after(() => app.close());
    await app.register(audit);
    build(app);
    return { audit, app };
  };

  await whole.test('both records say who did what, also when a hook behind it finds out who', async (t) => {
    const { app } = await served(t, (server) => {
      server.addHook('preHandler', async (request, reply) => {
        if (request.headers['x-user'] === undefined) return reply.code(401).send({ error: 'who are you?' });
        Object.assign(request, { user: { sub: request.headers['x-user'], roles: ['clerk'] } });
        return undefined;
      });
      server.register(
        async (orders) => {
          orders.post('/:id', async (request, reply) => {
            reply.code(201);
            return { id: (request.params as { id: string }).id, got: request.body };
          });
        },
        { prefix: '/orders' },
      );
    });
    const ask = (headers: Record<string, string>, payload: unknown = { sku: 's' }) =>
      app.inject({ method: 'POST', url: '/orders/7?a=1', headers, payload: payload as object });
    assert.deepEqual((await ask({ 'x-user': 'ann' })).json(), { id: '7', got: { sku: 's' } });
    const [request, response, ...more] = sidecar.of('/orders/7');
    assert.equal(more.length, 0);
    assert.deepEqual(request!.auth, { user_id: 'ann', roles: ['clerk'] });
    assert.equal(request!.request['route'], '/orders/:id');
    assert.deepEqual(request!.request['data'], { sku: 's' });
    assert.deepEqual(response!.auth, request!.auth);
    assert.deepEqual(response!.response!['data'], { id: '7', got: { sku: 's' } });
    assert.equal(response!.response!['status'], 201);
    assert.equal((await ask({})).statusCode, 401);
    assert.equal((await ask({ 'content-type': 'application/json' }, '{"secret')).statusCode, 400);
    assert.deepEqual(
      sidecar
        .of('/orders/7')
        .slice(2)
        .map(({ type, response: told, reason }) => [type, told?.['status'], reason]),
      [
        ['request', undefined, undefined],
        ['response', 401, undefined],
        ['request', undefined, undefined],
        ['response', 400, undefined],
      ],
    );
  });

  await whole.test('whatever sends the response, it is recorded first', async (t) => {
    const { app } = await served(t, (server) => {
      server.get('/text', async () => 'text');
      server.get('/bytes', (_request, reply) => reply.type('image/png').send(Buffer.from('png')));
      server.get('/stream', (_request, reply) =>
        reply.type('application/json').send(Readable.from(['{"a":', '1}'])),
      );
      server.get('/nothing', (_request, reply) => reply.code(204).send());
      server.get('/throws', async () => {
        throw new Error('no database');
      });
      server.get('/raw', (_request, reply) => {
        reply.hijack();
        reply.raw.end('raw');
      });
      server.get('/broken', (_request, reply) =>
        reply.send(
          new Readable({
            read() {
              this.push('x'.repeat(70_000));
              this.destroy(new Error('in the middle'));
            },
          }),
        ),
      );
    });
    const address = await app.listen({ port: 0, host: '127.0.0.1' });
    const told = async (place: string, method = 'GET') => {
      const answer = await fetch(`${address}${place}`, { method });
      const text = await answer.text();
      const [, response, ...more] = sidecar.of(place);
      assert.equal(more.length, 0);
      const { duration_ms: _duration, ...rest } = response!.response!;
      assert.equal(rest['status'], answer.status);
      return { text, ...rest } as { text: string; bytes?: number; data?: Record<string, unknown> };
    };
    assert.equal((await told('/text')).bytes, 4);
    assert.equal((await told('/bytes')).data!['bytes'], 3);
    assert.deepEqual((await told('/stream')).data, { a: 1 });
    assert.equal((await told('/nothing')).bytes, 0);
    assert.equal((await told('/raw')).text, 'raw');
    assert.equal((await told('/nowhere')).data!['statusCode'], 404);
    await told('/throws');
    const failed = sidecar.of('/throws')[1]!;
    assert.deepEqual(
      [failed.outcome, failed.reason, failed.error],
      ['failure', 'handler_failed', 'no database'],
    );
    await assert.rejects(told('/broken'));
    // Before or after it began to be sent.
    await waitFor('it is told', () => sidecar.of('/broken').some(({ outcome }) => outcome === 'failure'));
    await fetch(`${address}/text`, { method: 'HEAD' });
    assert.equal(sidecar.of('/text')[3]!.response!['bytes'], 0);
  });

  await whole.test('routes of before the plugin are recorded, too, and health checks left out', async (t) => {
    const audit = auditFastify(sidecar.client, { leaveOut: ['/livez', '/parts/:part'] });
    const app = fastify();
    t.after(() => app.close());
    app.get('/before', async () => ({}));
    await app.register(audit);
    app.get('/livez', async () => 'fine');
    app.get('/parts/:part', async () => 'fine');
    for (const url of ['/before', '/livez', '/parts/7'])
      assert.equal((await app.inject(url)).statusCode, 200);
    assert.deepEqual([audit.counters.requests, audit.counters.leftOut], [1, 2]);
    assert.deepEqual(
      sidecar.of('/before').map(({ type }) => type),
      ['request', 'response'],
    );
  });

  await whole.test('without a sidecar nothing is carried out', async (t) => {
    const client = clientOf(t, path.join(sidecar.daemon.folder, 'nobody.sock'), { deadlineMs: 10 });
    const audit = auditFastify(client);
    const app = fastify();
    t.after(() => app.close());
    await app.register(audit);
    let handled = 0;
    app.get('/a', async () => handled++);
    const answer = await app.inject('/a');
    assert.equal(answer.statusCode, 503);
    assert.equal(answer.json().code, 'unreachable');
    assert.deepEqual([handled, audit.counters.refusedRequests], [0, 1]);
  });

  await whole.test('a caller who goes is in the record of the response', async (t) => {
    let begun = (): void => {};
    const isBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { app } = await served(t, (server) => {
      server.get('/gone', () => {
        begun();
        return new Promise(() => {});
      });
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const caller = new RawCaller(t, (app.server.address() as { port: number }).port);
    caller.send('GET /gone HTTP/1.1\nHost: x\n\n');
    await isBegun;
    caller.socket.destroy();
    const [, response] = await sidecar.awaited('/gone', 2);
    assert.deepEqual([response!.outcome, response!.reason], ['failure', 'client_gone']);
  });
}

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { type TestContext, test } from 'node:test';
import { auditExpress } from 'audit-sidecar/express';
import { auditFastify } from 'audit-sidecar/fastify';
import express from 'express';
import fastify from 'fastify';
import { waitFor } from '../../support/wait-for.ts';
import { listening, Sidecar } from './audited.ts';

/** What is used here of a package that brings no types. */
interface Caller {
  on(event: 'headers', listener: (head: { statusCode: number }) => void): void;
  on(event: 'body', listener: (body: Buffer) => void): void;
}
type Autocannon = (options: object) => PromiseLike<unknown> & { stop(): void };
const autocannon = createRequire(import.meta.url)('autocannon') as Autocannon;

/** Callers of a server that answers each request with a number of its own. */
class Load {
  readonly served: number[] = [];
  refused = 0;
  readonly #running: ReturnType<Autocannon>;

  constructor(t: TestContext, url: string) {
    this.#running = autocannon({
      url,
      connections: 4,
      overallRate: 200,
      // The test ends it.
      duration: 600,
      setupClient: (caller: Caller) => {
        let status = 0;
        caller.on('headers', ({ statusCode }) => {
          status = statusCode;
        });
        caller.on('body', (body) => {
          if (status === 200) this.served.push((JSON.parse(body.toString()) as { served: number }).served);
          else if (status === 503) this.refused++;
        });
      },
    });
    t.after(() => this.stop());
  }

  async stop(): Promise<void> {
    this.#running.stop();
    await this.#running;
  }
}

test('under load and with a sidecar that is killed, every request that was served has its two records', async (t) => {
  const sidecar = await Sidecar.start(t, { deadlineMs: 1000 });
  let count = 0;
  const app = express();
  app.use(auditExpress(sidecar.client));
  app.get('/express', (_request, response) => void response.json({ served: count++ }));
  const other = fastify();
  t.after(() => other.close());
  await other.register(auditFastify(sidecar.client));
  other.get('/fastify', async () => ({ served: count++ }));
  const loads = [
    new Load(t, `http://127.0.0.1:${await listening(t, createServer(app))}/express`),
    new Load(t, `${await other.listen({ port: 0, host: '127.0.0.1' })}/fastify`),
  ];
  const eachHas = (what: string, isSo: (load: Load) => boolean): Promise<void> =>
    waitFor(what, () => loads.every(isSo));
  await eachHas('served', ({ served }) => served.length > 20);
  await sidecar.daemon.kill();
  await eachHas('refused', ({ refused }) => refused > 4);
  const before = loads.map(({ served }) => served.length);
  await sidecar.daemon.run();
  await eachHas('served again', (load) => load.served.length > before[loads.indexOf(load)]! + 20);
  await Promise.all(loads.map((load) => load.stop()));

  const requests = new Set<string>();
  const responses = new Set<number>();
  // Half a line that the kill left is completed to one of a torn record.
  for (const { type, request, response } of sidecar
    .records()
    .filter((record) => record.request !== undefined)) {
    if (type === 'request') requests.add(request.id);
    else if (response!['status'] === 200) {
      assert.ok(requests.has(request.id), 'the record of the request is there, and before');
      responses.add((response!['data'] as { served: number }).served);
    }
  }
  for (const { served } of loads) {
    assert.equal(new Set(served).size, served.length);
    assert.deepEqual(
      served.filter((one) => !responses.has(one)),
      [],
    );
  }
});

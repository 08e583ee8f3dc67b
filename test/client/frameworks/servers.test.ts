import { test } from 'node:test';
import { Sidecar } from './audited.ts';
import { serversOfExpress } from './servers-of-express.ts';
import { serversOfFastify } from './servers-of-fastify.ts';
import { serversOfHttp } from './servers-of-http.ts';

// In one process and with one sidecar: to start those costs more than all of these tests.
test('servers', async (t) => {
  const sidecar = await Sidecar.start(t);
  await t.test('of node:http', (whole) => serversOfHttp(whole, sidecar.fromHere()));
  await t.test('of Express', (whole) => serversOfExpress(whole, sidecar.fromHere()));
  await t.test('of Fastify', (whole) => serversOfFastify(whole, sidecar.fromHere()));
});

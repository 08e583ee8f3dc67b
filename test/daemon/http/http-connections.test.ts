import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { type HttpAnswer, jsonAnswer } from '../../../daemon/http/http-routes.ts';
import { type ServerCertificate, startHttpServer } from '../../../daemon/http/http-server.ts';
import { makeCertificate, opensslMissing } from '../../devices/peers/certificates.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { quietServer } from './quiet-server.ts';

/** A server with room for two connections, whose `/slow` is answered when the test says so. */
async function started(t: TestContext, certificate: ServerCertificate | null = null) {
  const waiting: ((answer: HttpAnswer) => void)[] = [];
  const server = await startHttpServer({
    ...quietServer,
    certificate,
    connections: { kind: 'own', most: 2 },
    respond: (request) =>
      request.url === '/slow'
        ? new Promise<HttpAnswer>((resolve) => waiting.push(resolve))
        : jsonAnswer(200, 'quick'),
  });
  t.after(() => server.close(0));
  const port = server.address.kind === 'tcp' ? server.address.port : 0;
  return { port, waiting };
}

async function silent(t: TestContext, port: number, bytes = ''): Promise<{ readonly closed: () => boolean }> {
  const socket = net.connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  socket.write(bytes);
  return { closed: () => socket.destroyed };
}

async function get(options: https.RequestOptions, secure = false): Promise<string> {
  const request = (secure ? https : http).get({ host: '127.0.0.1', agent: false, ...options });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  return text;
}

test('when it is full, who waits longest for its client goes, and never a request at work', async (t) => {
  const { port, waiting } = await started(t);
  const slow = get({ port, path: '/slow' });
  await waitFor('the slow request is at work', () => waiting.length === 1);
  const half = await silent(t, port, 'GET / HTTP/1.1\r\nHost');
  assert.equal(await get({ port, path: '/' }), '"quick"\n');
  await waitFor('the half request was ended', half.closed);
  waiting[0]!(jsonAnswer(200, 'slow'));
  assert.equal(await slow, '"slow"\n');
});

test('an idle connection that was answered later goes later', async (t) => {
  const { port } = await started(t);
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const first = await silent(t, port);
  // It came second; its answer makes it the younger one, and so does each that follows.
  assert.equal(await get({ port, path: '/', agent }), '"quick"\n');
  const next = await silent(t, port);
  await waitFor('the first was ended', first.closed);
  assert.equal(next.closed(), false);
  const kept = Object.values(agent.freeSockets).flat();
  assert.equal(kept.length, 1);
  assert.equal(await get({ port, path: '/', agent }), '"quick"\n');
});

test('when every connection is at work, a new one is closed', async (t) => {
  const { port, waiting } = await started(t);
  const slow = [get({ port, path: '/slow' }), get({ port, path: '/slow' })];
  await waitFor('both are at work', () => waiting.length === 2);
  await assert.rejects(get({ port, path: '/' }), /ECONNRESET|socket hang up/);
  for (const answer of waiting) answer(jsonAnswer(200, 'slow'));
  assert.deepEqual(await Promise.all(slow), ['"slow"\n', '"slow"\n']);
  assert.equal(await get({ port, path: '/' }), '"quick"\n');
});

test('half TLS handshakes give way too, and TLS requests at work do not', {
  skip: opensslMissing,
}, async (t) => {
  const certificate = makeCertificate(temporaryDirectory(t), 'server', 'IP:127.0.0.1');
  const { port, waiting } = await started(t, certificate);
  const slow = get({ port, path: '/slow', ca: certificate.cert }, true);
  await waitFor('the slow request is at work', () => waiting.length === 1);
  const halves = [await silent(t, port), await silent(t, port, '\x16\x03\x01')];
  assert.equal(await get({ port, path: '/', ca: certificate.cert }, true), '"quick"\n');
  await waitFor('the half handshakes were ended', () => halves.every(({ closed }) => closed()));
  waiting[0]!(jsonAnswer(200, 'slow'));
  assert.equal(await slow, '"slow"\n');
});

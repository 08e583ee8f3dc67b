import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { type HttpRefusals, plainRefusals, routed } from '../../../daemon/http/http-router.ts';
import {
  errorAnswer,
  type HttpAnswer,
  type HttpRoute,
  jsonAnswer,
} from '../../../daemon/http/http-routes.ts';

/** Answers with its own name and what it captured. */
function told(path: string | RegExp, name: string, ...methods: ('GET' | 'PUT' | 'DELETE')[]): HttpRoute {
  const action = (call: { readonly name: string }): HttpAnswer => jsonAnswer(200, [name, call.name]);
  return { path, methods: Object.fromEntries(methods.map((method) => [method, action])) };
}

const routes = [
  told('/things', 'things', 'GET', 'DELETE'),
  told(/^\/things\/(.+)$/s, 'one thing', 'PUT'),
  told(/^\/things\/again$/, 'never asked', 'GET', 'PUT'),
  told(/^\/any/, 'without a name', 'GET'),
  told('/', 'root', 'GET'),
];

async function answerTo(method: string, url: string, refusals = plainRefusals): Promise<HttpAnswer> {
  return routed(routes, refusals)({ method, url } as IncomingMessage);
}

const body = async (method: string, url: string): Promise<unknown> =>
  JSON.parse(String((await answerTo(method, url)).body));

test('the first route whose path fits answers, with what its pattern captured', async () => {
  assert.deepEqual(await body('GET', '/things'), ['things', '']);
  assert.deepEqual(await body('GET', '/things?x=/things/y'), ['things', '']);
  assert.deepEqual(await body('HEAD', '/things'), ['things', '']);
  assert.deepEqual(await body('PUT', '/things/a/b'), ['one thing', 'a/b']);
  assert.deepEqual(await body('PUT', '/things/again'), ['one thing', 'again']);
  assert.deepEqual(await body('GET', '/anything'), ['without a name', '']);
});

test('a path is decoded once, and stays as it is otherwise', async () => {
  assert.deepEqual(await body('GET', '/%74hings'), ['things', '']);
  assert.deepEqual(await body('PUT', '/things/%2525%2F..%0A'), ['one thing', '%25/..\n']);
  assert.deepEqual(await body('PUT', '/things/../x'), ['one thing', '../x']);
  for (const url of ['/things/', '//things', '/x/../things', '/Things', '/thing', '/constructor']) {
    const { status } = await answerTo('GET', url);
    assert.ok(status === 404 || url === '/things/', `${url}: ${status}`);
  }
});

test('a target may name its host, and else has to be a path', async () => {
  assert.deepEqual(await body('GET', 'http://any.host:80/things?x'), ['things', '']);
  assert.deepEqual(await body('GET', 'HTTPS://any.host/things'), ['things', '']);
  assert.deepEqual(await body('GET', 'http://any.host'), ['root', '']);
  assert.deepEqual(await body('GET', 'http://any.host?x=1'), ['root', '']);
  for (const url of ['', '*', 'things', 'host:443', 'ftp://host/things', 'http:///things', '?/things']) {
    const answer = await answerTo('GET', url);
    assert.deepEqual(answer, errorAnswer(400, 'the request target is not a path'), url);
  }
  for (const url of ['/%', '/things/%zz', '/%ff']) {
    const answer = await answerTo('GET', url);
    assert.deepEqual(answer, errorAnswer(400, 'the request path has a percent sign that encodes nothing'));
  }
});

test('what no route takes is refused by its path, or with the methods that there are', async () => {
  assert.deepEqual(await answerTo('GET', '/n%22one'), errorAnswer(404, 'nothing at "/n"one"'));
  const wrong = await answerTo('PUT', '/things');
  assert.deepEqual(wrong, errorAnswer(405, '"/things" does not take PUT', { Allow: 'GET, HEAD, DELETE' }));
  assert.equal((await answerTo('HEAD', '/things/x')).headers?.['Allow'], 'PUT');
  for (const method of ['constructor', '__proto__', 'get', '', 'toString']) {
    assert.equal((await answerTo(method, '/things')).status, 405, method);
  }
});

test('refusals of its own go before the routes, and see the query', async () => {
  const asked: unknown[] = [];
  const own: HttpRefusals = {
    beforehand: ({ method, path, query }) => {
      asked.push([method, path, query.get('q')]);
      return query.has('q') ? errorAnswer(418, 'no') : null;
    },
    unknownPath: () => errorAnswer(404, 'own path'),
    unknownMethod: (_target, allowed) => errorAnswer(405, `own ${allowed}`),
  };
  assert.equal((await answerTo('GET', '/things?q=a%20b', own)).status, 418);
  assert.equal((await answerTo('GET', '/none?q', own)).status, 418);
  assert.equal((await answerTo('GET', '/things', own)).status, 200);
  assert.deepEqual(await answerTo('GET', '/none', own), errorAnswer(404, 'own path'));
  assert.deepEqual(await answerTo('PUT', '/things', own), errorAnswer(405, 'own GET, HEAD, DELETE'));
  assert.deepEqual(asked.slice(0, 2), [
    ['GET', '/things', 'a b'],
    ['GET', '/none', ''],
  ]);
});

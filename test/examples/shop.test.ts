import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../support/project-root.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const hasExpress = ((): boolean => {
  try {
    return createRequire(import.meta.url).resolve('express') !== '';
  } catch {
    return false;
  }
})();

test('the shop shows who did what to which order, and no secret', {
  skip: hasExpress ? false : 'Express is missing: npm install express@5',
}, (t) => {
  const folder = temporaryDirectory(t);
  const run = () =>
    spawnSync(process.execPath, ['examples/shop/start.js', folder], {
      cwd: projectRoot,
      encoding: 'utf8',
      timeout: 60_000,
    });
  const { stdout, stderr, status } = run();
  assert.equal(status, 0, stderr);
  for (const sentence of [
    /somebody +login: failure \(POST \/v1\/login answered 401\)/,
    /Ann \(u-17\) +login: success/,
    /Ann \(u-17\) +create order o-991: success \(POST \/v1\/orders answered 201\)/,
    /Bob \(u-18\) +read order o-991: failure \(GET \/v1\/orders\/o-991 answered 403\)/,
    /Eve \(u-4\) +read customer u-17: success/,
    /Ann \(u-17\) +delete order o-991: success/,
    /Ann \(u-17\) +read order o-991: failure \(GET \/v1\/orders\/o-991 answered 404\)/,
  ]) {
    assert.match(stdout, sentence);
  }
  const lines = readFileSync(path.join(folder, 'audit.log'), 'utf8');
  // Any digits can stand in a hash.
  const log = lines.replaceAll(/hmac-sha256:[0-9a-f]{64}/g, '');
  const secrets = [
    'wrong-guess',
    'battery',
    'hunter2',
    'clerks-know',
    'COUPON',
    '4111111111111111',
    '"123"',
    'Elm',
    'sku-7',
  ];
  for (const secret of [
    ...secrets,
    'ann@shop',
    '1990-01-01',
    'balance":1050',
    'Bearer',
    '"fields":"email"',
    'livez',
  ]) {
    assert.ok(!log.includes(secret), secret);
  }
  const [request, response] = stdout.split('as they stand there:')[1]!.trim().split('\n\n');
  assert.equal(JSON.parse(request!).type, 'request');
  assert.equal(JSON.parse(request!).auth.user_id, 'u-17');
  assert.equal(JSON.parse(response!).request.route, '/v1/orders');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../../devices/transport/address.ts';

const hosts: Record<string, [string, number]> = {
  '127.0.0.1:514': ['127.0.0.1', 514],
  'logs.example.org:6514': ['logs.example.org', 6514],
  '[::1]:514': ['::1', 514],
  ':514': ['localhost', 514],
};
for (const [text, [host, port]] of Object.entries(hosts)) {
  test(`"${text}" is a host and a port`, () => {
    assert.deepEqual(parseAddress(text), { kind: 'host', host, port });
  });
}

test('what begins with a slash is a path, if a socket can have it', () => {
  assert.deepEqual(parseAddress('/run/x.sock'), { kind: 'path', path: '/run/x.sock' });
  assert.equal(parseAddress(`/${'x'.repeat(106)}`)?.kind, 'path');
  assert.equal(parseAddress(`/${'x'.repeat(107)}`), undefined);
});

for (const text of [
  '',
  'host',
  'host:',
  'host:0',
  'host:65536',
  'host:syslog',
  '::1:514',
  '[::1]',
  '[host]:1',
  'a b:1',
  'tcp://h:1',
]) {
  test(`"${text}" is no address`, () => assert.equal(parseAddress(text), undefined));
}

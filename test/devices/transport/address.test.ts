import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { servicesFile } from '../../../config/services.ts';
import { parseDevice } from '../../../devices/registry.ts';
import { parseAddress, parsePeerAddress } from '../../../devices/transport/address.ts';

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

test('a port may be the name of a service, and every other rule is that of an address', () => {
  const service = (host: string, name: string): unknown => ({ kind: 'service', host, service: name });
  assert.deepEqual(parsePeerAddress('collector:syslog-tls'), service('collector', 'syslog-tls'));
  assert.deepEqual(parsePeerAddress('[::1]:syslog'), service('::1', 'syslog'));
  assert.deepEqual(parsePeerAddress(':syslog'), service('localhost', 'syslog'));
  assert.deepEqual(parsePeerAddress('host:514'), { kind: 'host', host: 'host', port: 514 });
  for (const text of [
    'host:',
    'host:0',
    'host:65536',
    '::1:syslog',
    '[host]:syslog',
    'a b:c',
    'tcp://h:x',
    'h:-x',
  ]) {
    assert.equal(parsePeerAddress(text), undefined, text);
  }
  assert.equal(parsePeerAddress(`h:${'x'.repeat(64)}`), undefined);
});

test('a service stands for the port that it has with the protocol of the socket', {
  skip: existsSync(servicesFile) ? false : `there is no ${servicesFile}`,
}, () => {
  const claims = (options: Record<string, string>, type = 'socket'): unknown =>
    parseDevice(type, options).claims.map((claim) => claim.kind === 'port' && [claim.protocol, claim.port]);
  assert.deepEqual(claims({ address: 'h:domain' }), [['tcp', 53]]);
  assert.deepEqual(claims({ address: 'h:domain', socket_type: 'udp6' }), [['udp', 53]]);
  assert.deepEqual(claims({ address: 'h:ntp' }, 'syslog'), [['udp', 123]]);
  for (const [options, message] of [
    [
      { address: 'h:domian' },
      /Cannot use option "address": ".*services" has no service "domian" for tcp: did you mean "domain"\?/,
    ],
    [{ address: 'h:domain', socket_type: 'unix' }, /Cannot use socket_type "unix" with this address/],
  ] as const) {
    assert.throws(() => parseDevice('socket', options), message);
  }
});

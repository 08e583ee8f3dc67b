import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  type AllowedAddress,
  allowsHost,
  allowsLookedUp,
  parseAllowedAddress,
} from '../../config/allowed-address.ts';
import { parseIpAddress } from '../../config/ip-address.ts';
import { Refused } from '../../config/refused-scalar.ts';
import { reaches } from '../../daemon/table/own-address.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

test('an address is the same in every spelling that the resolver takes', () => {
  const loopback = ['127.0.0.1', '127.1', '0x7f.1', '2130706433', '017700000001', '::ffff:127.0.0.1'];
  for (const host of [...loopback, '::ffff:7f00:1', '0:0:0:0:0:ffff:7f00:1', '::ffff:127.0.0.1%lo']) {
    assert.deepEqual(parseIpAddress(host), { family: 4, bits: 0x7f00_0001n }, host);
  }
  for (const host of ['::1', '0::1', '0:0:0:0:0:0:0:1', '::1%lo']) {
    assert.deepEqual(parseIpAddress(host), { family: 6, bits: 1n }, host);
  }
  for (const host of [
    '',
    'localhost',
    'face',
    'a.b',
    '1.2.3.4.5',
    '256.1',
    '::1::',
    '1:2',
    'a b',
    '0x'.repeat(9),
  ]) {
    assert.equal(parseIpAddress(host), null, host);
  }
});

function parsed(text: string, servicesFile = '/nowhere'): AllowedAddress {
  const found = parseAllowedAddress(text, servicesFile);
  if (found === null || found instanceof Refused) assert.fail(text);
  return found;
}

test('an entry of allow_addresses is a host, an address, a range or a path, and nothing else', () => {
  for (const text of ['collector', 'collector.example:6514', '10.0.0.1', '10.0.0.0/8', '10.0.0.0/8:514']) {
    assert.notEqual(parseAllowedAddress(text, '/nowhere'), null, text);
  }
  for (const text of [
    '2001:db8::1',
    '2001:db8::/32',
    '[2001:db8::1]:514',
    '[2001:db8::/32]:514',
    '/dev/log',
    './s',
  ]) {
    assert.notEqual(parseAllowedAddress(text, '/nowhere'), null, text);
  }
  for (const text of [
    '',
    ':514',
    'host:0',
    'host:65536',
    'host:-x',
    'host/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '::/129',
  ]) {
    assert.equal(parseAllowedAddress(text, '/nowhere'), null, text);
  }
  for (const text of [
    '*',
    '*.example',
    'a b',
    'a/b',
    '/run/',
    'http://a',
    '[host]:1',
    `${'a'.repeat(9)}\n`,
    '/a\n',
  ]) {
    assert.equal(parseAllowedAddress(text, '/nowhere'), null, text);
  }
});

test('hosts are allowed by name whatever they lead to, addresses by range, each with its port', () => {
  const entries = ['Collector.example', 'siem:6514', '10.0.0.0/8', '192.0.2.7/24:514', '2001:db8::/32'];
  const allowed = entries.map((text) => parsed(text));
  for (const [host, port] of [
    ['collector.example', 1],
    ['COLLECTOR.example.', 2],
    ['siem', 6514],
    ['10.255.0.1', 9],
    ['::ffff:10.0.0.1', 9],
    ['10.1', 9],
    ['192.0.2.250', 514],
    ['2001:db8:0:1::', 9],
  ] as const) {
    assert.equal(allowsHost(allowed, { kind: 'tcp', host, port }), 'yes', `${host} ${port}`);
  }
  for (const [host, port] of [
    ['11.0.0.1', 9],
    ['192.0.2.250', 515],
    ['2001:db9::', 9],
    ['::a00:1', 9],
  ] as const) {
    assert.equal(allowsHost(allowed, { kind: 'tcp', host, port }), 'no', `${host} ${port}`);
  }
  assert.equal(allowsHost(allowed, { kind: 'tcp', host: 'other.example', port: 9 }), 'unknown');
  assert.equal(allowsHost(allowed.slice(0, 2), { kind: 'tcp', host: 'other.example', port: 9 }), 'no');
  assert.equal(allowsLookedUp(allowed, { kind: 'tcp', host: 'other.example', port: 9 }, '10.9.9.9'), true);
  assert.equal(allowsLookedUp(allowed, { kind: 'tcp', host: 'other.example', port: 9 }, '127.0.0.1'), false);
  assert.equal(allowsLookedUp(allowed, { kind: 'tcp', host: 'siem', port: 6514 }, '127.0.0.1'), true);
  assert.equal(allowsLookedUp(allowed, { kind: 'tcp', host: 'siem', port: 6515 }, '127.0.0.1'), false);
  assert.equal(allowsHost([], { kind: 'tcp', host: 'other.example', port: 9 }), 'no');
  // Every address of IPv6, and none of IPv4 that is written in it.
  const six = [parsed('::/0')];
  assert.deepEqual(
    ['::1', '::ffff:1.2.3.4', '1.2.3.4'].map((host) => allowsHost(six, { kind: 'tcp', host, port: 1 })),
    ['yes', 'no', 'no'],
  );
});

test('a port of allow_addresses may be the name of a service, which is another one for each protocol', (t) => {
  const services = path.join(temporaryDirectory(t), 'services');
  writeFileSync(
    services,
    'shell 514/tcp\nsyslog 514/udp\nsyslog-tls 6514/tcp ssyslog\nsyslog-tls 6515/udp\n',
  );
  const allowed = ['siem:syslog', '10.0.0.0/8:Syslog-TLS', '[2001:db8::/32]:ssyslog'].map((text) =>
    parsed(text, services),
  );
  const allows = (kind: 'tcp' | 'udp', host: string, port: number): string =>
    allowsHost(allowed, { kind, host, port });
  for (const [kind, host, port, wanted] of [
    ['udp', 'siem', 514, 'yes'],
    ['tcp', 'siem', 514, 'no'],
    ['udp', 'siem', 515, 'no'],
    ['tcp', '10.0.0.1', 6514, 'yes'],
    ['udp', '10.0.0.1', 6515, 'yes'],
    ['tcp', '10.0.0.1', 6515, 'no'],
    ['tcp', '2001:db8::1', 6514, 'yes'],
    ['udp', '2001:db8::1', 6514, 'no'],
    ['tcp', 'other', 6514, 'unknown'],
  ] as const) {
    assert.equal(allows(kind, host, port), wanted, `${kind} ${host} ${port}`);
  }
  const refused = parseAllowedAddress('siem:sysolg', services);
  assert.ok(refused instanceof Refused);
  assert.match(refused.message, /has no service "sysolg" for tcp/);
  assert.match(
    `${(parseAllowedAddress('siem:syslog', '/nowhere') as Refused).message}`,
    /write the port as a number/,
  );
});

test('what reaches a listener is known by address, whatever it is called', () => {
  const here = [
    '127.0.0.1',
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    '::1',
    '::ffff:127.0.0.1',
    '0.0.0.0',
    '::',
    '127.1',
  ];
  for (const host of [...here, '127.0.0.2', '127.255.255.254', '::ffff:0.0.0.0']) {
    for (const own of ['127.0.0.1', 'localhost', '::1', '0.0.0.0', '::', '127.0.0.9']) {
      assert.ok(reaches(host, own), `${host} reaches ${own}`);
    }
    assert.ok(!reaches(host, '192.0.2.1'), host);
  }
  assert.ok(reaches('192.0.2.1', '192.0.2.1') && reaches('::ffff:192.0.2.1', '192.0.2.1'));
  for (const host of ['192.0.2.1', '2001:db8::1', 'collector.example']) {
    for (const own of ['127.0.0.1', '0.0.0.0', '::', '192.0.2.2'])
      assert.ok(!reaches(host, own), `${host} ${own}`);
  }
});

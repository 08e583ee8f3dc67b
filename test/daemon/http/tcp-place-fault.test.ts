import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { hasCapability, tcpPlaceFault } from '../../../daemon/http/tcp-place-fault.ts';
import { asOrdinaryUser } from '../../devices/ordinary-user.ts';

test('addresses of this machine, names and any port that need not be known are in order', () => {
  for (const [host, port] of [
    ['127.0.0.1', 0],
    ['127.9.9.9', 8217],
    ['::1', 65_535],
    ['0.0.0.0', 8217],
    ['::', 0],
    ['localhost', 8217],
    ['a.name', 8217],
  ] as const) {
    assert.equal(tcpPlaceFault(host, port), null, host);
  }
  assert.equal(tcpPlaceFault('192.0.2.1', 8217), 'Cannot listen on "192.0.2.1:8217": address not available');
  assert.equal(
    tcpPlaceFault('2001:db8::1', 8217),
    'Cannot listen on "[2001:db8::1]:8217": address not available',
  );
});

test('a low port is a fault for whom the system refuses it, and for nobody else', async () => {
  const check = async (): Promise<void> => {
    for (const port of [1, 1023]) {
      const server = net.createServer().listen(port, '127.0.0.1');
      const error = await once(server, 'listening').then(
        () => null,
        (found: NodeJS.ErrnoException) => found,
      );
      server.close();
      if (error?.code === 'EADDRINUSE') continue;
      const told = tcpPlaceFault('127.0.0.1', port);
      assert.equal(told, error === null ? null : `Cannot listen on "127.0.0.1:${port}": permission denied`);
    }
  };
  await check();
  await asOrdinaryUser(check);
});

test('the right to low ports is found among the capabilities in effect', () => {
  const status = (bits: string): string => `Name:\tnode\nCapEff:\t${bits}\nCapBnd:\t0000000000000000\n`;
  assert.equal(hasCapability(status('0000000000000400')), true);
  assert.equal(hasCapability(status('000001ffffffffff')), true);
  assert.equal(hasCapability(status('0000000000000200')), false);
  assert.equal(hasCapability(status('0000000000000000')), false);
  assert.equal(hasCapability('CapBnd:\t0000000000000000\n'), true);
  assert.equal(hasCapability(null), true);
});

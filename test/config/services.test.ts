import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseServices, servicePort } from '../../config/services.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const text = [
  '# comment 1/tcp',
  'shell\t\t514/tcp\t\tcmd syslog\t# no passwords used 9/tcp',
  'syslog  514/udp',
  'syslog-tls 6514/tcp#Syslog over TLS',
  'syslog-tls 1/tcp',
  'dccp 5/dccp',
  'none x/tcp',
  'large 65536/tcp',
  'zero 0/tcp',
  'bare 7',
  'Upper 8/tcp',
  '  indented 9/tcp\r',
  '',
].join('\n');

test('services are known by name and alias, for each protocol, the first of a name', () => {
  const { tcp, udp } = parseServices(text);
  assert.deepEqual(Object.fromEntries(tcp), {
    shell: 514,
    cmd: 514,
    syslog: 514,
    'syslog-tls': 6514,
    Upper: 8,
    indented: 9,
  });
  assert.deepEqual(Object.fromEntries(udp), { syslog: 514 });
});

test('an unknown service, and a file that cannot be used, is refused in words', (t) => {
  const file = path.join(temporaryDirectory(t), 'services');
  const refused = (name: string, protocol: 'tcp' | 'udp'): string => {
    const found = servicePort(name, protocol, file);
    assert.equal(found.kind, 'refused');
    return found.kind === 'refused' ? found.message : '';
  };
  assert.match(
    refused('syslog', 'udp'),
    /^Cannot read ".*services": no such file; write the port as a number$/,
  );
  writeFileSync(file, text);
  assert.deepEqual(servicePort('syslog-tls', 'tcp', file), { kind: 'found', port: 6514 });
  assert.deepEqual(servicePort('SYSLOG-TLS', 'tcp', file), { kind: 'found', port: 6514 });
  assert.match(
    refused('syslog-tsl', 'tcp'),
    /has no service "syslog-tsl" for tcp: did you mean "syslog-tls"\?$/,
  );
  assert.match(
    refused('syslog-tls', 'udp'),
    /for udp: (did you mean "syslog"\?|write the port as a number)$/,
  );
  // What is added counts at once.
  appendFileSync(file, 'added 99/udp\n');
  assert.deepEqual(servicePort('added', 'udp', file), { kind: 'found', port: 99 });
  writeFileSync(file, Buffer.alloc(4 * 1024 * 1024 + 1, 'x'));
  assert.match(refused('syslog', 'udp'), /it is larger than 4 MiB; write the port as a number$/);
  const folder = servicePort('syslog', 'udp', path.dirname(file));
  assert.match(folder.kind === 'refused' ? folder.message : '', /it is a directory/);
});

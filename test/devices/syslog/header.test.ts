import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { facilityNames, parseFacility } from '../../../devices/syslog/facility.ts';
import { headerAt } from '../../../devices/syslog/header.ts';

const now = Date.UTC(2026, 2, 4, 5, 6, 7, 89);

test('the header of RFC 5424 has milliseconds in UTC and no structured data', () => {
  const header = headerAt({ rfc: '5424', facility: 4, tag: 'vault', withHostname: true }, now);
  const wanted = `<38>1 2026-03-04T05:06:07.089Z ${hostname()} vault ${process.pid} audit - `;
  assert.equal(header.toString(), wanted);
});

test('the header of RFC 3164 has local time with a blank before a one-digit day', () => {
  const header = headerAt({ rfc: '3164', facility: 16, tag: 'vault', withHostname: true }, now);
  const local = execFileSync('date', ['-d', `@${Math.floor(now / 1000)}`, '+%b %e %H:%M:%S'], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  }).trim();
  assert.equal(header.toString(), `<134>${local} ${hostname()} vault[${process.pid}]: `);
});

test('the local logger is not told the host name', () => {
  const header = headerAt({ rfc: '3164', facility: 0, tag: 'vault', withHostname: false }, now);
  assert.match(header.toString(), /^<6>Mar {2}\d \d\d:\d\d:\d\d vault\[\d+\]: $/);
});

test('every facility from 0 to 23 has a name, in any case', () => {
  const numbers = new Set(facilityNames.map((name) => parseFacility(name.toUpperCase())));
  assert.deepEqual(
    [...numbers].sort((one, other) => one! - other!),
    Array.from({ length: 24 }, (_, index) => index),
  );
});

test('facility 0 is kern and no other', () => {
  assert.equal(parseFacility('KERN'), 0);
  assert.equal(parseFacility(''), undefined);
});

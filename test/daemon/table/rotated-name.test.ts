import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRotatedName } from '../../../daemon/table/rotated-name.ts';

const rotated = [
  'audit.log.1',
  'audit.log.10.gz',
  'audit.log-20261127',
  'audit.log-20261127.gz',
  'audit.log-20261127-1764213649.gz',
  'audit.log-2026-11-27T10:00:00.zst',
  'audit.log.20261127',
  'audit.log.old',
  'audit.1.log',
  'audit-20261127.log',
  'audit-20261127.log.xz',
  'audit.old.log',
];

const others = [
  'audit.log',
  'audit.log.gz',
  'audit.log2',
  'audit.log-2',
  'audit.log.1.bak',
  'audit.log.x',
  'audit.logger.1',
  'audit-secondary.log',
  'audit2.log',
  'other.log.1',
  'audit',
  'audit.txt.1',
  '.1',
];

test('names that rotations give are told from those of other files', () => {
  for (const name of rotated) assert.equal(isRotatedName('audit.log', name), true, name);
  for (const name of others) assert.equal(isRotatedName('audit.log', name), false, name);
  assert.equal(isRotatedName('audit', 'audit.1'), true);
  assert.equal(isRotatedName('audit', 'audit-20261127.bz2'), true);
  assert.equal(isRotatedName('.audit', '.audit.1'), true);
  assert.equal(isRotatedName('.audit', '.1.audit'), false, 'a name that is hidden has no extension there');
  assert.equal(isRotatedName('audit.log.1', 'audit.log'), false, 'the way back is another question');
});

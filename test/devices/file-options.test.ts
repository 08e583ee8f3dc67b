import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { parseFileDestination } from '../../devices/file/destination.ts';
import { parseFileMode } from '../../devices/file/file-mode.ts';
import { liesBelow } from '../../devices/file/leads.ts';
import { parseDevice } from '../../devices/registry.ts';
import { StoppedClock } from './stopped-clock.ts';
import { unheardSettings } from './unheard-settings.ts';

test('a destination is a file, standard output or nowhere', () => {
  for (const text of ['stdout', 'STDOUT', 'StdOut']) {
    assert.deepEqual(parseFileDestination(text), { kind: 'stdout' });
  }
  for (const text of ['discard', 'DISCARD'])
    assert.deepEqual(parseFileDestination(text), { kind: 'discard' });
  assert.deepEqual(parseFileDestination('/a/../b/./c.log'), { kind: 'file', path: '/b/c.log' });
  assert.deepEqual(parseFileDestination('c.log'), { kind: 'file', path: path.resolve('c.log') });
  assert.deepEqual(parseFileDestination('stdout.log'), { kind: 'file', path: path.resolve('stdout.log') });
});

for (const text of [
  '',
  '/',
  '/var/log/',
  'a\0b',
  '-',
  '/dev/stdout',
  '/dev/stderr',
  '/dev/fd/1',
  '/dev/fd/2',
  '/proc/self/fd/1',
  '/proc/self/fd/2',
]) {
  test(`${JSON.stringify(text)} names no file`, () => assert.equal(parseFileDestination(text), undefined));
}

test('a mode is octal, and what remains of it are bits for reading and writing', () => {
  const modes: [string, number | null | undefined][] = [
    ['0600', 0o600],
    ['600', 0o600],
    ['0', null],
    ['0000', null],
    ['00000', null],
    ['07777', 0o666],
    ['7777', 0o666],
    ['0666', 0o666],
    ['0111', 0],
    ['00640', 0o640],
    ['10000', undefined],
    ['77777', undefined],
    ['000640', undefined],
    ['0680', undefined],
    ['', undefined],
    ['-1', undefined],
    ['0o640', undefined],
    ['640 ', undefined],
    [' 640', undefined],
  ];
  for (const [text, mode] of modes) assert.equal(parseFileMode(text), mode, JSON.stringify(text));
});

test('a path lies below a folder, and not below one that has the beginning of its name', () => {
  assert.equal(liesBelow('/a/b', ['/a']), true);
  assert.equal(liesBelow('/a/b', ['/a/']), true);
  assert.equal(liesBelow('/a/b/c', ['/x', '/a/b']), true);
  assert.equal(liesBelow('/a', ['/']), true);
  assert.equal(liesBelow('/a', ['/a']), false);
  assert.equal(liesBelow('/ab', ['/a']), false);
  assert.equal(liesBelow('/b/a', ['/a']), false);
  assert.equal(liesBelow('/a', []), false);
});

test('nothing that a file has taken is lost with a peer', () => {
  const settings = { ...unheardSettings, clock: new StoppedClock() };
  for (const file_path of ['/x', 'discard', 'stdout']) {
    assert.equal(parseDevice('file', { file_path }).create(settings).tailBytes, 0);
  }
});

test('what a file device claims is its file, or standard output', () => {
  const claims = (file_path: string) => parseDevice('file', { file_path }).claims;
  assert.deepEqual(claims('/a/../b.log'), [{ kind: 'file', option: 'file_path', path: '/b.log' }]);
  assert.deepEqual(claims('stdout'), [{ kind: 'stdout', option: 'file_path' }]);
  assert.deepEqual(claims('discard'), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../config/load.ts';

const plain = parseConfig('x', 'devices: {}').config!;

test('a section with everything commented out means its defaults', () => {
  for (const key of [
    'listeners',
    'admin',
    'metrics',
    'audited_headers',
    'mounts',
    'clear_fields',
    'hash_fields',
    'unaudited_paths',
    'records',
    'limits',
    'log',
  ]) {
    for (const empty of ['', ' # all of it', '\n  # key: value\n']) {
      const { config, problems } = parseConfig('x', `${key}:${empty}\ndevices: {}`);
      assert.deepEqual(problems, [], key);
      assert.deepEqual(config, plain, key);
    }
  }
  for (const key of ['limits', 'log', 'admin', 'mounts', 'clear_fields']) {
    assert.deepEqual(parseConfig('x', `${key}: null\ndevices: {}`).config, plain, key);
  }
});

test('metrics are turned off by the word null, at either place', () => {
  for (const off of ['metrics: null', 'metrics: ~', 'metrics: {listen: null}', 'metrics: {listen: }']) {
    assert.equal(parseConfig('x', `${off}\ndevices: {}`).config?.metrics, null, off);
  }
});

test('what holds only defaults may be left empty further down, too', () => {
  const { config, problems } = parseConfig(
    'x',
    'audited_headers: {x-a: }\nmounts: {secret/: }\ndevices:\n  a/:\n    type: file\n    options:\n      # mode: "0640"\n',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual([...config!.auditedHeaders], [['x-a', { hmac: true }]]);
  assert.deepEqual([...config!.mounts], [['secret/', { requestKeys: [], responseKeys: [] }]]);
  assert.deepEqual(config!.devices.get('a/')!.options, {});
});

test('what has no default is still asked for', () => {
  for (const [text, message] of [
    ['devices:', 'found nothing, wanted a map of devices, {} for none'],
    ['devices: {}\nstate_dir:', 'found nothing, wanted the path of a file or folder'],
    [
      'devices: {a: }',
      'found nothing, wanted a map with the keys type, description, local, options, salt_file',
    ],
  ] as const) {
    assert.deepEqual(
      parseConfig('x', text).problems.map((problem) => problem.message),
      [message],
    );
  }
});

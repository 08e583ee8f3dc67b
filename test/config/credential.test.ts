// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax under test
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../config/load.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

test('credentials are read into values, and never shown', (t) => {
  const folder = temporaryDirectory(t);
  const before = process.env['CREDENTIALS_DIRECTORY'];
  t.after(() => {
    if (before === undefined) delete process.env['CREDENTIALS_DIRECTORY'];
    else process.env['CREDENTIALS_DIRECTORY'] = before;
  });
  process.env['CREDENTIALS_DIRECTORY'] = folder;
  writeFileSync(path.join(folder, 'token'), 's3cret-value\n');
  mkdirSync(path.join(folder, 'sub'));

  const options = (text: string) =>
    parseConfig('f', `devices:\n  a:\n    type: http\n    options:\n      x: ${text}\n`);
  const taken = options("'Bearer ${credential:token}!'").config!.devices.get('a/')!;
  assert.equal(taken.options['x'], 'Bearer s3cret-value!');
  assert.deepEqual(taken.credentialOptions, { x: 'Bearer ${credential:token}!' });

  const refusals: [string, string][] = [
    ['${credential:absent}', 'Cannot read credential "absent": no such file'],
    ['${credential:sub}', 'Cannot read credential "sub": it is a directory'],
    ['"${credential:../token}"', 'wanted ${credential:NAME}, the name made of letters, digits and _ . @ -'],
    ['"${credential:token"', 'wanted ${credential:NAME}, the name made of letters, digits and _ . @ -'],
  ];
  for (const [text, message] of refusals) {
    assert.deepEqual(
      options(text).problems.map((problem) => ({ ...problem })),
      [{ file: 'f', line: 5, column: 7, key: 'devices.a/.options.x', message }],
    );
  }

  const value = '${credential:token}';
  const text = `
require: [${JSON.stringify(value)}]
state_dir: ${value}
listeners: [{path: x, mode: "${value}", replies: "${value}"}]
admin: {allow_prefix: "${value}"}
metrics: {listen: "${value}"}
limits: {stop_timeout: "${value}", connections: "${value}", max_record_bytes: "${value}"}
unaudited_paths: {preset: "${value}"}
log: "${value}"
devices: {a: {type: file}}
`;
  const { problems } = parseConfig('f', text);
  assert.equal(problems.length, 10);
  assert.ok(!JSON.stringify(problems).includes('s3cret'), JSON.stringify(problems));
  assert.ok(problems.some(({ message }) => message.includes(value)));

  delete process.env['CREDENTIALS_DIRECTORY'];
  assert.match(options(value).problems[0]!.message, /CREDENTIALS_DIRECTORY is not set/);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ApiRecord, AuditRecord, VaultRecord } from 'audit-sidecar/client';
import { type ProfileName, profiles } from '../../format/profile.ts';
import { parsedLineOf } from '../format/line-of.ts';
import { projectRoot } from '../support/project-root.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { fateOf, fullExample, leavesOf, memberAt, memberSchemas } from './record-examples.ts';
import { readSchema, recordTypes, schemaFile, typesFile } from './record-types.ts';

const schema = readSchema();
const ajv = new Ajv2020({ strict: true, allErrors: true, formats: { 'date-time': true } });
const isRecord = ajv.compile(schema);

function validator(definition: string): ValidateFunction {
  return ajv.getSchema(`urn:audit-sidecar:record#/$defs/${definition}`)!;
}

test('the types are those of the schema, as `npm run record-types` writes them', () => {
  for (const [file, text] of recordTypes(schema)) assert.equal(readFileSync(file, 'utf8'), text);
});

test('the compiler takes for a member what a validator takes, and nothing else', (t) => {
  const samples = [
    'text',
    1,
    true,
    null,
    [],
    ['text'],
    [1],
    {},
    { name: 'text' },
    { name: 1 },
    { name: ['text'] },
  ];
  let wrong = 0;
  const lines = Object.keys(schema.$defs).flatMap((definition) => {
    const isValid = validator(definition);
    return [...memberSchemas(definition).map(([name]) => name), 'member_of_your_own'].flatMap((name) =>
      samples.map((sample, index) => {
        const text = `export const ${definition}_${name}_${index}: ${definition} = ${JSON.stringify({ [name]: sample })};`;
        if (isValid({ [name]: sample })) return text;
        wrong++;
        return `// @ts-expect-error\n${text}`;
      }),
    );
  });
  assert.ok(lines.length > 1000 && wrong > 500);
  const folder = temporaryDirectory(t);
  const names = Object.keys(schema.$defs).join(', ');
  writeFileSync(
    path.join(folder, 'samples.ts'),
    `import type { ${names} } from '${typesFile}';\n${lines.join('\n')}\n`,
  );
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    allowImportingTsExtensions: true,
    types: [],
  };
  writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['samples.ts'] }),
  );
  const compiler = path.join(projectRoot, 'node_modules/typescript/bin/tsc');
  const { stdout, status } = spawnSync(process.execPath, [compiler, '--project', folder], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(stdout, '');
  assert.equal(status, 0);
});

test('each member has an example, which the schema takes', () => {
  for (const definition of ['ApiRecord', 'VaultRecord']) {
    const example = fullExample(definition);
    assert.ok(validator(definition)(example), JSON.stringify(validator(definition).errors));
    assert.ok(isRecord(example));
  }
});

test('what the schema says is written of a member is what the kernel writes', () => {
  for (const [profile, definition] of [
    ['api', 'ApiRecord'],
    ['vault', 'VaultRecord'],
  ] as const) {
    const example = fullExample(definition);
    const line = parsedLineOf(example, { policy: { profile } });
    for (const [place, { description }] of leavesOf(definition)) {
      const fate = fateOf(memberAt(example, place), memberAt(line, place));
      const said = {
        readable: /(^|\. )Readable/,
        hashed: /Hashed|are hashed/,
        'values hashed': /values in its query are hashed/,
        'left out': /only those in `audited_headers` are written/,
      }[fate];
      assert.match(description!, said!, `${profile} ${place}`);
    }
  }
});

test('records of a shop, and of OpenBao, are records', () => {
  const corpus = path.join(projectRoot, 'test/corpus');
  const logs = {
    ApiRecord:
      readFileSync(path.join(corpus, 'shop.ndjson'), 'utf8') +
      readFileSync(path.join(projectRoot, 'examples/shop.ndjson'), 'utf8'),
    VaultRecord:
      readFileSync(path.join(projectRoot, 'examples/traffic.ndjson'), 'utf8') +
      gunzipSync(readFileSync(path.join(corpus, 'raw.ndjson.gz'))).toString(),
  };
  for (const [definition, text] of Object.entries(logs)) {
    const isValid = validator(definition);
    const lines = text.trimEnd().split('\n');
    assert.ok(lines.length >= 10);
    for (const line of lines) {
      const record: unknown = JSON.parse(line);
      assert.ok(isValid(record) && isRecord(record), JSON.stringify(isValid.errors));
    }
  }
});

test('every path that a profile leaves readable is in the schema', () => {
  const definitions: Readonly<Record<ProfileName, readonly string[]>> = {
    vault: ['VaultRecord'],
    // It knows what the other does, too.
    api: ['ApiRecord', 'VaultRecord'],
  };
  for (const [profile, names] of Object.entries(definitions)) {
    const unknown = profiles[profile as ProfileName].paths
      .filter(([, treatment]) => ['clear', 'text', 'url'].includes(treatment))
      .map(([place]) => place.replaceAll('[]', '').split('.'))
      .filter((steps) => !names.some((name) => has(name, steps)));
    assert.deepEqual(unknown, []);
  }
});

/** Names may end in `*`; below a member without members of its own there may be anything. */
function has(definition: string, [name, ...rest]: readonly string[]): boolean {
  const pattern = new RegExp(`^${name!.replaceAll('*', '.*')}$`);
  const found = memberSchemas(definition).filter(([member]) => pattern.test(member));
  return found.some(
    ([, { $ref }]) => rest.length === 0 || $ref === undefined || has($ref.slice('#/$defs/'.length), rest),
  );
}

test('a package has the schema where its name says, and can be told apart from others by its id', () => {
  const manifest = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
    files: string[];
  };
  const found = createRequire(import.meta.url).resolve('audit-sidecar/record.schema.json');
  assert.equal(found, schemaFile);
  assert.ok(manifest.files.includes('client/record.schema.json'));
});

/** What a program writes that uses the types; it is compiled with the tests. */
const order = { type: 'order', id: '991' } as const;
const created: ApiRecord = {
  type: 'response',
  auth: { user_id: 'u-17', roles: ['customer'] },
  request: { id: 'a-1', operation: 'create', headers: { 'x-request-id': 'b', accept: ['a', 'b'] } },
  resource: order,
  response: { status: 201, duration_ms: 12.5, data: null },
  outcome: 'success',
  shelf: { row: 7 },
};
const written: VaultRecord = { type: 'request', request: { path: 'kv2/data/app', data: { a: 'b' } } };
const either: readonly AuditRecord[] = [created, written, {}];

test('what programs write by the types is a record', () => {
  for (const record of either) assert.ok(isRecord(record));
  // @ts-expect-error: a status is a number.
  const wrong: ApiRecord = { response: { status: '201' } };
  assert.equal(isRecord(wrong), true, 'a member that the profile of Vault does not know');
  assert.equal(validator('ApiRecord')(wrong), false);
});

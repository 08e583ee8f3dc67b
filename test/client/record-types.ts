import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../support/project-root.ts';

/** As much of JSON Schema as client/record.schema.json uses. */
export interface Schema {
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly $ref?: string;
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
}

export interface RootSchema extends Schema {
  readonly title: string;
  readonly $defs: Readonly<Record<string, Schema>>;
}

export const schemaFile: string = path.join(projectRoot, 'client/record.schema.json');
/** Has all the types, some from files beside it. */
export const typesFile: string = path.join(projectRoot, 'client/record.ts');

/** A file for each profile: its types have names that begin alike. */
const profiles = [
  ['Api', './api-record.ts'],
  ['Vault', './vault-record.ts'],
] as const;

/** As wide as the formatter lets a line be. */
const width = 110;

export function readSchema(): RootSchema {
  return JSON.parse(readFileSync(schemaFile, 'utf8')) as RootSchema;
}

/** The texts of client/record.ts and of the files beside it, which have the types that the schema describes. */
export function recordTypes({ title, description, anyOf, $defs }: RootSchema): Map<string, string> {
  const texts = new Map<string, string>();
  let all = written;
  let exported = '';
  for (const [beginning, file] of profiles) {
    const definitions = Object.entries($defs).filter(([name]) => name.startsWith(beginning));
    texts.set(
      path.resolve(typesFile, '..', file),
      `${written}\n${definitions.map(interfaceText).join('\n')}`,
    );
    all += `import type { ${definitions[0]![0]} } from '${file}';\n`;
    exported += `export type * from '${file}';\n`;
  }
  const union = `${comment({ description: description! }, '')}export type ${title} = ${typeOf({ anyOf: anyOf! })};\n`;
  return texts.set(typesFile, `${all}\n${exported}\n${union}`);
}

const written =
  '// Written by `npm run record-types` from record.schema.json: change that, and run it again.\n';

function interfaceText([name, schema]: readonly [string, Schema]): string {
  const members = Object.entries(schema.properties!).map(([member, each]) => memberText(member, each));
  return `${comment(schema, '')}export interface ${name} {
${members.join('')}  readonly [member: string]: unknown;
}
`;
}

function memberText(name: string, schema: Schema): string {
  const line = `  readonly ${name}?: ${typeOf(schema)};\n`;
  if (line.length <= width + 1) return `${comment(schema, '  ')}${line}`;
  const choices = typeOf(schema)
    .split(' | ')
    .map((choice) => `\n    | ${choice}`);
  return `${comment(schema, '  ')}  readonly ${name}?:${choices.join('')};\n`;
}

function typeOf(schema: Schema): string {
  const { $ref, anyOf, items, additionalProperties } = schema;
  if ($ref !== undefined) return $ref.slice('#/$defs/'.length);
  if (anyOf !== undefined) return unionOf(anyOf);
  if (schema.enum !== undefined) return schema.enum.map((value) => `'${value}'`).join(' | ');
  switch (schema.type) {
    case 'integer':
      return 'number';
    case 'array':
      return `readonly ${typeOf(items!)}[]`;
    case 'object':
      return `Readonly<Record<string, ${additionalProperties === undefined ? 'unknown' : typeOf(additionalProperties)}>>`;
    default:
      return schema.type ?? 'unknown';
  }
}

/** Any text beside known ones is written so that an editor still offers the known ones. */
function unionOf(choices: readonly Schema[]): string {
  const known = choices.some((choice) => choice.enum !== undefined);
  return choices
    .map((choice) => (known && choice.type === 'string' ? '(string & {})' : typeOf(choice)))
    .join(' | ');
}

function comment({ description, examples }: Schema, indent: string): string {
  const shown = examples?.map((example) => `\`${JSON.stringify(example)}\``).join(', ');
  const text = shown === undefined ? description! : `${description} Example: ${shown}`;
  const line = `${indent}/** ${text} */\n`;
  if (line.length <= width + 1) return line;
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && `${indent} * ${last} ${word}`.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return `${indent}/**\n${lines.map((each) => `${indent} * ${each}\n`).join('')}${indent} */\n`;
}

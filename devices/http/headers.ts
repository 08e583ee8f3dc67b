import { isHeaderName } from '../../config/header-name.ts';
import { hidden } from '../../config/hidden-credentials.ts';
import { DeviceFailure } from '../device.ts';
import { readFileToRead } from '../file-to-read.ts';

/** A header as it is sent: one line for each value. */
export interface Header {
  readonly name: string;
  readonly values: readonly string[];
}

/** A header as the operator wrote it: some values are read elsewhere when the device opens. */
export interface HeaderSource {
  readonly name: string;
  readonly values: readonly ValueSource[];
}

type ValueSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly variable: string }
  | { readonly kind: 'file'; readonly file: string };

/** RFC 9110, section 5.5. Node sends one byte a character, so none may lie above 255. */
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** They say where a message ends or what becomes of the connection: with them one request could pass for two. */
const reserved: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The option `headers`: a JSON object of name to list of values. `undefined` for anything else. */
export function parseHeaders(text: string): readonly HeaderSource[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The message would quote what may be a password.
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // A name in two spellings is one header.
  const headers = new Map<string, HeaderSource>();
  for (const [name, values] of Object.entries(value)) {
    const key = name.toLowerCase();
    if (!isHeaderName(name) || reserved.has(key) || !isTextList(values)) return undefined;
    const sources = values.map(sourceOf);
    if (sources.some((source) => source.kind === 'text' && !headerValue.test(source.text))) return undefined;
    const before = headers.get(key);
    headers.set(key, { name: before?.name ?? name, values: [...(before?.values ?? []), ...sources] });
  }
  // RFC 9112, section 3.2: a request with two is refused, or read differently by those that pass it on.
  if ((headers.get('host')?.values.length ?? 1) !== 1) return undefined;
  return Object.freeze([...headers.values()]);
}

/** The files that values are read from. */
export function filesOf(sources: readonly HeaderSource[]): readonly string[] {
  return sources.flatMap(({ values }) => values.flatMap((each) => (each.kind === 'file' ? [each.file] : [])));
}

/** The names of headers with their values hidden, but for those that only say where the value is. */
export function shownHeaders(text: string): string {
  const headers = parseHeaders(text);
  if (headers === undefined) return hidden;
  return JSON.stringify(
    Object.fromEntries(
      headers.map(({ name, values }) => [
        name,
        values.map((source) => {
          // A reference in a configuration file says only where the value is, too.
          if (source.kind === 'text') return source.text.includes('${credential:') ? source.text : hidden;
          return source.kind === 'variable' ? `env://${source.variable}` : `file://${source.file}`;
        }),
      ]),
    ),
  );
}

function isTextList(values: unknown): values is string[] {
  return Array.isArray(values) && values.every((value) => typeof value === 'string');
}

function sourceOf(text: string): ValueSource {
  // Blanks around it and the case of the scheme do not count, as in the reference.
  const [, scheme, rest] = /^(env|file):\/\/(.*)$/is.exec(text.trim()) ?? [];
  if (scheme === undefined) return { kind: 'text', text };
  return scheme.toLowerCase() === 'env'
    ? { kind: 'variable', variable: rest! }
    : { kind: 'file', file: rest! };
}

/**
 * Reads the values that stand in variables and files. Rejects with a permanent `DeviceFailure` that names header and
 * source, never a value.
 */
export function readHeaders(sources: readonly HeaderSource[]): Promise<Header[]> {
  return Promise.all(
    sources.map(async ({ name, values }) => ({
      name,
      values: await Promise.all(values.map((source) => readValue(name, source))),
    })),
  );
}

/** What `readHeaders` would reject with, for each value that cannot be read. */
export async function headerFaults(sources: readonly HeaderSource[]): Promise<readonly string[]> {
  const reading = sources.flatMap(({ name, values }) =>
    values.map((source) =>
      readValue(name, source).then(
        () => [],
        (error: unknown) => [(error as DeviceFailure).message],
      ),
    ),
  );
  return (await Promise.all(reading)).flat();
}

async function readValue(name: string, source: ValueSource): Promise<string> {
  if (source.kind === 'text') return source.text;
  const value = (
    source.kind === 'variable' ? variableOf(name, source.variable) : await fileOf(name, source.file)
  ).trim();
  if (headerValue.test(value)) return value;
  const place =
    source.kind === 'variable' ? `environment variable ${source.variable}` : `file "${source.file}"`;
  throw unusable(name, `${place} holds characters that no header may have`);
}

function variableOf(name: string, variable: string): string {
  const value = process.env[variable];
  if (value === undefined) throw unusable(name, unsetVariable(variable));
  return value;
}

function fileOf(name: string, file: string): Promise<string> {
  // Without roots: through the API no header reads a file at all (`remoteHeaderFault`).
  return readFileToRead({ path: file, roots: null }, `failed to parse header ${name}: file "${file}"`);
}

function unusable(name: string, detail: string): DeviceFailure {
  return new DeviceFailure('unsuitable', headerFault(name, detail), { permanent: true });
}

/**
 * Why headers of a device enabled through the API are refused, or `null`. Its callers are to learn nothing of the
 * daemon's environment and files, so for them no variable is set.
 */
export function remoteHeaderFault(sources: readonly HeaderSource[]): string | null {
  for (const { name, values } of sources) {
    for (const source of values) {
      if (source.kind === 'variable') return headerFault(name, unsetVariable(source.variable));
      if (source.kind === 'file') return headerFault(name, 'a file is not read for the API');
    }
  }
  return null;
}

/** In the words of the reference. */
function headerFault(name: string, detail: string): string {
  return `failed to parse header ${name}: ${detail}`;
}

function unsetVariable(variable: string): string {
  return `environment variable ${variable} unset`;
}

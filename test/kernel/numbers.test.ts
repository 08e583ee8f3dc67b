import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../support/project-root.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** TypeScript has this type among those of browsers only. */
interface WebAssemblyInterface {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
}
declare const WebAssembly: WebAssemblyInterface;

const sources = readdirSync(path.join(projectRoot, 'kernel/numbers'))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map((file) => `kernel/numbers/${file}`);

/** Runs AssemblyScript's compiler; returns the module that it made. */
function compiled(options: readonly string[], directory: string): Buffer {
  const file = path.join(directory, 'compiled.wasm');
  const compiler = path.join(projectRoot, 'node_modules/assemblyscript/bin/asc.js');
  execFileSync(process.execPath, [compiler, ...options, '--outFile', file], { cwd: projectRoot });
  return readFileSync(file);
}

test('both compilers read every shared number alike', async (context) => {
  const module = new WebAssembly.Module(
    compiled([...sources, '--runtime', 'stub'], temporaryDirectory(context)),
  );
  const { memory: _, ...globals } = new WebAssembly.Instance(module).exports;
  const inKernel = Object.entries(globals as Record<string, { readonly value: number }>).map(
    ([name, { value }]) => [name, value >>> 0] as const,
  );
  const inFormat: [string, unknown][] = [];
  for (const source of sources) {
    const file = path.join(projectRoot, 'dist', source.replace(/\.ts$/, '.js'));
    inFormat.push(...Object.entries((await import(pathToFileURL(file).href)) as Record<string, unknown>));
  }
  assert.ok(inFormat.length > 100);
  assert.equal(
    new Set(inFormat.map(([name]) => name)).size,
    inFormat.length,
    'no name stands for two numbers',
  );
  assert.deepEqual(new Map(inKernel), new Map(inFormat));
});

test('the kernel that was built is that of the sources', (context) => {
  const fresh = compiled(
    ['--config', 'kernel/asconfig.json', '--target', 'release'],
    temporaryDirectory(context),
  );
  assert.ok(fresh.equals(readFileSync(path.join(projectRoot, 'dist/kernel/kernel.wasm'))));
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../support/project-root.ts';

/** A room may import from itself and from rooms before it. */
const order = ['kernel', 'format', 'config', 'devices', 'daemon', 'cli'] as const;

/** Third-party packages each room may import; the reasons are in docs/decisions. */
const packages: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  format: [],
  config: ['yaml', 'zod'],
  devices: ['p-queue', 'koffi'],
  daemon: ['p-queue', 'prom-client'],
  cli: ['yargs'],
  client: [],
};

const rooms = Object.keys(packages);

/** The floors inside `daemon/`, from the ground up: a wing or a loose file imports from the floors below it. */
const floors: readonly (readonly string[])[] = [
  ['clock.ts', 'refused.ts', 'system-error.ts'],
  ['log'],
  ['sockets', 'stop-limits.ts', 'stop-steps.ts'],
  ['delivery', 'http', 'state'],
  ['ingest'],
  ['monitoring'],
  ['table'],
  ['admin'],
  ['reload.ts'],
  ['daemon-state.ts', 'daemon-settings.ts'],
  ['daemon.ts'],
  ['service'],
];

/** Loose files in `daemon/`, and lines in one source file, beyond which a second noun is looked for. */
const mostLooseFiles = 12;
const mostLines = 250;

interface Import {
  readonly file: string;
  readonly target: string;
}

function sourceFiles(room: string): string[] {
  const folder = path.join(projectRoot, room);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.c?ts$/.test(file))
    .map((file) => path.join(room, file));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(projectRoot, file), 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g;
  return [...text.matchAll(pattern)].map((match) => ({ file, target: (match[1] ?? match[2] ?? match[3])! }));
}

function resolved({ file, target }: Import): string {
  return path.normalize(path.join(path.dirname(file), target));
}

function isInDaemon(file: string): boolean {
  return file.startsWith(`daemon${path.sep}`);
}

const existing = readdirSync(projectRoot).filter((name) => rooms.includes(name));
const files = existing.flatMap(sourceFiles);
const imports = files.flatMap(importsOf);

test('every room imports only from itself and the rooms to its left', () => {
  assert.ok(imports.length > 100, 'the pattern finds imports');
  const wrong = imports
    .filter(({ target }) => target.startsWith('.'))
    .filter((each) => {
      const from = each.file.split(path.sep)[0]!;
      const to = resolved(each).split(path.sep)[0]!;
      if (from === to) return false;
      if (from === 'client') return true;
      const places = [order.indexOf(to as never), order.indexOf(from as never)] as const;
      return places[0] === -1 || places[0] > places[1];
    });
  assert.deepEqual(wrong, []);
});

test('inside the daemon, imports go down the floors', () => {
  const floorOf = (file: string): number => {
    const wing = file.split(path.sep)[1]!;
    const floor = floors.findIndex((wings) => wings.includes(wing));
    assert.notEqual(floor, -1, `${file} is on a floor`);
    return floor;
  };
  const own = imports.filter(({ target }) => target.startsWith('.'));
  const within = own.filter((each) => isInDaemon(each.file) && isInDaemon(resolved(each)));
  assert.ok(within.length > 100, 'the pattern finds imports');
  const wrong = within.filter((each) => {
    const [from, to] = [each.file.split(path.sep)[1]!, resolved(each).split(path.sep)[1]!];
    return from !== to && floorOf(resolved(each)) >= floorOf(each.file);
  });
  assert.deepEqual(wrong, []);
});

test('the client knows of no framework, and each framework only of its own', () => {
  const wing = path.join('client', 'frameworks');
  const isIn = (file: string): boolean => file.startsWith(`${wing}${path.sep}`);
  const own = imports.filter(({ file, target }) => file.startsWith('client') && target.startsWith('.'));
  assert.ok(own.some(({ file }) => isIn(file)));
  const wrong = own.filter((each) => {
    const to = resolved(each);
    if (!isIn(each.file)) return isIn(to);
    return ['http', 'express', 'fastify'].includes(path.basename(to, path.extname(to))) && isIn(to);
  });
  assert.deepEqual(wrong, []);
});

test('the daemon has few loose files, and no source file is long', () => {
  const loose = files.filter((file) => isInDaemon(file) && file.split(path.sep).length === 2);
  assert.ok(loose.length <= mostLooseFiles, loose.join(' '));
  const long = files.filter(
    (file) => readFileSync(path.join(projectRoot, file), 'utf8').split('\n').length - 1 > mostLines,
  );
  assert.deepEqual(long, []);
});

test('every room imports only the packages that are named for it', () => {
  const wrong = imports
    .filter(({ target }) => !target.startsWith('.') && !target.startsWith('node:'))
    .filter(({ file, target }) => {
      // AssemblyScript's sources import nothing; their types come from the compiler.
      const name = target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : target.split('/')[0]!;
      return !packages[file.split(path.sep)[0]!]!.includes(name);
    });
  assert.deepEqual(wrong, []);
});

test('no file imports itself through others', () => {
  const graph = new Map<string, string[]>();
  for (const each of imports.filter(({ target }) => target.startsWith('.'))) {
    const to = resolved(each);
    graph.set(each.file, [...(graph.get(each.file) ?? []), to.endsWith('.ts') ? to : `${to}.ts`]);
  }
  const finished = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    assert.equal(at, -1, `import cycle: ${[...trail.slice(at), file].join(' -> ')}`);
    if (finished.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    finished.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
});

test('the top level holds only the folders that the design names', () => {
  const allowed = [...rooms, 'bench', 'dashboards', 'docs', 'examples', 'systemd', 'test'];
  const found = readdirSync(projectRoot, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .filter((name) => !['node_modules', 'dist', 'var'].includes(name));
  assert.deepEqual(
    found.filter((name) => !allowed.includes(name)),
    [],
  );
});

test('every dependency is pinned to an exact version and has its reason in a decision', () => {
  const manifest = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8'));
  const dependencies = Object.entries<string>({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.devDependencies,
  });
  const folder = path.join(projectRoot, 'docs/decisions');
  const decisions = readdirSync(folder)
    .map((file) => readFileSync(path.join(folder, file), 'utf8'))
    .join('\n');
  assert.ok(dependencies.length > 5);
  for (const [name, version] of dependencies) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
    assert.ok(decisions.includes(`\`${name}\``), `${name} is named in docs/decisions`);
  }
});

test('no tracked source has a folder or a file whose name says nothing', () => {
  const vague = files.filter((file) =>
    /(^|\/)(utils?|helpers?|common|misc|manager|handler)(\.|\/|-)/i.test(file),
  );
  assert.deepEqual(vague, []);
});

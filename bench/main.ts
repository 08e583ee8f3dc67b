// `npm run bench`, or `npm run bench -- ingest` for one scenario. Each prints its rivals beside itself, as ratios.
const scenarios: Readonly<Record<string, () => Promise<{ run: () => Promise<void> | void }>>> = {
  frameworks: () => import('./frameworks.ts'),
  ingest: () => import('./ingest.ts'),
  kernel: () => import('./kernel.ts'),
  rules: () => import('./rules.ts'),
};
const wanted = process.argv.slice(2);
for (const name of wanted.length === 0 ? Object.keys(scenarios) : wanted) {
  const scenario = scenarios[name];
  if (scenario === undefined) {
    process.stderr.write(`No scenario "${name}": there is ${Object.keys(scenarios).join(', ')}\n`);
    process.exit(1);
  }
  await (await scenario()).run();
  console.log();
}

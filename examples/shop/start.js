// Starts a sidecar and the shop beside it, makes some calls, and shows what the log says of them. It needs Express 5.
//
//   node examples/shop/start.js            in the folder ./var/shop
//   node examples/shop/start.js --stay     the same, and the shop stays open until Ctrl-C
//
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect } from 'audit-sidecar/client';
import { makeCalls } from './calls.js';
import { told } from './told.js';

const stays = process.argv.includes('--stay');
const folder = path.resolve(process.argv.slice(2).find((word) => !word.startsWith('--')) ?? 'var/shop');
const here = path.dirname(fileURLToPath(import.meta.url));

const shop = await import('./app.js').then(
  (module) => module.shop,
  (error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error('The example needs Express: npm install express@5');
    process.exit(1);
  },
);

mkdirSync(folder, { recursive: true });
const log = path.join(folder, 'audit.log');
const before = existsSync(log) ? statSync(log).size : 0;
const sidecar = await startSidecar();
const client = connect(path.join(folder, 'ingest.sock'), { deadlineMs: 40_000 }); // longer than the device's write_timeout
const server = createServer(shop(client));
await new Promise((resolve) => server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', resolve));
const address = `http://127.0.0.1:${server.address().port}`;
try {
  await makeCalls(address);
  const lines = readFileSync(log).subarray(before).toString().trimEnd().split('\n');
  const records = lines.map((line) => JSON.parse(line));
  console.log(`What an auditor reads in ${log}:\n`);
  for (const record of records) if (record.type === 'response') console.log(`  ${told(record)}`);
  const order = records.find(({ request }) => request.route === '/v1/orders');
  console.log('\nThe two lines of the first order, as they stand there:\n');
  console.log(lines.filter((_line, at) => records[at].request.id === order.request.id).join('\n\n'));
  if (stays) {
    console.log(`\nThe shop is open at ${address}, until Ctrl-C`);
    await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  }
} finally {
  server.close();
  server.closeAllConnections();
  await client.close();
  sidecar.kill('SIGTERM');
}

/** Runs one with the configuration beside this file, and waits until it takes records. */
async function startSidecar() {
  const command = path.join(here, '../../dist/cli/start.cjs');
  const config = path.join(here, 'audit-sidecar.yaml');
  const child = spawn(process.execPath, [command, 'run', '--config', config], {
    cwd: folder,
    stdio: 'inherit',
  });
  const socket = path.join(folder, 'ingest.sock');
  while (!existsSync(socket)) {
    if (child.exitCode !== null) process.exit(1);
    await delay(20);
  }
  return child;
}

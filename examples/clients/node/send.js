// Reads records, one a line, sends each as it comes, and prints the verdict of each: "ok", or "refused" and a code.
//
//   node examples/clients/node/send.js SOCKET [DEADLINE_MS] < records.ndjson

import { createInterface } from 'node:readline';
import { connect } from 'audit-sidecar/client';

const [path, deadlineMs = '5000'] = process.argv.slice(2);
if (path === undefined) {
  console.error('Usage: node send.js SOCKET [DEADLINE_MS]');
  process.exit(2);
}
const audit = connect(path, { deadlineMs: Number(deadlineMs) });

/** The verdict of the record before: verdicts are printed in the order of the records. */
let printed = Promise.resolve();
for await (const line of createInterface({ input: process.stdin })) {
  if (line === '') continue;
  const verdict = audit.record(line);
  printed = printed.then(async () => {
    const { ok, code } = await verdict;
    console.log(ok ? 'ok' : `refused ${code}`);
  });
}
await printed;
await audit.close();

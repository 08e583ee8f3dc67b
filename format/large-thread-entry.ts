// What the thread for large records runs.
import { parentPort } from 'node:worker_threads';
import { type LargeMessage, LargeScan } from './large-scan.ts';

const scan = new LargeScan();

parentPort!.on('message', (message: LargeMessage) => {
  const report = scan.take(message);
  if (report === null) return;
  const { id, type, lines } = report;
  const parts = [id, type, ...lines.flatMap(({ bytes, ends }) => [bytes, ends])];
  parentPort!.postMessage(
    report,
    parts.map(({ buffer }) => buffer as ArrayBuffer),
  );
});

// What the thread for large records runs.
import { MessageChannel, parentPort } from 'node:worker_threads';
import { type LargeMessage, LargeScan } from './large-scan.ts';

const scan = new LargeScan();
let chunks: readonly Uint8Array[] = [];

parentPort!.on('message', (message: LargeMessage) => {
  if (message.kind === 'scan') chunks = message.chunks;
  const report = scan.take(message);
  if (report === null) {
    free(chunks);
    chunks = [];
    return;
  }
  const { id, type, lines } = report;
  const parts = [id, type, ...lines.flatMap(({ bytes, ends }) => [bytes, ends])];
  parentPort!.postMessage(
    report,
    parts.map(({ buffer }) => buffer as ArrayBuffer),
  );
});

/**
 * Frees the memory at once, by moving it to where nobody receives it. Left to the engine, the small pieces of several records
 * pile up, and the allocator keeps what they took for good.
 */
function free(pieces: readonly Uint8Array[]): void {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.postMessage(
    null,
    pieces.map(({ buffer }) => buffer as ArrayBuffer),
  );
  port1.close();
}

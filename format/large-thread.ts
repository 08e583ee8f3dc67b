import { Worker } from 'node:worker_threads';
import type { LargeReport } from './large-record.ts';
import type { LargeMessage, LargeRequest } from './large-scan.ts';
import { ownBytes } from './own-bytes.ts';
import { giveBackMemory } from './spent-memory.ts';

/** One who scans large records, one at a time. */
export interface LargeScanner {
  /** The bytes in the message, those of keys too, are the scanner's from now on. */
  post(message: LargeMessage): void;
  /** Ends it, whatever it does. Nothing is heard of it any more. */
  end(): void;
}

/** What a scanner tells. */
export interface LargeScannerEvents {
  readonly onReport: (report: LargeReport) => void;
  /** It has ended by itself, and nothing that it was asked is answered any more. */
  readonly onDeath: (error: unknown) => void;
}

/** Starts a thread that scans large records in a kernel of its own. What it worked on is given back when it ends. */
export function startLargeThread({ onReport, onDeath }: LargeScannerEvents): LargeScanner {
  const worker = new Worker(new URL('./large-thread-entry.js', import.meta.url), {
    name: 'large records',
    // Neither the environment nor options of this process are its business.
    env: {},
    execArgv: [],
  });
  let failure: unknown = null;
  worker.on('message', onReport);
  worker.on('error', (error) => {
    failure = error;
  });
  worker.on('exit', (code) =>
    onDeath(failure ?? new Error(`The thread for large records ended with ${code}`)),
  );
  return {
    post(message) {
      const moved = movable(message);
      worker.postMessage(moved, memoryOf(moved));
    },
    end() {
      worker.removeAllListeners();
      // An error of one that is being ended is nobody's concern, and would end the process.
      worker.on('error', () => {});
      // The lines that it has made have been written, most of them: they are as large as what it leaves.
      void worker.terminate().then(giveBackMemory);
    },
  };
}

/** The message with all bytes in memory that is theirs alone: what is moved to the thread takes all of its memory along. */
function movable(message: LargeMessage): LargeMessage {
  switch (message.kind) {
    case 'scan':
      return {
        ...message,
        chunks: message.chunks.map(ownOrMoved),
        request: movableRequest(message.request),
      };
    case 'again':
      return { ...message, request: movableRequest(message.request) };
    case 'done':
      return message;
  }
}

function movableRequest(request: LargeRequest): LargeRequest {
  return {
    ...request,
    policy: ownCopy(request.policy),
    recipes: request.recipes.map((recipe) => ({ ...recipe, prefix: ownCopy(recipe.prefix) })),
  };
}

/** Bytes that are all of their memory, as most that are read from a socket; others are copied, and wiped here. */
function ownOrMoved(chunk: Uint8Array): Uint8Array {
  if (chunk.length === chunk.buffer.byteLength) return chunk;
  const copy = ownCopy(chunk);
  chunk.fill(0);
  return copy;
}

function ownCopy(bytes: Uint8Array): Uint8Array {
  const copy = ownBytes(bytes.length);
  copy.set(bytes);
  return copy;
}

function memoryOf(message: LargeMessage): ArrayBuffer[] {
  if (message.kind === 'done') return [];
  const { policy, recipes } = message.request;
  const parts = [policy, ...recipes.flatMap(({ prefix, midstates }) => [prefix, midstates])];
  if (message.kind === 'scan') parts.push(...message.chunks);
  return parts.map(({ buffer }) => buffer as ArrayBuffer);
}

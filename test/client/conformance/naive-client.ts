import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * What people write who have not read docs/clients.md, each with one fault:
 *
 * - `forgets`: a record that was written is called kept;
 * - `shuffles`: a reply goes to the record that was sent last;
 * - `hopes`: a record without a reply is called kept after its deadline;
 * - `forgives`: a reply is `ok` unless it says otherwise;
 * - `skips`: a record whose deadline has passed is struck out, and its reply goes to the next;
 * - `drops`: what was unanswered when the connection ended is refused and not sent again, though its caller waits.
 */
const [kind, path, deadlineMs] = process.argv.slice(2);

const waiting: ((verdict: string) => void)[] = [];
const socket = connect(path!);
socket.on('error', () => {});

let rest = '';
socket.on('data', (bytes) => {
  const lines = (rest + bytes).split('\n');
  rest = lines.pop()!;
  for (const line of lines) {
    const tell = kind === 'shuffles' ? waiting.pop() : waiting.shift();
    tell?.(verdictOf(line));
  }
});
socket.on('close', () => {
  for (const tell of waiting.splice(0)) tell('refused lost');
});

function verdictOf(line: string): string {
  try {
    const { ok, code } = JSON.parse(line) as { ok: unknown; code: string };
    if (kind === 'forgives' ? ok !== false : ok === true) return 'ok';
    return `refused ${code}`;
  } catch {
    return kind === 'forgives' ? 'ok' : 'refused unreadable';
  }
}

function send(line: string): Promise<string> {
  socket.write(`${line}\n`);
  if (kind === 'forgets') return Promise.resolve('ok');
  return new Promise((resolve) => {
    waiting.push(resolve);
    const late = setTimeout(() => {
      if (kind === 'skips') waiting.splice(waiting.indexOf(resolve), 1);
      resolve(kind === 'hopes' ? 'ok' : 'refused late');
    }, Number(deadlineMs));
    late.unref();
  });
}

let printed = Promise.resolve();
for await (const line of createInterface({ input: process.stdin })) {
  const verdict = send(line);
  printed = printed.then(async () => console.log(await verdict));
}
await printed;
socket.destroy();

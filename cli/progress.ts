import { answered, type Tally } from './tally.ts';

const periodMs = 250;

/** Shows how a sending goes on, in one line of a terminal on standard error; returns what takes it away. */
export function showProgress(tally: Tally): () => void {
  if (!process.stderr.isTTY) return () => {};
  let before = answered(tally);
  let then = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const count = answered(tally);
    const rate = Math.round(((count - before) / (now - then)) * 1000);
    before = count;
    then = now;
    process.stderr.write(`\r${count} records answered, ${rate}/s\u001b[K`);
  }, periodMs);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\u001b[K');
  };
}

import { createLog } from '../../../daemon/log/log.ts';
import { stderrOutput } from '../../../daemon/log/log-stderr.ts';

// Writes as many lines of as many characters as it is told, says so, and writes one more when asked to.
const [count, length, end] = process.argv.slice(2);
const log = createLog({ format: 'text', level: 'info' }, stderrOutput());
for (let at = 0; at < Number(count); at++) log.info('line', { at, text: 'x'.repeat(Number(length)) });
process.send?.('written');
process.on('message', () => {
  log.info('after');
  process.send?.('written again');
});
if (end === 'end') process.disconnect?.();

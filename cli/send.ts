import { createReadStream, existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { CommandModule } from 'yargs';
import { parseDuration } from '../config/duration.ts';
import { reasonOf } from '../config/file-fault.ts';
import { exitCodes } from './exit-codes.ts';
import { showProgress } from './progress.ts';
import { SendInterrupted, type SendSettings } from './record-connection.ts';
import { sendRecords } from './record-sender.ts';
import { UsageRefused } from './refusals.ts';
import { refusalsText, summarise, summaryText } from './send-summary.ts';
import { switchOption } from './switch.ts';
import { emptyTally } from './tally.ts';
import { printJson, printLines, tell } from './terminal.ts';

interface SendArguments {
  readonly file: string;
  readonly socket: string | undefined;
  readonly window: string;
  readonly timeout: string;
  readonly json: boolean;
}

/** What `-` stands for. */
export const standardInputFile = '/dev/stdin';

const embeddedSocket = './var/ingest.sock';
const installedSocket = '/run/audit-sidecar/ingest.sock';

const jsonSwitch = switchOption('json', false, 'Print the summary as JSON');

/** `audit-sidecar send FILE|-`: records from a file, to try out a configuration or to bring in older ones. */
export function sendCommand(endWith: (code: number) => void): CommandModule<object, SendArguments> {
  return {
    command: 'send <file>',
    describe: 'Send the records of a file, one JSON object a line, and count the replies',
    builder: (cli) =>
      cli
        .positional('file', {
          type: 'string',
          demandOption: true,
          describe: 'File of records; - for standard input',
        })
        .option('socket', {
          alias: 's',
          type: 'string',
          requiresArg: true,
          describe: `Socket of a listener; default ${embeddedSocket} if it is there, otherwise ${installedSocket}`,
        })
        .option('window', {
          alias: 'w',
          type: 'string',
          requiresArg: true,
          default: '64',
          describe: 'Records that may wait for their reply at a time',
        })
        .option('timeout', {
          type: 'string',
          requiresArg: true,
          default: '60s',
          describe: 'Give up after so long without any reply; 0 waits without end',
        })
        .options(jsonSwitch)
        .example('$0 send records.ndjson --socket /run/audit-sidecar/ingest.sock', ''),
    handler: async (args) => endWith(await send(args)),
  };
}

async function send(args: SendArguments): Promise<number> {
  const interruption = new AbortController();
  const settings: SendSettings = {
    socketPath: args.socket ?? (existsSync(embeddedSocket) ? embeddedSocket : installedSocket),
    window: readWindow(args.window),
    replyTimeoutMs: readTimeout(args.timeout),
    signal: interruption.signal,
  };
  const interrupt = (): void => interruption.abort();
  process.once('SIGINT', interrupt);
  const tally = emptyTally();
  const hideProgress = showProgress(tally);
  const start = performance.now();
  let failure: string | null = null;
  try {
    await sendRecords(openInput(args.file), settings, tally);
  } catch (error) {
    failure = explained(error, settings.socketPath, args.file);
  } finally {
    hideProgress();
    process.removeListener('SIGINT', interrupt);
  }
  const summary = summarise(tally, performance.now() - start, failure);
  tell(refusalsText(summary));
  if (failure !== null) {
    const rest =
      summary.unanswered === 0
        ? ''
        : `; ${summary.unanswered} of ${summary.sent} records sent are unanswered`;
    tell(`audit-sidecar: ${failure}${rest}\n`);
  }
  if (args.json) printJson(summary);
  // A row of zeros would say nothing about a file that is not there.
  else if (failure === null || summary.sent > 0) printLines(summaryText(summary));
  return failure === null && summary.ok === summary.sent ? exitCodes.ok : exitCodes.failed;
}

function openInput(file: string): Readable {
  return file === standardInputFile ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 });
}

function explained(error: unknown, socketPath: string, file: string): string {
  if (error instanceof SendInterrupted) return `Cannot send to "${socketPath}": ${error.message}`;
  if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  return `Cannot read records from ${file === standardInputFile ? 'standard input' : `"${file}"`}: ${reasonOf(error)}`;
}

function readWindow(text: string): number {
  const window = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (window >= 1 && window <= 1_000_000) return window;
  throw new UsageRefused(`Cannot use --window "${text}": wanted a whole number from 1 to 1000000`);
}

function readTimeout(text: string): number {
  const timeout = parseDuration(text);
  if (timeout !== null && timeout <= 24 * 3600 * 1000) return timeout;
  throw new UsageRefused(`Cannot use --timeout "${text}": wanted a duration such as 30s, at most 24h`);
}

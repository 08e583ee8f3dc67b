import { existsSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { parseDuration } from '../config/duration.ts';
import { reasonOf } from '../config/file-fault.ts';
import { exitCodes } from './exit-codes.ts';
import { InputRefused } from './input-fault.ts';
import { showProgress } from './progress.ts';
import { SendInterrupted, type SendSettings } from './record-connection.ts';
import { inputName, openInput, shellName } from './record-input.ts';
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

const embeddedSocket = './var/ingest.sock';
const installedSocket = '/run/audit-sidecar/ingest.sock';

/** Whoever ends it is still told what became of the records. */
const interrupting = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

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
  for (const signal of interrupting) process.once(signal, interrupt);
  const tally = emptyTally();
  const hideProgress = showProgress(tally);
  const start = performance.now();
  let failure: string | null = null;
  try {
    await sendRecords(openInput(args.file), shellName(args.file), settings, tally);
    if (tally.sent === 0) failure = `Cannot send ${inputName(args.file)}: there is no record in it`;
  } catch (error) {
    failure = explained(error, settings.socketPath, args.file);
  } finally {
    hideProgress();
    for (const signal of interrupting) process.removeListener(signal, interrupt);
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

function explained(error: unknown, socketPath: string, file: string): string {
  if (error instanceof InputRefused) return `Cannot send ${inputName(file)}: ${error.message}`;
  if (error instanceof SendInterrupted) return `Cannot send to "${socketPath}": ${error.message}`;
  if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  return `Cannot read records from ${inputName(file)}: ${reasonOf(error)}`;
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

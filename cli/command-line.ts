import yargs from 'yargs';
import { withoutCredentials } from '../config/hidden-credentials.ts';
import { ConfigRefused } from '../config/problem.ts';
import { readBuildInfo } from '../daemon/monitoring/build-info.ts';
import type { StraySignals } from '../daemon/service/stray-signals.ts';
import { checkCommand } from './check.ts';
import { completionCommand } from './completion.ts';
import { completionQuestion, completionWords } from './completion-words.ts';
import { deviceCommand } from './device.ts';
import { exitCodes } from './exit-codes.ts';
import { hashCommand } from './hash.ts';
import { headerCommand } from './header.ts';
import { policyCommand } from './policy.ts';
import { standardInputFile } from './record-input.ts';
import { CommandFailed, UsageRefused } from './refusals.ts';
import { runCommand } from './run.ts';
import { saltCommand } from './salt.ts';
import { sendCommand } from './send.ts';
import { statusCommand } from './status.ts';
import { spelledOut } from './switch.ts';
import { printLines, tell } from './terminal.ts';
import { tokenCommand } from './token.ts';
import { tuneCommand } from './tune.ts';

/** Does what the words after `audit-sidecar` say; resolves with the exit code. */
export async function runCommandLine(words: readonly string[], straySignals: StraySignals): Promise<number> {
  if (words[0] === completionQuestion) {
    const found = await completionWords(words.slice(2));
    if (found !== null) return printCompletions(found);
    // For some shells yargs adds descriptions in a form of its own; the scripts want words.
    process.env['SHELL'] = 'sh';
  }
  let exitCode: number = exitCodes.ok;
  const endWith = (code: number): void => {
    exitCode = code;
  };
  let named: string[];
  try {
    // yargs 18 takes a lone dash for an option without a name, and its place stays empty.
    named = words.map((word) => (word === '-' ? standardInputFile : spelledOut(word)));
  } catch (error) {
    return explain(error, words);
  }
  const cli = yargs(named)
    .scriptName('audit-sidecar')
    .locale('en')
    .usage(
      '$0 COMMAND\n\nRecords audit entries: hashes the secrets in them and writes them to several devices.',
    )
    .command(runCommand(endWith, straySignals))
    .command(checkCommand(endWith))
    .command(sendCommand(endWith))
    .command(policyCommand(endWith))
    .command(statusCommand(endWith))
    .command(deviceCommand(endWith))
    .command(headerCommand(endWith))
    .command(tuneCommand(endWith))
    .command(hashCommand(endWith))
    .command(saltCommand(endWith))
    .command(tokenCommand(endWith))
    .command(completionCommand(endWith))
    .version(readBuildInfo().version)
    .alias('help', 'h')
    .strict()
    .demandCommand(1, 1, 'wanted a command, see audit-sidecar --help')
    .recommendCommands()
    .updateStrings({ 'Did you mean %s?': 'Unknown command: did you mean "%s"?' })
    // File names may look like numbers, and an option that is given twice counts once: the last one.
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'duplicate-arguments-array': false,
      'dot-notation': false,
      'camel-case-expansion': false,
      'boolean-negation': false,
    })
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .epilogue(
      'Exit codes:\n' +
        '  0  fine\n' +
        '  1  the operation failed: it was refused, or the daemon cannot be reached or is not ready\n' +
        '  2  the command or the configuration is wrong; nothing was done',
    )
    .exitProcess(false)
    // Without a throw, yargs would go on and run the command.
    .fail((message: string, error: Error | undefined) => {
      // A YError is yargs' own word on the arguments; any other error comes out of a command.
      throw error === undefined || error.name === 'YError' ? new UsageRefused(message) : error;
    });
  try {
    if (words[0] === completionQuestion) {
      let completions = '';
      await cli.parse(named, {}, (_error: unknown, _argv: unknown, output: string) => {
        completions = output;
      });
      return printCompletions(completions.split('\n'));
    }
    await cli.parseAsync();
  } catch (error) {
    return explain(error, words);
  }
  return exitCode;
}

/** yargs puts two dashes before short names, too. */
function printCompletions(found: readonly string[]): number {
  printLines(
    found
      .filter((word) => !/^--.$/.test(word))
      .map((word) => `${word}\n`)
      .join(''),
  );
  return exitCodes.ok;
}

function explain(error: unknown, words: readonly string[]): number {
  if (error instanceof ConfigRefused) {
    tell(`${error.message}\n`);
    return exitCodes.usage;
  }
  if (error instanceof CommandFailed) {
    tell(`audit-sidecar: ${error.message}\n`);
    return exitCodes.failed;
  }
  if (error instanceof UsageRefused) {
    // What stands behind `hash` may be the secret itself, and yargs repeats what it does not know.
    const message =
      words[0] === 'hash' && error.message.startsWith('Unknown')
        ? 'Unknown option'
        : withoutCredentials(error.message);
    tell(`audit-sidecar: ${message}\n`);
    return exitCodes.usage;
  }
  // Its message may hold anything, a piece of a record too.
  const frames = error instanceof Error ? (error.stack?.match(/^ {4}at .*$/gm) ?? []) : [];
  const name = error instanceof Error ? error.name : typeof error;
  process.stderr.write([`audit-sidecar: unexpected ${name}`, ...frames, ''].join('\n'));
  return exitCodes.failed;
}

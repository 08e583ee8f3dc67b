import path from 'node:path';
import type { CommandModule } from 'yargs';
import { suggest } from '../config/suggestion.ts';
import { type CompletedShell, completedShells, completionScripts } from './completion-scripts.ts';
import { exitCodes } from './exit-codes.ts';
import { UsageRefused } from './refusals.ts';

interface CompletionArguments {
  readonly shell: string | undefined;
}

/** `audit-sidecar completion [SHELL]`: what makes the tabulator key complete the commands. */
export function completionCommand(
  endWith: (code: number) => void,
): CommandModule<object, CompletionArguments> {
  return {
    command: 'completion [shell]',
    describe: `Print a completion script for ${completedShells.join(', ')}`,
    builder: (cli) =>
      cli
        .positional('shell', {
          type: 'string',
          describe: `${completedShells.join(', ')}; default the one that $SHELL names, otherwise bash`,
        })
        .example('$0 completion fish > ~/.config/fish/completions/audit-sidecar.fish', ''),
    handler: ({ shell }) => {
      process.stdout.write(completionScripts[wanted(shell)]);
      endWith(exitCodes.ok);
    },
  };
}

function wanted(typed: string | undefined): CompletedShell {
  const name = typed ?? path.basename(process.env['SHELL'] ?? '');
  const shell = completedShells.find((each) => each === name);
  if (shell !== undefined) return shell;
  if (typed === undefined) return 'bash';
  const meant = suggest(typed, completedShells);
  const hint = meant === null ? `there is ${completedShells.join(', ')}` : `did you mean "${meant}"?`;
  throw new UsageRefused(`Cannot complete for shell "${typed}": ${hint}`);
}

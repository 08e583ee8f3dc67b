import type { CommandModule } from 'yargs';
import { ConfigRefused, formatProblems } from '../config/problem.ts';
import { exitCodes } from './exit-codes.ts';
import { switchOption } from './switch.ts';
import { printJson, printLines, tell } from './terminal.ts';

interface CheckArguments {
  readonly file: string;
  readonly json: boolean;
}

const jsonSwitch = switchOption('json', false, 'Print {"ok", "problems"} as JSON');

/** `audit-sidecar check FILE`: all that `run` would refuse, as far as that can be told without opening or making anything. */
export function checkCommand(endWith: (code: number) => void): CommandModule<object, CheckArguments> {
  return {
    command: 'check <file>',
    describe: 'Check a configuration file and say all that is wrong with it',
    builder: (cli) =>
      cli
        .positional('file', {
          type: 'string',
          demandOption: true,
          describe: 'Configuration file',
        })
        .options(jsonSwitch)
        .example('$0 check /etc/audit-sidecar/audit-sidecar.yaml', ''),
    handler: async ({ file, json }) => endWith(await check(file, json)),
  };
}

async function check(file: string, json: boolean): Promise<number> {
  // Loaded here: commands that read no configuration start twice as fast without it.
  const { checkConfiguration } = await import('../daemon/service/check-configuration.ts');
  try {
    const { config, devices, warnings } = await checkConfiguration(file);
    const { openFilesFault } = await import('../daemon/service/open-files.ts');
    const { memoryFault, ownMemoryLimit } = await import('../daemon/service/memory-limit.ts');
    const queueBytes = [...devices.values()].reduce((sum, { lane }) => sum + lane.queueBytes, 0);
    // The daemon may be started with other limits than this shell's.
    const memory = memoryFault(config, queueBytes, ownMemoryLimit());
    for (const fault of [openFilesFault(config, devices.size), memory]) {
      if (fault !== null) tell(`note: started from here: ${fault}\n`);
    }
    if (!json) for (const warning of warnings) tell(`warning: ${formatProblems([warning])}\n`);
    const summary = `${counted(config.devices.size, 'device')}, ${counted(config.listeners.length, 'listener')}`;
    if (json) printJson({ ok: true, problems: [], ...(warnings.length > 0 ? { warnings } : {}) });
    else printLines(`${file}: ok, ${summary}\n`);
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof ConfigRefused)) throw error;
    if (json) printJson({ ok: false, problems: error.problems });
    else tell(`${formatProblems(error.problems)}\n`);
    return exitCodes.usage;
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

import type { CommandModule } from 'yargs';
import type { StraySignals } from '../daemon/service/stray-signals.ts';

interface RunArguments {
  readonly config: string | undefined;
}

/** `audit-sidecar run`: the daemon. */
export function runCommand(
  endWith: (code: number) => void,
  straySignals: StraySignals,
): CommandModule<object, RunArguments> {
  return {
    command: 'run',
    describe: 'Run the daemon in the foreground',
    builder: (cli) =>
      cli
        .option('config', {
          alias: 'c',
          type: 'string',
          requiresArg: true,
          describe: 'Configuration file; without it everything is kept under ./var',
        })
        .example('$0 run --config /etc/audit-sidecar/audit-sidecar.yaml', ''),
    handler: async ({ config }) => {
      // Unlike a command that prints, the daemon outlives the reader of its output: that is a device's failure at most.
      process.stdout.removeAllListeners('error').on('error', () => {});
      // Loaded here: the other commands start without the daemon's modules.
      const { runDaemon } = await import('../daemon/service/run.ts');
      endWith(await runDaemon({ configFile: config ?? null, straySignals }));
    },
  };
}

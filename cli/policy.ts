import type { CommandModule } from 'yargs';
import { policyExplainCommand } from './policy/explain.ts';

/** `audit-sidecar policy …`: what is hashed, and why. */
export function policyCommand(endWith: (code: number) => void): CommandModule {
  return {
    command: 'policy',
    describe: 'Explain what of a record would be written, and by which rule',
    builder: (cli) =>
      cli
        .command(policyExplainCommand(endWith))
        .demandCommand(1, 'wanted policy explain')
        .example('$0 policy explain records.ndjson --config audit-sidecar.yaml', ''),
    handler: () => {},
  };
}

import type { CommandModule } from 'yargs';
import { reasonOf } from '../../config/file-fault.ts';
import { visible } from '../../config/visible-text.ts';
import type { ExplainedPlace, Explanation } from '../../format/explanation.ts';
import { exitCodes } from '../exit-codes.ts';
import { InputRefused } from '../input-fault.ts';
import { judgedInput } from '../judged-input.ts';
import { inputName, openInput, shellName } from '../record-input.ts';
import { CommandFailed } from '../refusals.ts';
import { switchOption } from '../switch.ts';
import { printJson, printLines, tell } from '../terminal.ts';
import { tableLines } from '../text-table.ts';
import { inputRecords } from './input-records.ts';

interface ExplainArguments {
  readonly file: string;
  readonly config: string | undefined;
  readonly values: boolean;
  readonly json: boolean;
}

const valuesSwitch = switchOption('values', false, 'Print the values that stay readable, too');
const jsonSwitch = switchOption('json', false, 'Print a JSON object for each record');

/** `audit-sidecar policy explain FILE|-` */
export function policyExplainCommand(
  endWith: (code: number) => void,
): CommandModule<object, ExplainArguments> {
  return {
    command: 'explain <file>',
    describe:
      'Say of each record what a device would hash, leave readable or leave out, and by which rule; nothing is written',
    builder: (cli) =>
      cli
        .positional('file', {
          type: 'string',
          demandOption: true,
          describe: 'File of records, one JSON object a line; - for standard input',
        })
        .option('config', {
          alias: 'c',
          type: 'string',
          requiresArg: true,
          describe: 'Configuration file; without it, what is kept under ./var',
        })
        .options(valuesSwitch)
        .options(jsonSwitch)
        .example('$0 policy explain records.ndjson --config audit-sidecar.yaml', ''),
    handler: async (args) => endWith(await explain(args)),
  };
}

async function explain({ file, config, values, json }: ExplainArguments): Promise<number> {
  // Loaded here: commands that read no configuration start twice as fast without it.
  const { configuredPolicy } = await import('../../daemon/service/configured-policy.ts');
  const { Refused } = await import('../../daemon/refused.ts');
  const { Formatter } = await import('../../format/formatter.ts');
  const { explainRecord } = await import('../../format/explanation.ts');
  const { RuleNames } = await import('../../format/rule-names.ts');
  const configured = await configuredPolicy(config ?? null).catch((error: unknown) => {
    throw error instanceof Refused ? new CommandFailed(error.message) : error;
  });
  const { policy, devices, maxRecordBytes, apiUnknown } = configured;
  if (apiUnknown !== null) tell(`note: without what was set through the API: ${apiUnknown}\n`);
  if (devices.size === 0) {
    throw new CommandFailed(
      'Cannot explain records: no device is configured, so that nothing would be written',
    );
  }
  const formatter = new Formatter(policy);
  const names = new RuleNames(policy);
  let [records, refused] = [0, 0];
  try {
    const source = openInput(file);
    const chunks = judgedInput(source, shellName(file), 'policy explain');
    for await (const { line, bytes } of inputRecords(chunks, maxRecordBytes)) {
      const explanation: Explanation =
        bytes === null
          ? { kind: 'refused', message: `record is longer than max_record_bytes (${maxRecordBytes})` }
          : explainRecord(formatter, names, bytes, [...devices.values()]);
      if (explanation.kind === 'refused') refused++;
      if (json) printJson(asJson(line, explanation, [...devices.keys()], values));
      else printLines(`${records > 0 ? '\n' : ''}${asText(line, explanation, [...devices.keys()], values)}`);
      records++;
    }
  } catch (error) {
    if (error instanceof InputRefused)
      throw new CommandFailed(`Cannot explain ${inputName(file)}: ${error.message}`);
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new CommandFailed(`Cannot read records from ${inputName(file)}: ${reasonOf(error)}`);
  }
  if (records === 0) throw new CommandFailed(`Cannot explain ${inputName(file)}: there is no record in it`);
  if (refused > 0) tell(`audit-sidecar: ${refused} of ${records} records would be refused\n`);
  return refused === 0 ? exitCodes.ok : exitCodes.failed;
}

/** Devices whose lines have the same fates. */
interface AlikeDevices {
  readonly devices: string[];
  readonly places: readonly ExplainedPlace[];
}

function alike(lines: readonly (readonly ExplainedPlace[])[], devices: readonly string[]): AlikeDevices[] {
  const groups = new Map<string, AlikeDevices>();
  for (const [index, places] of lines.entries()) {
    const key = JSON.stringify(places);
    const group = groups.get(key) ?? { devices: [], places };
    group.devices.push(devices[index]!);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function asJson(line: number, explanation: Explanation, devices: readonly string[], values: boolean): object {
  if (explanation.kind !== 'kept') return { line, ...explanation };
  const shown = alike(explanation.lines, devices).map((group) => ({
    devices: group.devices,
    places: group.places.map(({ path, fate, rule, value }) => ({
      path,
      fate,
      rule,
      // Of a number, every digit.
      ...(values && value !== null && { value: value.startsWith('"') ? JSON.parse(value) : value }),
    })),
  }));
  return { line, kind: explanation.kind, lines: shown };
}

function asText(line: number, explanation: Explanation, devices: readonly string[], values: boolean): string {
  if (explanation.kind === 'refused') return `line ${line}: refused: ${explanation.message}\n`;
  if (explanation.kind === 'unaudited') return `line ${line}: written nowhere: ${explanation.rule}\n`;
  let text = `line ${line}\n`;
  for (const group of alike(explanation.lines, devices)) {
    const rows = group.places.map(({ path, fate, rule, value }) => [
      `    ${fate}`,
      path,
      rule,
      ...(values ? [value ?? ''] : []),
    ]);
    // Texts from outside are made visible before they are lined up.
    const lines = tableLines(rows.map((row) => row.map(visible)));
    text += `  ${group.devices.join(', ')}\n${lines.map((each) => `${each}\n`).join('')}`;
  }
  return text;
}

import type { OptionProblem } from './device-kind.ts';
import { AppendingFile } from './file/appending-file.ts';
import { auditFileFault } from './file/audit-file-fault.ts';
import { type FileDestination, parseFileDestination } from './file/destination.ts';
import { DiscardDevice } from './file/discard.ts';
import { parseFileMode } from './file/file-mode.ts';
import { standardOutput } from './file/standard-output.ts';
import { type Option, oneOf, readOptions } from './option-table.ts';
import type { RegisteredKind } from './registered-kind.ts';
import { rootsOf } from './remote-limits.ts';

const table = {
  file_path: {
    default: null,
    required: true,
    formerly: 'path',
    wanted: 'the path of a file, "stdout" or "discard"',
    effect:
      'where lines are appended; missing folders are made with mode `0750`; `stdout` and `discard` in any case are the standard output and nowhere; old name `path`',
    parse: parseFileDestination,
  } as Option<FileDestination>,
  mode: {
    default: '0600',
    wanted: 'permission bits as octal text such as "0640"',
    effect:
      'set each time the file is opened; bits for executing, set-id and sticky are dropped; `0000` leaves the mode as it is, and through the API asks for a file that is there',
    parse: parseFileMode,
  } as Option<number | null>,
  sync: {
    default: 'none',
    wanted: '"none" or "data"',
    effect:
      '`data`: recorded means on the disk, with one `fdatasync` a batch, and survives a power cut; `none`: recorded means taken by the operating system, and survives a kill of the daemon',
    parse: oneOf('none', 'data'),
  } as Option<'none' | 'data'>,
} as const;

async function noFaults(): Promise<readonly OptionProblem[]> {
  return [];
}

/** Lines appended to a regular file, to standard output, or to nothing. */
export const fileKind: RegisteredKind = {
  type: 'file',
  options: table,
  read(texts, problems, line, limits) {
    const values = readOptions(table, texts, problems, limits);
    if (problems.length > 0) return null;
    const destination = values.file_path;
    switch (destination.kind) {
      case 'stdout':
        return {
          claims: [{ kind: 'stdout', option: 'file_path' }],
          create: standardOutput,
          faults: noFaults,
        };
      case 'discard':
        return { claims: [], create: () => new DiscardDevice(), faults: noFaults };
      case 'file': {
        const roots = limits === null ? null : rootsOf('file_path', destination.path, limits, problems);
        const options = Object.freeze({
          path: destination.path,
          mode: values.mode,
          sync: values.sync,
          line,
          roots,
          makesFile: limits === null || values.mode !== null,
        });
        return {
          claims: [{ kind: 'file', option: 'file_path', path: destination.path }],
          create: (settings) => new AppendingFile(options, settings),
          faults: async () => {
            const failure = await auditFileFault(options);
            return failure === null ? [] : [{ option: 'file_path', message: failure.message }];
          },
        };
      }
    }
  },
};

/** What a command ends with; docs/command-line.md and `--help` say the same. */
export const exitCodes = {
  ok: 0,
  /** The operation failed: a record was refused or not answered, the daemon cannot be reached or is not ready. */
  failed: 1,
  /** The command or the configuration is wrong; nothing was done. */
  usage: 2,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

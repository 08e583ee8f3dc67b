/** The command line cannot be used; exit code 2. */
export class UsageRefused extends Error {
  override readonly name = 'UsageRefused';
}

/** What was asked for could not be done; exit code 1. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** One entry of a policy that cannot be used. */
export interface PolicyProblem {
  /** The clear field, header, mount or path as it was written. */
  readonly entry: string;
  /** What is wrong with it, with the entry in quotes. */
  readonly message: string;
}

/** The policy cannot be used, and nothing has changed; carries every problem, not the first alone. */
export class PolicyRefused extends Error {
  override readonly name = 'PolicyRefused';
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[]) {
    super(problems.map((problem) => problem.message).join('; '));
    this.problems = problems;
  }
}

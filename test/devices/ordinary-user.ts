/** "nobody", when root runs the tests. */
export const ordinaryUser: number = process.geteuid!() === 0 ? 65_534 : process.geteuid!();

/** Runs `task` without the rights of root, which no mode of a file or folder holds back. */
export async function asOrdinaryUser(task: () => Promise<void>): Promise<void> {
  if (process.geteuid!() !== 0) return task();
  process.seteuid!(ordinaryUser);
  try {
    await task();
  } finally {
    process.seteuid!(0);
  }
}

import type { Log } from './log/log.ts';
import { systemErrorText } from './system-error.ts';

/** Named steps that undo what a start did, in the opposite order; each runs even when another fails. */
export class StopSteps {
  readonly #log: Log;
  readonly #steps: { readonly name: string; readonly undo: () => Promise<void> | void }[] = [];
  #running: Promise<boolean> | null = null;

  constructor(log: Log) {
    this.#log = log;
  }

  add(name: string, undo: () => Promise<void> | void): void {
    this.#steps.push({ name, undo });
  }

  /** Runs all steps, once however often it is called; resolves with whether every one worked. */
  run(): Promise<boolean> {
    this.#running ??= this.#undoAll();
    return this.#running;
  }

  async #undoAll(): Promise<boolean> {
    let worked = true;
    for (const step of this.#steps.reverse()) {
      try {
        await step.undo();
      } catch (error) {
        worked = false;
        this.#log.error('stop step failed', { step: step.name, error: systemErrorText(error) });
      }
    }
    return worked;
  }
}

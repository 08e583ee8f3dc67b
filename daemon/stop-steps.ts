import type { Clock } from './clock.ts';
import type { Log } from './log/log.ts';
import { systemErrorText } from './system-error.ts';

export type StopWork = (allEnded: boolean) => unknown;

/** One thing that a start did, and how it is undone. */
export interface StopStep {
  readonly name: string;
  /** How long the stop waits for it, in milliseconds; asked for when it begins. */
  readonly limitMs: () => number;
  /**
   * `allEnded`: whether every step before it has come to its end. One that was cut off may still be at work. `false` in the
   * end says that it did not go well, and that the log says why.
   */
  readonly undo: StopWork;
}

/**
 * Named steps that undo what a start did, in the opposite order. Each runs whatever became of those before it: one
 * that fails is logged, and one that takes too long is left to itself.
 */
export class StopSteps {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #steps: StopStep[] = [];
  #phase: 'collecting' | 'undoing' | 'undone' = 'collecting';
  #allEnded = true;
  #allWorked = true;
  #running: Promise<void> = Promise.resolve();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** What comes while the steps run is the next to be undone, and what comes after them is undone at once. */
  add(step: StopStep): void {
    this.#steps.push(step);
    if (this.#phase === 'undone') this.#running = this.#undoAll();
  }

  /** Runs all steps, once however often it is called; resolves with whether every one worked. */
  async run(): Promise<boolean> {
    if (this.#phase === 'collecting') this.#running = this.#undoAll();
    await this.#running;
    return this.#allWorked;
  }

  async #undoAll(): Promise<void> {
    this.#phase = 'undoing';
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await this.#undo(step);
    this.#phase = 'undone';
  }

  async #undo({ name, limitMs, undo }: StopStep): Promise<void> {
    const began = this.#clock.now();
    const end = await this.#bounded(limitMs(), async () => undo(this.#allEnded));
    const fields = { step: name, ms: Math.round(this.#clock.now() - began) };
    switch (end.kind) {
      case 'done':
        this.#allWorked &&= end.well;
        this.#log.debug('stop step done', fields);
        return;
      case 'failed':
        this.#allWorked = false;
        this.#log.error('stop step failed', { ...fields, error: systemErrorText(end.error) });
        return;
      case 'cut off':
        this.#allWorked = false;
        this.#allEnded = false;
        this.#log.error('stop step cut off', fields);
    }
  }

  /** How `work` ended, or that it did not within `ms`. */
  #bounded(ms: number, work: () => Promise<unknown>): Promise<StepEnd> {
    return new Promise((resolve) => {
      const cancel = this.#clock.setTimer(ms, () => resolve({ kind: 'cut off' }));
      work()
        .then(
          (well) => resolve({ kind: 'done', well: well !== false }),
          (error: unknown) => resolve({ kind: 'failed', error }),
        )
        .finally(cancel);
    });
  }
}

type StepEnd =
  | { readonly kind: 'done'; readonly well: boolean }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'cut off' };

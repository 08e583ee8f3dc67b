import type { Control } from './admin/control.ts';
import type { Phase } from './monitoring/health.ts';
import { Refused } from './refused.ts';
import type { ReloadedParts } from './reload.ts';
import { type Claimant, serverAt } from './table/claimant.ts';

/** A reload that cannot be now, or asks for what only a restart can change. Nothing was changed. */
export class ReloadRefused extends Refused {
  override readonly name = 'ReloadRefused';
}

/** A start that a stop has ended. What had started is undone. */
export class StartRefused extends Refused {
  override readonly name = 'StartRefused';
}

/** What exists once the start is through. */
export interface Parts extends ReloadedParts {
  readonly control: Control;
}

type State =
  | { readonly phase: 'starting' }
  | { readonly phase: 'running'; readonly parts: Parts }
  /** `parts`: `null` when it never ran. */
  | { readonly phase: 'stopping'; readonly parts: Parts | null };

/** What the daemon is doing. It goes from one phase to the next, never back. */
export class DaemonState {
  #state: State = { phase: 'starting' };

  get phase(): Phase {
    return this.#state.phase;
  }

  /** `null` when the start is not through. */
  get parts(): Parts | null {
    return this.#state.phase === 'starting' ? null : this.#state.parts;
  }

  /** Where servers listen, with the ports that the system chose; nowhere before the start is through. */
  get listening(): readonly Claimant[] {
    if (this.parts === null) return [];
    const { listeners, admin, monitoring } = this.parts;
    return [
      ...listeners.addresses.flatMap((each) => serverAt('a listener for records', each)),
      ...serverAt('the admin API', admin.tcpAddress),
      ...serverAt('the metrics', monitoring.address),
    ];
  }

  /** The start is through; a stop that has begun meanwhile goes on. */
  run(parts: Parts): void {
    if (this.#state.phase === 'starting') this.#state = { phase: 'running', parts };
  }

  stop(): void {
    this.#state = { phase: 'stopping', parts: this.parts };
  }

  /** Ends a start when a stop has come meanwhile. */
  goOn(): void {
    if (this.phase === 'stopping') throw new StartRefused('the daemon was stopped before it had started');
  }

  /** What there is to reload. */
  running(): Parts {
    if (this.#state.phase === 'running') return this.#state.parts;
    throw new ReloadRefused(`Cannot reload: the daemon is ${this.#state.phase}`);
  }
}

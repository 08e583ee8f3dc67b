import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PlayedSidecar } from './played-sidecar.ts';
import { Program } from './program.ts';
import { Broken, Watch } from './watch.ts';

export interface Stage {
  readonly program: Program;
  readonly sidecar: PlayedSidecar;
  /** How long a client may take for what it has to do. */
  readonly patienceMs: number;
}

export interface Scenario {
  readonly name: string;
  /** `patient`: the client's deadline never comes, however slow the machine is. `short`: it comes soon. */
  readonly deadline: 'patient' | 'short';
  /** Whether somebody listens from the start on. */
  readonly listens: boolean;
  /** Throws `Broken` when the client does not keep the contract. */
  play(stage: Stage): Promise<void>;
}

export interface Outcome {
  readonly name: string;
  /** `null` when the client has done what the contract says. */
  readonly broken: Broken | null;
}

const deadlinesMs = { patient: 60_000, short: 200 };

/** Plays it against a new process of the command, which gets the socket and the deadline as its last arguments. */
export async function play(
  scenario: Scenario,
  command: readonly string[],
  patienceMs: number,
): Promise<Outcome> {
  const folder = mkdtempSync(path.join(tmpdir(), 'as-'));
  const socket = path.join(folder, 'ingest.sock');
  const watch = new Watch(patienceMs);
  const sidecar = new PlayedSidecar(socket, watch);
  if (scenario.listens) await sidecar.listen();
  const deadline = String(deadlinesMs[scenario.deadline]);
  const program = new Program([...command, socket, deadline], watch, sidecar.acknowledged);
  try {
    await scenario.play({ program, sidecar, patienceMs });
    await program.ends();
    return { name: scenario.name, broken: null };
  } catch (error) {
    if (error instanceof Broken) return { name: scenario.name, broken: error };
    throw error;
  } finally {
    program.kill();
    sidecar.goAway();
    rmSync(folder, { recursive: true, force: true });
  }
}

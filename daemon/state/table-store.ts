import PQueue from 'p-queue';
import { Salts } from './salts.ts';
import type { StateDirectory } from './state-directory.ts';
import { emptyTable, isStored, readTable, type StoredTable, writeTable } from './stored-table.ts';

/**
 * What was set up through the API, with the salts of its devices: what the API changes, and what both the API and a
 * reload bring the devices and the policy in line with. Today a file of this daemon alone; one that several daemons share
 * has the same shape.
 */
export interface TableStore {
  readonly current: StoredTable;
  readonly salts: Salts;
  /**
   * Makes `edit` of the table that is current then the current one, and resolves when that outlives a kill. When it
   * rejects, with `StateRefused` or what `edit` threw, the current table is as it was.
   */
  change(edit: (table: StoredTable) => StoredTable): Promise<void>;
  /** Puts back what somebody took from the state directory while it was in use, but for salts; resolves with what that was. */
  putBack(): Promise<string[]>;
  /** Calls back, in the same turn, when another table has become current, whoever changed it. */
  onChange(changed: (table: StoredTable, before: StoredTable) => void): void;
}

/** The table in a state directory. Rejects with `StateRefused`, also when it is damaged. */
export async function openTableStore(state: StateDirectory): Promise<TableStore> {
  return new FileTableStore(state, await readTable(state));
}

class FileTableStore implements TableStore {
  readonly salts: Salts;
  readonly #state: StateDirectory;
  readonly #edits = new PQueue({ concurrency: 1 });
  readonly #listeners: ((table: StoredTable, before: StoredTable) => void)[] = [];
  #current: StoredTable;

  constructor(state: StateDirectory, stored: StoredTable) {
    this.salts = new Salts(state);
    this.#state = state;
    this.#current = stored;
  }

  get current(): StoredTable {
    return this.#current;
  }

  async change(edit: (table: StoredTable) => StoredTable): Promise<void> {
    await this.#edits.add(async () => {
      const before = this.#current;
      const table = edit(before);
      if (table === before) return;
      await writeTable(this.#state, table);
      this.#current = table;
      for (const changed of this.#listeners) changed(table, before);
    });
  }

  async putBack(): Promise<string[]> {
    return this.#edits.add(async () => {
      const missing = (await this.#state.retake()) ? ['lock'] : [];
      // One that was never stored is empty.
      if (this.#current !== emptyTable && !(await isStored(this.#state))) {
        await writeTable(this.#state, this.#current);
        missing.push('table.json');
      }
      return missing;
    });
  }

  onChange(changed: (table: StoredTable, before: StoredTable) => void): void {
    this.#listeners.push(changed);
  }
}

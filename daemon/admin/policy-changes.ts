import type { Config } from '../../config/config.ts';
import { isHeaderName } from '../../config/header-name.ts';
import type { MountKeys } from '../../format/line-options.ts';
import { policyProblems } from '../../format/policy-check.ts';
import { PolicyRefused } from '../../format/policy-refused.ts';
import type { StoredTable } from '../state/stored-table.ts';
import type { TableStore } from '../state/table-store.ts';
import { recordPolicy } from '../table/record-policy.ts';
import { AdminRefused } from './admin-control.ts';
import type { ChangeTurns } from './change-turns.ts';

const noKeys: MountKeys = Object.freeze({ requestKeys: [], responseKeys: [] });

/** What callers set of the policy: audited headers, and keys of mounts that are not hashed. */
export class PolicyChanges {
  readonly #store: TableStore;
  readonly #turns: ChangeTurns;
  readonly #config: () => Config;

  /** @param config gives the configuration in force */
  constructor(store: TableStore, turns: ChangeTurns, config: () => Config) {
    this.#store = store;
    this.#turns = turns;
    this.#config = config;
  }

  headers(): ReadonlyMap<string, { readonly hmac: boolean }> {
    return recordPolicy(this.#config(), this.#store.current).auditedHeaders;
  }

  async setHeader(name: string, hmac: boolean): Promise<void> {
    const key = name.toLowerCase();
    if (!isHeaderName(name)) throw new AdminRefused(`invalid header name "${name}"`);
    await this.#change((table) => ({ ...table, headers: new Map([...table.headers, [key, { hmac }]]) }));
  }

  async deleteHeader(name: string): Promise<void> {
    const key = name.toLowerCase();
    await this.#change((table) => {
      if (!table.headers.has(key) && this.#config().auditedHeaders.has(key)) {
        throw new AdminRefused(
          `header "${key}" is declared in the configuration file: remove it there and reload`,
        );
      }
      if (!table.headers.has(key)) return table;
      return { ...table, headers: new Map([...table.headers].filter(([each]) => each !== key)) };
    });
  }

  mountKeys(mount: string): MountKeys {
    return recordPolicy(this.#config(), this.#store.current).mounts.get(mount) ?? noKeys;
  }

  async setMountKeys(mount: string, keys: Partial<MountKeys>): Promise<void> {
    await this.#change((table) => ({
      ...table,
      mounts: new Map([...table.mounts, [mount, { ...table.mounts.get(mount), ...keys }]]),
    }));
  }

  /** A policy that the formatter cannot have is never stored. */
  async #change(edit: (table: StoredTable) => StoredTable): Promise<void> {
    await this.#turns.take(() =>
      this.#store.change((table) => {
        const edited = edit(table);
        const problems = policyProblems(recordPolicy(this.#config(), edited));
        if (problems.length > 0) throw new PolicyRefused(problems);
        return edited;
      }),
    );
  }
}

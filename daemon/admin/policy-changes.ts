import { isHeaderName } from '../../config/header-name.ts';
import { keyOf } from '../../config/problem.ts';
import type { MountKeys, RecordPolicy } from '../../format/line-options.ts';
import { policyProblems } from '../../format/policy-check.ts';
import { PolicyRefused } from '../../format/policy-refused.ts';
import type { StoredTable } from '../state/stored-table.ts';
import type { TableStore } from '../state/table-store.ts';
import type { Configuration } from '../table/configuration.ts';
import { recordPolicy } from '../table/record-policy.ts';
import { AdminRefused } from './admin-control.ts';
import type { ChangeTurns } from './change-turns.ts';

const noKeys: MountKeys = Object.freeze({ requestKeys: [], responseKeys: [] });

/**
 * What callers set of the policy: audited headers, and keys of mounts that are not hashed. What the configuration file
 * declares of a header or a mount is not theirs to change.
 */
export class PolicyChanges {
  readonly #store: TableStore;
  readonly #turns: ChangeTurns;
  readonly #configuration: () => Configuration;

  /** @param configuration gives the one in force */
  constructor(store: TableStore, turns: ChangeTurns, configuration: () => Configuration) {
    this.#store = store;
    this.#turns = turns;
    this.#configuration = configuration;
  }

  headers(): ReadonlyMap<string, { readonly hmac: boolean }> {
    return this.#policy(this.#store.current).auditedHeaders;
  }

  async setHeader(name: string, hmac: boolean): Promise<void> {
    const key = name.toLowerCase();
    if (!isHeaderName(name)) throw new AdminRefused(`invalid header name "${name}"`);
    await this.#change((table) => {
      this.#refuseDeclaredHeader(key);
      return { ...table, headers: new Map([...table.headers, [key, { hmac }]]) };
    });
  }

  async deleteHeader(name: string): Promise<void> {
    const key = name.toLowerCase();
    await this.#change((table) => {
      this.#refuseDeclaredHeader(key);
      if (!table.headers.has(key)) return table;
      return { ...table, headers: new Map([...table.headers].filter(([each]) => each !== key)) };
    });
  }

  mountKeys(mount: string): MountKeys {
    return this.#policy(this.#store.current).mounts.get(mount) ?? noKeys;
  }

  async setMountKeys(mount: string, keys: Partial<MountKeys>): Promise<void> {
    await this.#change((table) => {
      // Of a call that names no list nothing would be kept.
      if (keys.requestKeys === undefined && keys.responseKeys === undefined) return table;
      const { config } = this.#configuration();
      if (config.mounts.has(mount)) throw this.#declared(`mount "${mount}"`, ['mounts', mount]);
      return {
        ...table,
        mounts: new Map([...table.mounts, [mount, { ...table.mounts.get(mount), ...keys }]]),
      };
    });
  }

  #refuseDeclaredHeader(name: string): void {
    const { config } = this.#configuration();
    if (!config.auditedHeaders.has(name)) return;
    throw this.#declared(`header "${name}"`, ['audited_headers', name]);
  }

  #declared(what: string, path: readonly string[]): AdminRefused {
    const { file } = this.#configuration();
    return new AdminRefused(
      `${what} is declared in the configuration file: change "${keyOf(path)}" in "${file}" and reload`,
    );
  }

  #policy(table: StoredTable): RecordPolicy {
    return recordPolicy(this.#configuration().config, table);
  }

  /** A policy that the formatter cannot have is never stored. */
  async #change(edit: (table: StoredTable) => StoredTable): Promise<void> {
    await this.#turns.take(() =>
      this.#store.change((table) => {
        const edited = edit(table);
        const problems = policyProblems(this.#policy(edited));
        if (problems.length > 0) throw new PolicyRefused(problems);
        return edited;
      }),
    );
  }
}

import type { AdminServer, PreparedAdmin } from './admin/admin-server.ts';
import type { IngestSettings } from './ingest/ingest-settings.ts';
import type { ListenerChange, ListenerTable } from './ingest/listener-table.ts';
import type { MonitoringServer, PreparedServer } from './monitoring/monitoring-server.ts';
import type { TableStore } from './state/table-store.ts';
import type { Configuration } from './table/configuration.ts';
import { declaredDevices } from './table/declared-devices.ts';
import type { DeviceChange } from './table/device-change.ts';
import type { DeviceTable } from './table/device-table.ts';
import { everyDevice } from './table/opening-rule.ts';
import { recordPolicy } from './table/record-policy.ts';
import { refuseLeaks } from './table/redaction-refused.ts';

/** What a reload reaches. */
export interface ReloadedParts {
  readonly ingest: IngestSettings;
  readonly store: TableStore;
  readonly devices: DeviceTable;
  readonly listeners: ListenerTable;
  readonly monitoring: MonitoringServer;
  readonly admin: AdminServer;
}

/** What a reload has ready: all that can fail is done, and nothing has changed yet. */
export interface PreparedReload {
  readonly configuration: Configuration;
  readonly device: DeviceChange;
  readonly listeners: ListenerChange;
  readonly monitoring: PreparedServer;
  readonly admin: PreparedAdmin;
  /** What undoes it, in this order. */
  readonly undo: readonly (() => Promise<void>)[];
}

/** Does all of a reload that can fail, and undoes it when something does. */
export async function prepareReload(
  { store, devices, listeners, monitoring, admin }: ReloadedParts,
  configuration: Configuration,
): Promise<PreparedReload> {
  const { config } = configuration;
  devices.salts.tellStatePutBack(await store.putBack());
  const table = declaredDevices(configuration, store.current);
  refuseLeaks(recordPolicy(config, store.current), table.devices);
  const device = await devices.prepare(table, everyDevice);
  const undo = [() => devices.abandon(device)];
  try {
    const listening = await listeners.prepare(config.listeners);
    undo.unshift(() => listeners.abandon(listening));
    const monitored = await monitoring.prepare(config.metrics?.listen ?? null);
    undo.unshift(() => monitoring.abandon(monitored));
    const access = await admin.prepare(config.admin);
    undo.unshift(() => admin.abandon(access));
    // Last of all that takes time: what a path leads to now is what counts.
    await devices.confirm(device);
    return { configuration, device, listeners: listening, monitoring: monitored, admin: access, undo };
  } catch (error) {
    for (const step of undo) await step();
    throw error;
  }
}

/** Closes what was opened for it. */
export async function abandonReload({ undo }: PreparedReload): Promise<void> {
  for (const step of undo) await step();
}

/** Makes the change, in one turn, so that no record meets half of it. Resolves when what was replaced is closed. */
export async function commitReload(
  { ingest, devices, listeners, monitoring, admin }: ReloadedParts,
  prepared: PreparedReload,
): Promise<void> {
  const { limits, require } = prepared.configuration.config;
  ingest.limits = limits;
  ingest.broker.setRequirement(require);
  // What waits for removed devices and listeners goes on behind it: nobody else is to wait for that.
  void devices.commit(prepared.device, limits.stopTimeoutMs);
  await Promise.all([
    listeners.commit(prepared.listeners),
    monitoring.commit(prepared.monitoring),
    admin.commit(prepared.admin),
  ]);
}

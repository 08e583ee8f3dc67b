import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { AdminConfig } from '../../../config/config.ts';
import { AdminServer } from '../../../daemon/admin/admin-server.ts';
import { logInto } from '../../support/log-lines.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { AdminPlace } from './admin-client.ts';
import { MemoryControl } from './memory-control.ts';

/** An admin server in this process, over a control that only remembers. */
export interface InProcessAdmin {
  readonly server: AdminServer;
  readonly control: MemoryControl;
  readonly folder: string;
  readonly config: AdminConfig;
  /** The UNIX socket. */
  readonly local: AdminPlace & { readonly socketPath: string };
  /** The TCP address, with a header for a token. */
  remote(token?: string): AdminPlace & { readonly port: number };
  /** What was logged. */
  readonly log: string[];
  /** Goes over to another configuration as a reload does. */
  reload(config: Partial<AdminConfig>): Promise<void>;
}

export const token = 'a-token-long-enough-1';

/** A token file that the server takes. */
export function writeTokenFile(folder: string, text: string = token): string {
  const file = path.join(folder, 'tokens');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** Starts one on a UNIX socket, and on TCP where `tcp` is given. */
export async function startAdmin(
  t: TestContext,
  tcp: (folder: string) => AdminConfig['tcp'] = () => null,
  requestMs = 60_000,
): Promise<InProcessAdmin> {
  const folder = temporaryDirectory(t);
  const control = new MemoryControl();
  const log: string[] = [];
  const status = {
    require: { kind: 'any' } as const,
    lanes: () => [],
    declared: () => 'api' as const,
    phase: () => 'running' as const,
    metrics: { text: async () => '# no metrics\n', contentType: 'text/plain' },
  };
  const server = new AdminServer({ control, status, version: '1.2.3' }, logInto(log, 'debug'), requestMs);
  const config: AdminConfig = {
    path: path.join(folder, 'admin.sock'),
    mode: 0o600,
    tcp: tcp(folder),
    fileRoots: [folder],
    allowPrefix: false,
    allowLogRaw: false,
    allowAddresses: null,
  };
  await server.commit(await server.prepare(config));
  t.after(() => server.stop());
  return {
    server,
    control,
    folder,
    config,
    local: { socketPath: config.path },
    remote: (shown) => ({
      port: Number(/:(\d+)$/.exec(server.tcpAddress ?? '')?.[1]),
      ...(shown !== undefined && { headers: { 'X-Vault-Token': shown } }),
    }),
    log,
    reload: async (changed) => server.commit(await server.prepare({ ...config, ...changed })),
  };
}

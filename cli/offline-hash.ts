import { createHmac, createSecretKey } from 'node:crypto';
import { CommandFailed } from './refusals.ts';
import { tell } from './terminal.ts';

/**
 * What a device writes in place of `value`, without its daemon: the salt is read from where the configuration says.
 * `device` is a path with its trailing slash; `configFile` is `null` for the embedded default. Rejects with
 * `CommandFailed` or `ConfigRefused`.
 */
export async function hashOffline(device: string, configFile: string | null, value: Buffer): Promise<string> {
  const salt = await saltOf(device, configFile);
  const digest = createHmac('sha256', createSecretKey(salt)).update(value).digest('hex');
  return `hmac-sha256:${digest}`;
}

/** The salt of a device, whether the file declares it or it was enabled through the API. */
async function saltOf(device: string, configFile: string | null): Promise<Buffer> {
  // Loaded here: commands that read no configuration start twice as fast without it.
  const { loadConfig } = await import('../config/load.ts');
  const { readSaltFile } = await import('../daemon/state/salt-file.ts');
  const { readSalt, SaltRefused } = await import('../daemon/state/salts.ts');
  const { config } = loadConfig(configFile);
  const saltFile = config.devices.get(device)?.saltFile ?? null;
  try {
    const warn = (message: string): void => {
      tell(`audit-sidecar: ${message}\n`);
    };
    const salt = saltFile === null ? readSalt(config.stateDir, device) : await readSaltFile(saltFile, warn);
    if (salt !== null) return salt;
  } catch (error) {
    if (error instanceof SaltRefused) throw new CommandFailed(error.message);
    throw error;
  }
  throw new CommandFailed(
    `Cannot hash for device "${device}": no salt of it in state directory "${config.stateDir}"; a device gets one when it is enabled for the first time`,
  );
}

import type { z } from 'zod';
import type { DeviceConfig } from './config.ts';
import type { Leaf } from './leaf.ts';
import { filePath, flag, Refused, scalar, text } from './scalars.ts';
import { mapOf, orEmpty, section } from './shapes.ts';

/** The kinds of devices judge the values; here they only have to be one text each, and the same to every reader. */
const option: z.ZodType<Leaf> = scalar('text, a number, true or false', (leaf) => {
  if (leaf.kind === 'number' && /^0\d/.test(leaf.text)) {
    return new Refused(
      `found ${leaf.text} without quotes, wanted "${leaf.text}": YAML takes ${leaf.text} for another number`,
    );
  }
  return leaf;
});

/** One device, without the path that is its key. */
export const device: z.ZodType<Omit<DeviceConfig, 'path'>> = section({
  type: scalar('a type of device, such as file', ({ text }) => (text === '' ? null : text)),
  description: text.default(''),
  local: flag.default(false),
  options: orEmpty(mapOf('a map of options', option)).default({}),
  salt_file: filePath.nullable().default(null),
}).transform(({ type, description, local, options, salt_file: saltFile }) => {
  const secrets = Object.entries(options).filter(([, leaf]) => leaf.secret);
  return {
    type,
    description,
    local,
    options: Object.fromEntries(Object.entries(options).map(([name, leaf]) => [name, leaf.text])),
    credentialOptions: Object.fromEntries(secrets.map(([name, leaf]) => [name, leaf.shown])),
    saltFile,
  };
});

/** The key `devices`: by path as the file has it. */
export const devices: z.ZodType<Record<string, Omit<DeviceConfig, 'path'>>> = mapOf(
  'a map of devices, {} for none',
  device,
);

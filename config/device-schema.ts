import type { z } from 'zod';
import type { DeviceConfig } from './config.ts';
import { isMap, type Leaf, type Tree } from './leaf.ts';
import { Refused } from './refused-scalar.ts';
import { filePath, flag, scalar, text } from './scalars.ts';
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

const parts = {
  type: scalar('a type of device, such as file', ({ text }) => (text === '' ? null : text)),
  description: text.default(''),
  local: flag.default(false),
  options: orEmpty(mapOf('a map of options', option)).default({}),
  salt_file: filePath.nullable().default(null),
};

/** One device, without the path that is its key. */
export const device: z.ZodType<Omit<DeviceConfig, 'path'>> = section(parts).transform(
  ({ type, description, local, options, salt_file: saltFile }) => ({
    type,
    description,
    local,
    ...optionTexts(options),
    saltFile,
  }),
);

function optionTexts(
  options: Readonly<Record<string, Leaf>>,
): Pick<DeviceConfig, 'options' | 'credentialOptions'> {
  const entries = Object.entries(options);
  const secrets = entries.filter(([, leaf]) => leaf.secret);
  return {
    options: Object.fromEntries(entries.map(([name, leaf]) => [name, leaf.text])),
    credentialOptions: Object.fromEntries(secrets.map(([name, leaf]) => [name, leaf.shown])),
  };
}

/** What can be read of a device, so that one slip in it does not hide the next. */
export interface ReadableDevice extends Pick<DeviceConfig, 'options' | 'credentialOptions' | 'saltFile'> {
  /** Its key as the file has it, which need not be a path. */
  readonly written: string;
  /** `null` when it cannot be read. */
  readonly type: string | null;
  /** Options that are there and cannot be read, which is a problem of its own; `null`: all of them. */
  readonly unreadable: ReadonlySet<string> | null;
}

export function readableDevice(written: string, tree: Tree): ReadableDevice {
  const map = isMap(tree) ? tree : {};
  const type = parts.type.safeParse(map['type']);
  const saltFile = parts.salt_file.safeParse(map['salt_file']);
  const given = map['options'] ?? {};
  const readable: Record<string, Leaf> = {};
  const unreadable = new Set<string>();
  if (isMap(given)) {
    for (const [name, value] of Object.entries(given)) {
      const leaf = option.safeParse(value);
      if (leaf.success) readable[name] = leaf.data;
      else unreadable.add(name);
    }
  }
  return {
    written,
    type: type.success ? type.data : null,
    ...optionTexts(readable),
    saltFile: saltFile.success ? saltFile.data : null,
    unreadable: isMap(tree) && isMap(given) ? unreadable : null,
  };
}

/** The key `devices`: by path as the file has it. */
export const devices: z.ZodType<Record<string, Omit<DeviceConfig, 'path'>>> = mapOf(
  'a map of devices, {} for none',
  device,
);

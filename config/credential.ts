import path from 'node:path';
import { reasonOf } from './file-fault.ts';
import { readSmallFileSync } from './small-file.ts';

/** A text with its credentials filled in, or why one could not be. The message never holds a credential's value. */
export type Filled =
  | { readonly kind: 'plain' }
  | { readonly kind: 'filled'; readonly text: string }
  | { readonly kind: 'refused'; readonly message: string };

const reference = /\$\{credential:([^}]*)(\}?)/g;
const namePattern = /^(?!\.{1,2}$)[A-Za-z0-9_.@-]{1,255}$/;
/**
 * The size is systemd's own limit for all credentials of a service together (systemd.exec(5)). Others cannot get into
 * its directory, so the mode of a file there says nothing.
 */
const rules = { maxBytes: 1024 * 1024, secret: false };

/**
 * Replaces each `${credential:NAME}` by the content of that file in systemd's credential directory, without the
 * newline that ends it.
 */
export function fillCredentials(text: string, directory: string | undefined): Filled {
  if (!text.includes('${credential:')) return { kind: 'plain' };
  let refusal: string | null = null;
  const filled = text.replace(reference, (_, name: string, end: string) => {
    const read = end === '' || !namePattern.test(name) ? null : readCredential(name, directory);
    if (read === null) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the operator has to write
      refusal ??= 'wanted ${credential:NAME}, the name made of letters, digits and _ . @ -';
      return '';
    }
    if (read.kind === 'refused') refusal ??= read.message;
    return read.kind === 'read' ? read.text : '';
  });
  return refusal === null ? { kind: 'filled', text: filled } : { kind: 'refused', message: refusal };
}

/** The names in `${credential:NAME}` that can be one. */
export function namedCredentials(text: string): readonly string[] {
  if (!text.includes('${credential:')) return [];
  return [...text.matchAll(reference)].flatMap(([, name = '']) => (namePattern.test(name) ? [name] : []));
}

type Read =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'refused'; readonly message: string };

function readCredential(name: string, directory: string | undefined): Read {
  const refused = (detail: string): Read => ({
    kind: 'refused',
    message: `Cannot read credential "${name}": ${detail}`,
  });
  if (directory === undefined || directory === '') {
    return refused('CREDENTIALS_DIRECTORY is not set; start with systemd and LoadCredential=, or set it');
  }
  try {
    const { bytes } = readSmallFileSync(path.join(directory, name), rules);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { kind: 'read', text: text.replace(/\r?\n$/, '') };
  } catch (error) {
    return refused(error instanceof TypeError ? 'it is not UTF-8 text' : reasonOf(error));
  }
}

import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with package.json: compiled tests live at another depth than their sources. */
export const projectRoot: string = (() => {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json')) || path.basename(folder) === 'dist') {
    folder = path.dirname(folder);
  }
  return folder;
})();

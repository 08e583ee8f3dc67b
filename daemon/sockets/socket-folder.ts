import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { socketPathFault } from '../../config/socket-path.ts';

/** A folder whose sockets can be bound and connected to however long its own path is. */
export interface SocketFolder {
  /** A path for `bind` and `connect`; valid until `close`. Every other call takes the ordinary path. */
  address(name: string): string;
  close(): void;
}

/** Opens `folder`, which has to exist. A path that is too long is reached over the descriptor (Linux). */
export function openSocketFolder(folder: string): SocketFolder {
  const descriptor = openSync(folder, 'r');
  let open = true;
  return {
    address(name) {
      const plain = path.join(folder, name);
      return socketPathFault(plain) === null ? plain : `/proc/self/fd/${descriptor}/${name}`;
    },
    close() {
      // Closing twice could hit another file that has been given the same number since.
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

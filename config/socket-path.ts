/**
 * Bytes of a UNIX socket's path: `sun_path` of unix(7) without the NUL that ends it. Node does not refuse a longer
 * one: libuv was seen to cut it off and to bind the socket under another name.
 */
export const longestSocketPath = 107;

/** Why a path cannot be a UNIX socket's, or `null`. */
export function socketPathFault(path: string): string | null {
  const length = Buffer.byteLength(path);
  return length > longestSocketPath
    ? `the path has ${length} bytes, and the path of a UNIX socket can have ${longestSocketPath}`
    : null;
}

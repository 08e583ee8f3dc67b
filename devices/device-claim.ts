/**
 * What a device keeps for itself, or reaches out to, beside its path:
 * `file`: the file it appends to, as an absolute path, and with it the names that a rotation gives to what it wrote;
 * `stdout`: the standard output of the process;
 * `peer`: a UNIX socket it connects to, which must not be one that this daemon listens on: each record would make
 * another one.
 */
export type DeviceClaim =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stdout' }
  | { readonly kind: 'peer'; readonly path: string };

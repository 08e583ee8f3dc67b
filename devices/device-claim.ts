/**
 * What a device keeps for itself, or reaches out to, beside its path; `option` names the option that says so:
 * `file`: the file it appends to, as an absolute path, and with it the names that a rotation gives to what it wrote;
 * `stdout`: the standard output of the process;
 * `read`: a file it reads, such as a key: no other device may append to it;
 * `peer`: a UNIX socket it connects to, and `port`: a port of a host; neither must be one that this daemon listens on:
 * each record would make another one.
 */
export type DeviceClaim =
  | { readonly kind: 'file'; readonly option: string; readonly path: string }
  | { readonly kind: 'stdout'; readonly option: string }
  | { readonly kind: 'peer'; readonly option: string; readonly path: string }
  | { readonly kind: 'read'; readonly option: string; readonly path: string }
  | {
      readonly kind: 'port';
      readonly option: string;
      readonly protocol: 'tcp' | 'udp';
      readonly host: string;
      readonly port: number;
    };

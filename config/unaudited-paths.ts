/**
 * Paths that Vault and OpenBao leave out of their audit logs (seen on OpenBao 2.6.2): the calls that unseal or
 * initialise a server, when no device can be open yet, and the polling of its state.
 */
const vaultPaths: readonly string[] = [
  'sys/init',
  'sys/seal-status',
  'sys/seal',
  'sys/step-down',
  'sys/unseal',
  'sys/leader',
  'sys/health',
  'sys/rekey/init',
  'sys/rekey/update',
  'sys/rekey/verify',
  'sys/rekey-recovery-key/init',
  'sys/rekey-recovery-key/update',
  'sys/rekey-recovery-key/verify',
  'sys/storage/raft/bootstrap',
  'sys/storage/raft/join',
  'sys/internal/ui/feature-flags',
];

/** Left out as well on a server whose listener answers them without a token. */
const unauthenticatedPaths: readonly string[] = ['sys/metrics', 'sys/pprof/*', 'sys/in-flight-req'];

/** The preset `vault`, written out. */
export function vaultUnauditedPaths(unauthenticated: boolean): readonly string[] {
  return unauthenticated ? [...vaultPaths, ...unauthenticatedPaths] : vaultPaths;
}

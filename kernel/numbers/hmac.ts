// HMAC with SHA-256 (RFC 2104).

/** Bytes of a block. A key has at most as many; a longer one is hashed first. */
export const BLOCK_BYTES: usize = 64;

/** The states of SHA-256 after the inner and after the outer block of the key, 32 bytes each. */
export const MIDSTATES_BYTES: usize = 64;

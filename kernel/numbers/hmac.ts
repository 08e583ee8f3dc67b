// HMAC with SHA-256 (RFC 2104).

/** HMAC block size in bytes; longer keys are hashed first. */
export const BLOCK_BYTES: usize = 64;

/** The inner and the outer midstate: SHA-256 after the key's first block, 32 bytes each. */
export const MIDSTATES_BYTES: usize = 64;

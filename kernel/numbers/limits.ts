/**
 * Most levels of objects and arrays in a record, as in Go's decoder (encoding/json): what an API server written in Go could read and has
 * done must be recorded. RFC 8259 section 9 allows a limit.
 */
export const DEEPEST: u32 = 10_000;

/** Bits of a length in the plan; the rest of the 32 are the kind. */
export const LENGTH_BITS: u32 = 28;
export const LENGTH_MASK: u32 = (1 << LENGTH_BITS) - 1;
/** Records are shorter than this. */
export const LONGEST_RECORD: usize = 1 << LENGTH_BITS;

/** Bytes of the longest name in a policy. */
export const LONGEST_NAME: usize = 1024;

/** Bytes of the longest prefix of a line. */
export const LONGEST_PREFIX: usize = 64 * 1024;

/** Bytes of a step in which texts are compared and copied: up to 15 bytes past their end are read. */
export const VECTOR_BYTES: usize = 16;

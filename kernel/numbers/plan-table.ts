// The plan in the kernel's memory: what may differ from the input, in the order of the bytes.
export const PLAN_BYTES: usize = 12;
/** The first byte; the length with the kind in its highest bits (`LENGTH_BITS`); and a reference. */
export const ENTRY_AT: usize = 0;
export const ENTRY_SIZE: usize = 4;

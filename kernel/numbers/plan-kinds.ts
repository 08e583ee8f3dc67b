// What becomes of a stretch of the input: the kind of an entry of the plan. For the first four, a device says which it hashes.
export const HASHED: u32 = 1;
export const HASHED_ACCESSOR: u32 = 2;
export const HASHED_TIMESTAMP: u32 = 3;
export const HASHED_HEADER: u32 = 4;
/** Left out. */
export const DROPPED: u32 = 5;
/** A header's name in another spelling. */
export const RENAMED: u32 = 6;
/** A list that becomes its element count. */
export const ELIDED: u32 = 7;
/** Members of `wrap_info` that the record left out. */
export const ADDED_TOKEN: u32 = 8;
export const ADDED_ACCESSOR: u32 = 9;
/** An escape of half a surrogate pair, which strict readers refuse. */
export const LONE_SURROGATE: u32 = 10;
/** A piece of a string, such as a value in the query of a URL. */
export const HASHED_PART: u32 = 11;
/** A number that a device hashes unless it says otherwise, and one that it hashes when it says so. */
export const HASHED_NUMBER: u32 = 12;
export const ASKED_NUMBER: u32 = 13;
/**
 * Data that is left out if the record's level says so, which is known at the record's end. No device has this kind: if the data stays, the
 * entry counts for nothing.
 */
export const UNDECIDED: u32 = 0;

// The rules that say at which level a record is written, in the kernel's memory: tests that refer to each other by address.
// A test looks at one text of the record, and leads to another test or to an end.

/** Flag of an end, which addresses never have; the lower bits are a level, and above it the number of the rule, from 1, or 0. */
export const END: u32 = 0x80000000;
export const END_RULE_BITS: u32 = 2;

export const TEST_BYTES: usize = 64;
/** The last bytes of the wanted text, as many as a vector has at most, and a mask of those that count. */
export const TEST_WINDOW: usize = 0;
export const TEST_MASK: usize = 16;
/** Bytes of the wanted text, and how many more the record's may have. */
export const TEST_LENGTH: usize = 32;
export const TEST_MORE: usize = 36;
/** Where the looked-at text stands in the table of the record's texts. */
export const TEST_TEXT: usize = 40;
/** The wanted text, and how much of it stands before the window. */
export const TEST_WANTED: usize = 44;
export const TEST_BEFORE: usize = 48;
/** Where it leads to. */
export const TEST_YES: usize = 52;
export const TEST_NO: usize = 56;

/** In `TEST_MORE`: any rest may follow. */
export const ANY_MORE: u32 = 0x7fffffff;

/** A text of the record: its address and its length. */
export const TEXT_BYTES: usize = 8;
/** The length of what is no text: no test is passed by it. */
export const NO_TEXT: u32 = 0xffffffff;

// The texts that a test can look at, by their place in the table.
export const METHOD_TEXT: u32 = 0;
export const OPERATION_TEXT: u32 = 1;
/** The path without its query and fragment. */
export const PATH_TEXT: u32 = 2;
/** The same, unless a server may take it for another path. */
export const PLAIN_PATH_TEXT: u32 = 3;
export const ROUTE_TEXT: u32 = 4;
/** The mount point as it stands, and with the namespace in front; both end in a slash, as the namespace does. */
export const MOUNT_TEXT: u32 = 5;
export const WHOLE_MOUNT_TEXT: u32 = 6;
export const NAMESPACE_TEXT: u32 = 7;
export const TENANT_TEXT: u32 = 8;
export const OUTCOME_TEXT: u32 = 9;
export const TYPE_TEXT: u32 = 10;
/** How many there are. */
export const TEXTS: u32 = 11;

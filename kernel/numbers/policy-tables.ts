// The policy in the kernel's memory: tables that refer to each other by address. Addresses, lengths and counts have four bytes.

/** The head, which lies at the place of the policy. */
export const HEAD_BYTES: usize = 40;
/** The state of the record itself. */
export const HEAD_ROOT: usize = 0;
/** The state in which nothing is hashed, at any depth. */
export const HEAD_CLEAR: usize = 4;
/** The state whose names are the audited headers. */
export const HEAD_HEADERS: usize = 8;
/** The state whose names are the mounts that have keys which stay readable; 0 when there are none. */
export const HEAD_MOUNTS: usize = 12;
export const HEAD_UNAUDITED: usize = 16;
export const HEAD_UNAUDITED_COUNT: usize = 20;
/** Where the rules begin (rule-tables.ts): a test, or an end when there are none. */
export const HEAD_RULES: usize = 24;
/** A bit for each text of a record that some rule looks at. */
export const HEAD_RULE_TEXTS: usize = 28;
/** 1 when some rule leaves data out. */
export const HEAD_RULE_DROPS: usize = 32;

/** A state: what to do at a JSON path, and where each member and element leads. */
export const STATE_BYTES: usize = 32;
/** One byte each: an action, a field, flags, and the kind of a number's entry in the plan, 0 where numbers stay. */
export const STATE_ACTION: usize = 0;
export const STATE_FIELD: usize = 1;
export const STATE_FLAGS: usize = 2;
export const STATE_NUMBERS: usize = 3;
/** The flag that says: every member and element has this same state. */
export const UNIFORM: u32 = 1;
/** A hash table of name entries with open addressing, and its size less one; a mask of 0 means no names. */
export const STATE_NAMES: usize = 4;
export const STATE_MASK: usize = 8;
/** The state of the members whose name is not found. */
export const STATE_OTHER: usize = 12;
export const STATE_ELEMENTS: usize = 16;
/** Name entries for the names that begin so, the longest first, and their number. */
export const STATE_PREFIXES: usize = 20;
export const STATE_PREFIX_COUNT: usize = 24;

/** A name and what it leads to; a target of 0 marks a free place in a hash table. */
export const ENTRY_BYTES: usize = 24;
/** The first eight bytes of the name, zeros after a shorter one. */
export const ENTRY_WORD: usize = 0;
export const WORD_BYTES: usize = 8;
export const ENTRY_LENGTH: usize = 8;
export const ENTRY_TEXT: usize = 12;
export const ENTRY_TARGET: usize = 16;

/** An audited header: the state of its value, and its name in lower case as a JSON string. */
export const HEADER_BYTES: usize = 12;
export const HEADER_STATE: usize = 0;
export const HEADER_TEXT: usize = 4;
export const HEADER_LENGTH: usize = 8;

/** A mount: states whose names are the keys that stay readable in `request.data` and in `response.data`; 0 for none. */
export const MOUNT_BYTES: usize = 8;
export const MOUNT_REQUEST_KEYS: usize = 0;
export const MOUNT_RESPONSE_KEYS: usize = 4;

/** A path whose records are written nowhere: its length, and its text. */
export const UNAUDITED_BYTES: usize = 8;
export const UNAUDITED_LENGTH: usize = 0;
export const UNAUDITED_TEXT: usize = 4;
/** Added to the length: any rest may follow. */
export const ANY_REST: u32 = 0x80000000;

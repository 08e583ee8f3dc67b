// What to do with a string: the first byte of a state of the policy.
export const CLEAR: u32 = 0;
export const HASH: u32 = 1;
/** Hashed unless empty. */
export const TOKEN: u32 = 2;
/** Hashed unless empty or the device leaves accessors readable. */
export const ACCESSOR: u32 = 3;
/** Hashed, also when empty, unless the device leaves accessors readable. */
export const WRAPPED_ACCESSOR: u32 = 4;
/** Hashed unless it is a timestamp or its key stays readable on the mount. */
export const DATA: u32 = 5;
/** An audited header's value: hashed on every device. */
export const HEADER: u32 = 6;
/** Hashed unless its key stays readable on the mount. */
export const VALUES: u32 = 7;
/** Readable, but for what is hashed in the paths and URLs that it has. From here on, an action is for parts of a string. */
export const TEXT: u32 = 8;
/** The same, and known to be a path or URL. */
export const URL: u32 = 9;

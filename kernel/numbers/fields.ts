// The values that the kernel itself reads, or that it treats by more than their path. A state of the policy has one of these or 0.
export const TIME: u32 = 1;
export const TYPE: u32 = 2;
export const REQUEST: u32 = 3;
export const REQUEST_ID: u32 = 4;
export const OPERATION: u32 = 5;
export const PATH: u32 = 6;
export const MOUNT_POINT: u32 = 7;
export const NAMESPACE: u32 = 8;
export const NAMESPACE_PATH: u32 = 9;
export const REQUEST_DATA: u32 = 10;
export const RESPONSE_DATA: u32 = 11;
export const REQUEST_HEADERS: u32 = 12;
/** Elided when an array. */
export const LISTED_KEYS: u32 = 13;
/** Elided when an object. */
export const LISTED_INFO: u32 = 14;
/** `wrap_info` of a response, and what is looked for in it. */
export const WRAPPING: u32 = 15;
export const WRAPPING_TIME: u32 = 16;
export const WRAPPING_TOKEN: u32 = 17;
export const WRAPPING_ACCESSOR: u32 = 18;
// Read for rules only.
export const METHOD: u32 = 19;
export const ROUTE: u32 = 20;
export const TENANT: u32 = 21;
export const OUTCOME: u32 = 22;

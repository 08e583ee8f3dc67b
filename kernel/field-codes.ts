/** The fields, as states of the policy name them. The order is known to the format room. */
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
/** `response.data.keys`, elided when an array. */
export const LISTED_KEYS: u32 = 13;
/** `response.data.key_info`, elided when an object. */
export const LISTED_INFO: u32 = 14;
/** `response.wrap_info` and what is looked for in it. */
export const WRAPPING: u32 = 15;
export const WRAPPING_TIME: u32 = 16;
export const WRAPPING_TOKEN: u32 = 17;
export const WRAPPING_ACCESSOR: u32 = 18;

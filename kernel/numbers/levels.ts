// How much of a record is written: nothing, no data, no data of the response, all.
export const LEVEL_NONE: u32 = 0;
export const LEVEL_METADATA: u32 = 1;
export const LEVEL_REQUEST: u32 = 2;
export const LEVEL_FULL: u32 = 3;
/** How many there are. */
export const LEVELS: u32 = 4;

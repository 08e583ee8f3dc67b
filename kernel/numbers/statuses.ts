// What became of a record in a scan.
export const KEPT: u32 = 0;
export const INVALID: u32 = 1;
export const UNAUDITED: u32 = 2;

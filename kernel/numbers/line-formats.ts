// How a device writes its lines.
export const JSON_LINE: u32 = 0;
export const JSONX: u32 = 1;
/** JSONx without the root element. */
export const JSONX_FRAGMENT: u32 = 2;

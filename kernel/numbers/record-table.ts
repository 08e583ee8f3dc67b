// A record in the table of a scan: where each of its numbers lies, each of four bytes.
export const RECORD_BYTES: usize = 44;

/** The first byte and the end of the object. */
export const RECORD_START: usize = 0;
export const RECORD_END: usize = 4;
/** Of a refused record instead: the offset of the fault in the line, and one of the faults. */
export const FAULT_OFFSET: usize = 0;
export const FAULT: usize = 4;
/** The line without its end: its length, and below its first byte. */
export const LINE_LENGTH: usize = 8;
/** The end of its entries in the plan. */
export const PLAN_END: usize = 12;
export const FLAGS: usize = 16;
/** `request.id` and `type`: the byte after the first quote, 0 when it is no string. */
export const ID_AT: usize = 20;
export const ID_LENGTH: usize = 24;
export const TYPE_AT: usize = 28;
export const TYPE_LENGTH: usize = 32;
export const LINE_AT: usize = 36;
/** The level at which it is written, and above its bits the number of the rule that says so, as in an end of rules; 0 when it is not valid. */
export const LEVEL: usize = 40;

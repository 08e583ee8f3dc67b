// Where things lie in the module's memory. The first regions have fixed sizes, so that their addresses are the same
// in every instance; policy, records, input, scratch and plan follow with sizes given by `layout`.

/** Loads and stores of 16 bytes may pass the end of what they read or write by less than this. */
export const SLACK: usize = 64;

/** Rendered bytes are handed out in pieces of at most this size. */
export const OUTPUT_BYTES: usize = 256 * 1024;

/** Messages that are hashed once for a batch, however often they occur in it. */
export const SLOTS: usize = 2048;
export const SLOT_BYTES: usize = 12;
/** In hexadecimal digits. */
export const DIGEST_BYTES: usize = 64;
export const RECALL_ENTRIES: usize = 4096;

/** Names longer than this cannot be in a policy (`longestName` in the format room says the same). */
export const LONGEST_NAME: usize = 1024;
/** Six bytes `\u0061` for one. */
export const NAME_BYTES: usize = 8 * LONGEST_NAME;

export const PREFIX_BYTES: usize = 64 * 1024;
export const TIME_BYTES: usize = 64;

export const RECORD_BYTES: usize = 40;
export const PLAN_BYTES: usize = 12;
export const BUCKETS: usize = 80;
export const BUCKET_BYTES: usize = 64;

const BASE: usize = (__heap_base + 63) & ~63;
/** Inner and outer midstate as eight words each. */
export const MIDSTATES: usize = BASE;
/** The same with every word in four lanes. */
export const SPLAT: usize = MIDSTATES + 64;
/** The state of four hashes under way: eight vectors. */
export const STATE: usize = SPLAT + 256;
/** One block of each of four messages: sixteen vectors. */
export const WORDS: usize = STATE + 128;
/** The padded last one or two blocks of each of four messages. */
export const STAGE: usize = WORDS + 256;
/** A group of fewer than four messages is filled up with this destination. */
export const NOWHERE: usize = STAGE + 4 * 128;
export const GROUP: usize = NOWHERE + DIGEST_BYTES;
export const BUCKET_TABLE: usize = GROUP + BUCKET_BYTES;
export const NAME: usize = BUCKET_TABLE + BUCKETS * BUCKET_BYTES;
export const TIME: usize = NAME + NAME_BYTES + SLACK;
export const PREFIX: usize = TIME + TIME_BYTES;
export const RECALL: usize = PREFIX + PREFIX_BYTES + SLACK;
export const SLOT_TABLE: usize = RECALL + RECALL_ENTRIES * 2;
export const DIGESTS: usize = SLOT_TABLE + SLOTS * SLOT_BYTES;
/** Which of the open containers are arrays, for jsonx. */
export const OPEN: usize = DIGESTS + SLOTS * DIGEST_BYTES;
export const OUTPUT: usize = OPEN + 1024;
export const POLICY: usize = OUTPUT + OUTPUT_BYTES + SLACK;

export let records: usize = 0;
export let statuses: usize = 0;
export let ends: usize = 0;
export let input: usize = 0;
export let scratch: usize = 0;
export let plan: usize = 0;
export let recordLimit: u32 = 0;

/**
 * Places the regions whose size depends on the work. The plan comes last, because it is the one that grows.
 * Returns the bytes of memory wanted.
 */
export function layout(policyBytes: usize, inputBytes: usize, recordCount: u32, planBytes: usize): usize {
  recordLimit = recordCount;
  records = (POLICY + policyBytes + 63) & ~63;
  ends = records + RECORD_BYTES * ((recordCount as usize) + 1);
  statuses = ends + 4 * (recordCount as usize);
  input = (statuses + (recordCount as usize) + 63) & ~63;
  scratch = (input + inputBytes + 2 * SLACK + 63) & ~63;
  plan = (scratch + inputBytes + 2 * SLACK + 63) & ~63;
  return plan + planBytes;
}

/** RFC 8259 section 9 lets a parser set a limit; with it the recursion below is bounded. */
export const DEEPEST: u32 = 512;

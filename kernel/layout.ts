import { MIDSTATES_BYTES } from './numbers/hmac';
import { LEVELS } from './numbers/levels';
import { DEEPEST, LONGEST_NAME, LONGEST_PREFIX } from './numbers/limits';
import { RECORD_BYTES } from './numbers/record-table';
import { TEXT_BYTES, TEXTS } from './numbers/rule-tables';

// Where things lie in the module's memory. The first regions have fixed sizes, so that their addresses are the same
// in every instance; policy, records, input, scratch and plan follow with sizes given by `layout`.

/** Room behind what is read or written in steps of a vector: the last step may pass the end. */
export const SLACK: usize = 64;

/** Rendered bytes are handed out in pieces of at most this size. */
export const OUTPUT_BYTES: usize = 256 * 1024;

/** So many different messages of a batch are hashed once, however often they occur in it. */
export const SLOTS: usize = 2048;
export const SLOT_BYTES: usize = 12;
/** Bytes of a digest in hexadecimal digits. */
export const DIGEST_BYTES: usize = 64;
export const RECALL_ENTRIES: usize = 4096;

/** Bytes of a name as it is spelt in a record, where one byte may take six: `\u0061`. */
export const NAME_BYTES: usize = 8 * LONGEST_NAME;

export const TIME_BYTES: usize = 64;

export const BUCKETS: usize = 80;
export const BUCKET_BYTES: usize = 64;

const BASE: usize = (__heap_base + 63) & ~63;
/** Inner and outer midstate as eight words each. */
export const MIDSTATES: usize = BASE;
/** The same with every word in four lanes. */
export const SPLAT: usize = MIDSTATES + MIDSTATES_BYTES;
/** The state of four hashes under way: eight vectors. */
export const STATE: usize = SPLAT + 256;
/** One block of each of four messages: sixteen vectors. */
export const WORDS: usize = STATE + 128;
/** The padded last one or two blocks of each of four messages. */
export const STAGE: usize = WORDS + 256;
/** Where the digits go of the empty messages that fill up a group of fewer than four. */
export const NOWHERE: usize = STAGE + 4 * 128;
export const GROUP: usize = NOWHERE + DIGEST_BYTES;
export const BUCKET_TABLE: usize = GROUP + BUCKET_BYTES;
export const NAME: usize = BUCKET_TABLE + BUCKETS * BUCKET_BYTES;
export const TIME: usize = NAME + NAME_BYTES + SLACK;
export const PREFIX: usize = TIME + TIME_BYTES;
/** Addresses and lengths of the texts that rules look at, and room for those that are not looked at where they stand. */
export const RULE_TEXTS: usize = PREFIX + LONGEST_PREFIX + SLACK;
export const RULE_COPIES: usize = RULE_TEXTS + (TEXTS as usize) * TEXT_BYTES;
/** How many records of the batch are written at each level. */
export const LEVEL_COUNTS: usize = RULE_COPIES + (TEXTS as usize) * (NAME_BYTES + SLACK);
export const RECALL: usize = LEVEL_COUNTS + 4 * (LEVELS as usize);
export const SLOT_TABLE: usize = RECALL + RECALL_ENTRIES * 2;
export const DIGESTS: usize = SLOT_TABLE + SLOTS * SLOT_BYTES;
/** What is noted of each open container, in a scan and for jsonx. */
export const OPEN: usize = DIGESTS + SLOTS * DIGEST_BYTES;
export const OUTPUT: usize = OPEN + 2 * DEEPEST;
export const POLICY: usize = OUTPUT + OUTPUT_BYTES + SLACK;

export let records: usize = 0;
export let statuses: usize = 0;
export let ends: usize = 0;
export let input: usize = 0;
export let scratch: usize = 0;
export let plan: usize = 0;
export let recordLimit: u32 = 0;

/** Memory that `layout` may take. Addresses stay below 2 GiB, for their highest bit is a flag; a quarter is left for the plan to grow. */
const MOST_BYTES: u64 = 0x60000000;

/**
 * Places the regions whose size depends on the work, and takes the memory for them. The plan comes last, because it is the one
 * that grows. Returns false when they need more than a kernel may have, or than the system gives.
 */
export function layout(policyBytes: usize, inputBytes: usize, recordCount: u32, planBytes: usize): bool {
  const recordsAt = aligned((POLICY as u64) + policyBytes);
  const endsAt = recordsAt + (RECORD_BYTES as u64) * ((recordCount as u64) + 1);
  const statusesAt = endsAt + 4 * (recordCount as u64);
  const inputAt = aligned(statusesAt + recordCount);
  const scratchFrom = aligned(inputAt + inputBytes + 2 * SLACK);
  // Texts have their length before them: `?\n&\n` are two of five bytes each. Memory that is not used is not taken from the system.
  const planFrom = aligned(scratchFrom + 2 * (inputBytes as u64) + 2 * SLACK);
  const wanted = planFrom + planBytes;
  if (wanted > MOST_BYTES) return false;
  records = recordsAt as usize;
  ends = endsAt as usize;
  statuses = statusesAt as usize;
  input = inputAt as usize;
  scratch = scratchFrom as usize;
  plan = planFrom as usize;
  recordLimit = recordCount;
  const pages = ((wanted + 0xffff) >> 16) as i32;
  return memory.grow(pages - memory.size()) >= 0;
}

function aligned(position: u64): u64 {
  return (position + 63) & ~63;
}

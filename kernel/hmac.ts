import { BUCKET_BYTES, BUCKET_TABLE, BUCKETS, GROUP, NOWHERE, SPLAT, STAGE, STATE, WORDS } from './layout';
import { absorb, interleave, storeHex } from './sha256x4';

// HMAC-SHA256 from midstates, four messages at a time. A message waits in the bucket of its block count until three
// more of that size have come, so that the lanes are full and end together. A job is message, length and destination of
// the 64 digits; a bucket holds up to four jobs and, after them, their number.

const JOB_BYTES: usize = 12;
const FILL: usize = 4 * JOB_BYTES;
/** Each block count up to this one has its own bucket; beyond, there are four buckets for each doubling. */
const EXACT: u32 = 16;

let highest: u32 = 0;

function bucketOf(blocks: u32): u32 {
  if (blocks <= EXACT) return blocks;
  const log = 31 - clz(blocks);
  const bucket = EXACT + (log - 4) * 4 + ((blocks >> (log - 2)) & 3) + 1;
  return min(bucket, (BUCKETS as u32) - 1);
}

/** Has the 64 digits of this message's hash written to `to`, by the end of `finishHashes` at the latest. */
export function hashInto(message: usize, length: usize, to: usize): void {
  const bucket = bucketOf(((length + 72) >> 6) as u32);
  if (bucket > highest) highest = bucket;
  const jobs = BUCKET_TABLE + (bucket as usize) * BUCKET_BYTES;
  const fill = load<usize>(jobs, FILL);
  putJob(jobs + fill * JOB_BYTES, message, length, to);
  if (fill == 3) {
    hashFour(jobs);
    store<usize>(jobs, 0, FILL);
  } else {
    store<usize>(jobs, fill + 1, FILL);
  }
}

function putJob(job: usize, message: usize, length: usize, to: usize): void {
  store<usize>(job, message);
  store<usize>(job, length, 4);
  store<usize>(job, to, 8);
}

/** Hashes what still waits, in groups of nearly the same size. */
export function finishHashes(): void {
  let waiting: usize = 0;
  for (let bucket: u32 = 1; bucket <= highest; bucket++) {
    const jobs = BUCKET_TABLE + (bucket as usize) * BUCKET_BYTES;
    const fill = load<usize>(jobs, FILL);
    store<usize>(jobs, 0, FILL);
    for (let i: usize = 0; i < fill; i++) {
      const job = jobs + i * JOB_BYTES;
      putJob(GROUP + waiting * JOB_BYTES, load<usize>(job), load<usize>(job, 4), load<usize>(job, 8));
      if (++waiting == 4) {
        hashFour(GROUP);
        waiting = 0;
      }
    }
  }
  highest = 0;
  if (waiting == 0) return;
  for (; waiting < 4; waiting++) putJob(GROUP + waiting * JOB_BYTES, STAGE, 0, NOWHERE);
  hashFour(GROUP);
}

/** Writes the last block, or two, of a message to the lane's stage: the rest, a one bit, zeros, the length in bits. */
function stage(lane: usize, message: usize, length: usize): void {
  const to = STAGE + lane * 128;
  const from = message + (length & ~63);
  const rest = (length & 63) as i32;
  const positions = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (let i: usize = 0; i < 64; i += 16) {
    const inside = i8x16.lt_s(positions, i8x16.splat((rest - (i as i32)) as i8));
    v128.store(to + i, v128.and(v128.load(from + i), inside));
  }
  store<u8>(to + (rest as usize), 0x80);
  let end = to + 56;
  if (rest > 55) {
    for (let i: usize = 64; i < 128; i += 16) v128.store(to + i, i64x2.splat(0));
    end += 64;
  }
  // The length includes the 64 bytes that the midstate has absorbed.
  store<u64>(end, bswap<u64>(((length as u64) + 64) << 3));
}

function blockAt(lane: usize, message: usize, whole: usize, block: usize): usize {
  return block < whole ? message + (block << 6) : STAGE + lane * 128 + (((block - whole) & 1) << 6);
}

function useSplat(from: usize): void {
  for (let i: usize = 0; i < 128; i += 16) v128.store(STATE + i, v128.load(SPLAT + from + i));
}

function hashFour(jobs: usize): void {
  const m0 = load<usize>(jobs);
  const m1 = load<usize>(jobs, 12);
  const m2 = load<usize>(jobs, 24);
  const m3 = load<usize>(jobs, 36);
  const l0 = load<usize>(jobs, 4);
  const l1 = load<usize>(jobs, 16);
  const l2 = load<usize>(jobs, 28);
  const l3 = load<usize>(jobs, 40);
  stage(0, m0, l0);
  stage(1, m1, l1);
  stage(2, m2, l2);
  stage(3, m3, l3);
  useSplat(0);
  const longest = max(max(l0, l1), max(l2, l3));
  if (longest < 56) {
    interleave(STAGE, STAGE + 128, STAGE + 256, STAGE + 384);
    absorb();
  } else {
    absorbAll(m0, l0, m1, l1, m2, l2, m3, l3, (longest + 72) >> 6);
  }
  for (let i: usize = 0; i < 128; i += 16) v128.store(WORDS + i, v128.load(STATE + i));
  v128.store(WORDS, i32x4.splat(0x80000000), 128);
  for (let i: usize = 144; i < 240; i += 16) v128.store(WORDS + i, i32x4.splat(0));
  v128.store(WORDS, i32x4.splat((64 + 32) * 8), 240);
  useSplat(128);
  absorb();
  storeHex(load<usize>(jobs, 8), load<usize>(jobs, 20), load<usize>(jobs, 32), load<usize>(jobs, 44));
}

/** Absorbs every block of the longest message; a lane whose message ended before keeps its state. */
function absorbAll(
  m0: usize,
  l0: usize,
  m1: usize,
  l1: usize,
  m2: usize,
  l2: usize,
  m3: usize,
  l3: usize,
  blocks: usize,
): void {
  const counts = i32x4.replace_lane(
    i32x4.replace_lane(
      i32x4.replace_lane(i32x4.splat(((l0 + 72) >> 6) as i32), 1, ((l1 + 72) >> 6) as i32),
      2,
      ((l2 + 72) >> 6) as i32,
    ),
    3,
    ((l3 + 72) >> 6) as i32,
  );
  for (let block: usize = 0; block < blocks; block++) {
    interleave(
      blockAt(0, m0, l0 >> 6, block),
      blockAt(1, m1, l1 >> 6, block),
      blockAt(2, m2, l2 >> 6, block),
      blockAt(3, m3, l3 >> 6, block),
    );
    const running = i32x4.gt_s(counts, i32x4.splat(block as i32));
    if (i32x4.all_true(running)) {
      absorb();
      continue;
    }
    const s0 = v128.load(STATE);
    const s1 = v128.load(STATE, 16);
    const s2 = v128.load(STATE, 32);
    const s3 = v128.load(STATE, 48);
    const s4 = v128.load(STATE, 64);
    const s5 = v128.load(STATE, 80);
    const s6 = v128.load(STATE, 96);
    const s7 = v128.load(STATE, 112);
    absorb();
    v128.store(STATE, v128.bitselect(v128.load(STATE), s0, running));
    v128.store(STATE, v128.bitselect(v128.load(STATE, 16), s1, running), 16);
    v128.store(STATE, v128.bitselect(v128.load(STATE, 32), s2, running), 32);
    v128.store(STATE, v128.bitselect(v128.load(STATE, 48), s3, running), 48);
    v128.store(STATE, v128.bitselect(v128.load(STATE, 64), s4, running), 64);
    v128.store(STATE, v128.bitselect(v128.load(STATE, 80), s5, running), 80);
    v128.store(STATE, v128.bitselect(v128.load(STATE, 96), s6, running), 96);
    v128.store(STATE, v128.bitselect(v128.load(STATE, 112), s7, running), 112);
  }
}

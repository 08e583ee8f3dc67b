// SHA-256 (FIPS 180-4) of four messages at a time, one in each lane of the vectors.
import { STATE, WORDS } from './layout';

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const K = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);

function rotate(x: v128, by: i32): v128 {
  return v128.or(i32x4.shr_u(x, by), i32x4.shl(x, 32 - by));
}

function sum0(a: v128): v128 {
  return v128.xor(v128.xor(rotate(a, 2), rotate(a, 13)), rotate(a, 22));
}

function sum1(e: v128): v128 {
  return v128.xor(v128.xor(rotate(e, 6), rotate(e, 11)), rotate(e, 25));
}

function sigma0(w: v128): v128 {
  return v128.xor(v128.xor(rotate(w, 7), rotate(w, 18)), i32x4.shr_u(w, 3));
}

function sigma1(w: v128): v128 {
  return v128.xor(v128.xor(rotate(w, 17), rotate(w, 19)), i32x4.shr_u(w, 10));
}

function sum(a: v128, b: v128): v128 {
  return i32x4.add(a, b);
}

/** T1 without the word of the schedule. */
function first(e: v128, f: v128, g: v128, h: v128): v128 {
  return sum(sum(h, sum1(e)), v128.bitselect(f, g, e));
}

function second(a: v128, b: v128, c: v128): v128 {
  return sum(sum0(a), v128.xor(v128.and(v128.xor(a, b), v128.xor(b, c)), b));
}

function next(w0: v128, w1: v128, w9: v128, w14: v128): v128 {
  return sum(sum(w0, sigma0(w1)), sum(w9, sigma1(w14)));
}

/**
 * Absorbs the block at `WORDS` into `STATE`. Sixteen rounds are written out, so that the schedule and the eight
 * variables stay where they are instead of moving round.
 */
export function absorb(): void {
  let a = v128.load(STATE);
  let b = v128.load(STATE, 16);
  let c = v128.load(STATE, 32);
  let d = v128.load(STATE, 48);
  let e = v128.load(STATE, 64);
  let f = v128.load(STATE, 80);
  let g = v128.load(STATE, 96);
  let h = v128.load(STATE, 112);
  let w0 = v128.load(WORDS);
  let w1 = v128.load(WORDS, 16);
  let w2 = v128.load(WORDS, 32);
  let w3 = v128.load(WORDS, 48);
  let w4 = v128.load(WORDS, 64);
  let w5 = v128.load(WORDS, 80);
  let w6 = v128.load(WORDS, 96);
  let w7 = v128.load(WORDS, 112);
  let w8 = v128.load(WORDS, 128);
  let w9 = v128.load(WORDS, 144);
  let w10 = v128.load(WORDS, 160);
  let w11 = v128.load(WORDS, 176);
  let w12 = v128.load(WORDS, 192);
  let w13 = v128.load(WORDS, 208);
  let w14 = v128.load(WORDS, 224);
  let w15 = v128.load(WORDS, 240);
  let k = K;
  while (true) {
    h = sum(first(e, f, g, h), sum(w0, v128.load_splat<u32>(k)));
    d = sum(d, h);
    h = sum(h, second(a, b, c));
    g = sum(first(d, e, f, g), sum(w1, v128.load_splat<u32>(k, 4)));
    c = sum(c, g);
    g = sum(g, second(h, a, b));
    f = sum(first(c, d, e, f), sum(w2, v128.load_splat<u32>(k, 8)));
    b = sum(b, f);
    f = sum(f, second(g, h, a));
    e = sum(first(b, c, d, e), sum(w3, v128.load_splat<u32>(k, 12)));
    a = sum(a, e);
    e = sum(e, second(f, g, h));
    d = sum(first(a, b, c, d), sum(w4, v128.load_splat<u32>(k, 16)));
    h = sum(h, d);
    d = sum(d, second(e, f, g));
    c = sum(first(h, a, b, c), sum(w5, v128.load_splat<u32>(k, 20)));
    g = sum(g, c);
    c = sum(c, second(d, e, f));
    b = sum(first(g, h, a, b), sum(w6, v128.load_splat<u32>(k, 24)));
    f = sum(f, b);
    b = sum(b, second(c, d, e));
    a = sum(first(f, g, h, a), sum(w7, v128.load_splat<u32>(k, 28)));
    e = sum(e, a);
    a = sum(a, second(b, c, d));
    h = sum(first(e, f, g, h), sum(w8, v128.load_splat<u32>(k, 32)));
    d = sum(d, h);
    h = sum(h, second(a, b, c));
    g = sum(first(d, e, f, g), sum(w9, v128.load_splat<u32>(k, 36)));
    c = sum(c, g);
    g = sum(g, second(h, a, b));
    f = sum(first(c, d, e, f), sum(w10, v128.load_splat<u32>(k, 40)));
    b = sum(b, f);
    f = sum(f, second(g, h, a));
    e = sum(first(b, c, d, e), sum(w11, v128.load_splat<u32>(k, 44)));
    a = sum(a, e);
    e = sum(e, second(f, g, h));
    d = sum(first(a, b, c, d), sum(w12, v128.load_splat<u32>(k, 48)));
    h = sum(h, d);
    d = sum(d, second(e, f, g));
    c = sum(first(h, a, b, c), sum(w13, v128.load_splat<u32>(k, 52)));
    g = sum(g, c);
    c = sum(c, second(d, e, f));
    b = sum(first(g, h, a, b), sum(w14, v128.load_splat<u32>(k, 56)));
    f = sum(f, b);
    b = sum(b, second(c, d, e));
    a = sum(first(f, g, h, a), sum(w15, v128.load_splat<u32>(k, 60)));
    e = sum(e, a);
    a = sum(a, second(b, c, d));
    k += 64;
    if (k == K + 256) break;
    w0 = next(w0, w1, w9, w14);
    w1 = next(w1, w2, w10, w15);
    w2 = next(w2, w3, w11, w0);
    w3 = next(w3, w4, w12, w1);
    w4 = next(w4, w5, w13, w2);
    w5 = next(w5, w6, w14, w3);
    w6 = next(w6, w7, w15, w4);
    w7 = next(w7, w8, w0, w5);
    w8 = next(w8, w9, w1, w6);
    w9 = next(w9, w10, w2, w7);
    w10 = next(w10, w11, w3, w8);
    w11 = next(w11, w12, w4, w9);
    w12 = next(w12, w13, w5, w10);
    w13 = next(w13, w14, w6, w11);
    w14 = next(w14, w15, w7, w12);
    w15 = next(w15, w0, w8, w13);
  }
  v128.store(STATE, sum(v128.load(STATE), a));
  v128.store(STATE, sum(v128.load(STATE, 16), b), 16);
  v128.store(STATE, sum(v128.load(STATE, 32), c), 32);
  v128.store(STATE, sum(v128.load(STATE, 48), d), 48);
  v128.store(STATE, sum(v128.load(STATE, 64), e), 64);
  v128.store(STATE, sum(v128.load(STATE, 80), f), 80);
  v128.store(STATE, sum(v128.load(STATE, 96), g), 96);
  v128.store(STATE, sum(v128.load(STATE, 112), h), 112);
}

/** The bytes of each word in the other order: SHA-256 is big-endian, WebAssembly is not. */
function swapped(v: v128): v128 {
  return i8x16.shuffle(v, v, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

/** Lays the 64-byte blocks of four messages at `WORDS`, word by word across the lanes. */
export function interleave(m0: usize, m1: usize, m2: usize, m3: usize): void {
  for (let i: usize = 0; i < 64; i += 16) {
    const r0 = swapped(v128.load(m0 + i));
    const r1 = swapped(v128.load(m1 + i));
    const r2 = swapped(v128.load(m2 + i));
    const r3 = swapped(v128.load(m3 + i));
    const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    const to = WORDS + i * 4;
    v128.store(to, i64x2.shuffle(low01, low23, 0, 2));
    v128.store(to, i64x2.shuffle(low01, low23, 1, 3), 16);
    v128.store(to, i64x2.shuffle(high01, high23, 0, 2), 32);
    v128.store(to, i64x2.shuffle(high01, high23, 1, 3), 48);
  }
}

/** Writes the four digests in `STATE` as 64 hexadecimal digits each. */
export function storeHex(d0: usize, d1: usize, d2: usize, d3: usize): void {
  for (let half: usize = 0; half < 2; half++) {
    const from = STATE + half * 64;
    const s0 = swapped(v128.load(from));
    const s1 = swapped(v128.load(from, 16));
    const s2 = swapped(v128.load(from, 32));
    const s3 = swapped(v128.load(from, 48));
    const low01 = i32x4.shuffle(s0, s1, 0, 4, 1, 5);
    const high01 = i32x4.shuffle(s0, s1, 2, 6, 3, 7);
    const low23 = i32x4.shuffle(s2, s3, 0, 4, 1, 5);
    const high23 = i32x4.shuffle(s2, s3, 2, 6, 3, 7);
    hex(d0 + half * 32, i64x2.shuffle(low01, low23, 0, 2));
    hex(d1 + half * 32, i64x2.shuffle(low01, low23, 1, 3));
    hex(d2 + half * 32, i64x2.shuffle(high01, high23, 0, 2));
    hex(d3 + half * 32, i64x2.shuffle(high01, high23, 1, 3));
  }
}

function hex(to: usize, bytes: v128): void {
  const digits = i8x16(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102);
  const high = i8x16.swizzle(digits, i8x16.shr_u(bytes, 4));
  const low = i8x16.swizzle(digits, v128.and(bytes, i8x16.splat(15)));
  v128.store(to, i8x16.shuffle(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  v128.store(to, i8x16.shuffle(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16);
}

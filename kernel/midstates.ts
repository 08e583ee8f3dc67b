import { MIDSTATES, SPLAT, STAGE, STATE } from './layout';
import { BLOCK_BYTES, MIDSTATES_BYTES } from './numbers/hmac';
import { absorb, interleave } from './sha256x4';

const INITIAL = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

/** Makes the midstates of the 64-byte key at `STAGE` (RFC 2104: the key padded with zeros) and leaves them at `MIDSTATES`. */
export function deriveMidstates(): void {
  for (let outer: usize = 0; outer < 2; outer++) {
    // The second round takes the first one's 0x36 away again.
    const pad: u8 = outer == 0 ? 0x36 : 0x36 ^ 0x5c;
    for (let i: usize = 0; i < BLOCK_BYTES; i++) store<u8>(STAGE + i, load<u8>(STAGE + i) ^ pad);
    for (let i: usize = 0; i < 8; i++) v128.store(STATE + i * 16, v128.load_splat<u32>(INITIAL + i * 4));
    interleave(STAGE, STAGE, STAGE, STAGE);
    absorb();
    for (let i: usize = 0; i < 8; i++)
      store<u32>(MIDSTATES + outer * (MIDSTATES_BYTES / 2) + i * 4, load<u32>(STATE + i * 16));
  }
}

/** Spreads the midstates at `MIDSTATES` over four lanes. */
export function useMidstates(): void {
  for (let i: usize = 0; i < MIDSTATES_BYTES / 4; i++)
    v128.store(SPLAT + i * 16, v128.load_splat<u32>(MIDSTATES + i * 4));
}

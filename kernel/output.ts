import { finishHashes } from './hmac';
import { OUTPUT, OUTPUT_BYTES, SLACK } from './layout';
import { copy } from './text';

/** The host's function that copies rendered bytes away, before their memory is used again. */
declare function take(at: usize, length: usize): void;

/** Most bytes that one `reserve` may ask for. */
const LARGEST_RESERVE: usize = 1024;

export let outputAt: usize = OUTPUT;
/** End of what was written in the output region since the last wipe. */
let highest: usize = OUTPUT;
/** Whether lengths are measured; then nothing is written. */
let measuring: bool = false;
export let measured: u64 = 0;

export function beginMeasuring(): void {
  measuring = true;
  measured = 0;
}

export function beginOutput(): void {
  measuring = false;
  outputAt = OUTPUT;
}

export function isMeasuring(): bool {
  return measuring;
}

/** The address of room for `length` bytes (at most `LARGEST_RESERVE`) and some slack, for the caller to fill. */
export function reserve(length: usize): usize {
  if (measuring) {
    measured += length as u64;
    return OUTPUT;
  }
  if (outputAt + length > OUTPUT + OUTPUT_BYTES - LARGEST_RESERVE) handOver();
  const at = outputAt;
  outputAt = at + length;
  return at;
}

/** Hands the bytes over; hashes that still wait are written first. */
export function handOver(): void {
  finishHashes();
  if (outputAt > highest) highest = outputAt;
  if (outputAt > OUTPUT) take(OUTPUT, outputAt - OUTPUT);
  outputAt = OUTPUT;
}

/** Writes bytes as they are; a long run is handed over from where it lies. */
export function put(from: usize, length: usize): void {
  if (measuring) {
    measured += length as u64;
  } else if (length <= LARGEST_RESERVE) {
    copy(reserve(length), from, length);
  } else if (length < OUTPUT_BYTES / 2) {
    if (outputAt + length > OUTPUT + OUTPUT_BYTES - LARGEST_RESERVE) handOver();
    copy(outputAt, from, length);
    outputAt += length;
  } else {
    handOver();
    take(from, length);
  }
}

export function putByte(byte: u8): void {
  store<u8>(reserve(1), byte);
}

/** Writes text of ASCII characters. */
export function putText(text: string): void {
  const from = changetype<usize>(text);
  const length = text.length as usize;
  const to = reserve(length);
  for (let i: usize = 0; i < length; i++) store<u8>(to + i, load<u8>(from + i * 2));
}

export function digits(number: u32): u32 {
  let count: u32 = 1;
  while (number > 9) {
    number /= 10;
    count++;
  }
  return count;
}

export function putNumber(number: u32): void {
  const count = digits(number);
  let at = reserve(count as usize) + (count as usize);
  do {
    store<u8>(--at, (0x30 + (number % 10)) as u8);
    number /= 10;
  } while (number > 0);
}

export function wipeOutput(): void {
  memory.fill(OUTPUT, 0, highest - OUTPUT + SLACK);
  highest = OUTPUT;
}

function twoDigits(at: usize): u32 {
  const tens: u32 = load<u8>(at) - 0x30;
  const ones: u32 = load<u8>(at + 1) - 0x30;
  return tens > 9 || ones > 9 ? 100 : tens * 10 + ones;
}

function monthDays(year: u32, month: u32): u32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/**
 * Whether the text is a time as Go's `time.Parse(time.RFC3339, …)` takes it: an hour of one digit, a comma before
 * the fraction and an offset up to +24:60 are taken; a leap second, lower-case letters and 24:00 are not (as seen).
 */
export function isTimestamp(at: usize, length: usize): bool {
  if (length < 19 || load<u8>(at + 4) != 0x2d || load<u8>(at + 7) != 0x2d || load<u8>(at + 10) != 0x54)
    return false;
  const end = at + length;
  const century = twoDigits(at);
  const yearOfCentury = twoDigits(at + 2);
  const month = twoDigits(at + 5);
  const day = twoDigits(at + 8);
  if (century > 99 || yearOfCentury > 99 || month - 1 > 11 || day == 0) return false;
  if (day > monthDays(century * 100 + yearOfCentury, month)) return false;
  at += 11;
  if (load<u8>(at + 1) == 0x3a) {
    if ((load<u8>(at) as u32) - 0x30 > 9) return false;
    at += 1;
  } else {
    if (twoDigits(at) > 23) return false;
    at += 2;
  }
  if (load<u8>(at) != 0x3a || twoDigits(at + 1) > 59 || load<u8>(at + 3) != 0x3a || twoDigits(at + 4) > 59)
    return false;
  at += 6;
  if (at >= end) return false;
  let c: u32 = load<u8>(at);
  if (c == 0x2e || c == 0x2c) {
    const first = ++at;
    while (at < end && (load<u8>(at) as u32) - 0x30 < 10) at++;
    if (at == first || at >= end) return false;
    c = load<u8>(at);
  }
  if (c == 0x5a) return at + 1 == end;
  if (c != 0x2b && c != 0x2d) return false;
  return at + 6 == end && load<u8>(at + 3) == 0x3a && twoDigits(at + 1) <= 24 && twoDigits(at + 4) <= 60;
}

import { besiege, drip, endlessly, upTo } from './flood.ts';
import type { Places } from './places.ts';

const mebibyte = Buffer.alloc(1024 * 1024, 'a');
const openRecord = Buffer.from('{"type":"request","request":{"data":{"a":"');
const tiny = Buffer.from('{}\n[]\n'.repeat(10_000));
const pipelined = Buffer.from(
  'POST /v1/records HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n{}\n'.repeat(500),
);
/** 31 MiB of a body of 32, whose end never comes. */
const openBody = Buffer.from(
  `POST /v1/records HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${32 * 1024 * 1024}\r\n\r\n${openRecord}`,
);
const blankHeader = Buffer.from(
  `LIST /v1/sys/audit HTTP/1.1\r\nHost: localhost\r\nX-Padding: a${' '.repeat(8150)}a\r\n\r\n`,
);
const largeRecord = Buffer.concat([openRecord, Buffer.alloc(31 * 1024 * 1024, 'a'), Buffer.from('"}}}\n')]);

/** What is done to the daemon, by name. */
export const floods: Readonly<Record<string, (places: Places) => void>> = {
  /** Clients that stop inside a record of 31 MiB, over both ways in. */
  unfinished: ({ stream, http }) => {
    many(300, () => besiege(stream, true, upTo(openRecord, mebibyte, 31)));
    many(40, () => besiege(http, true, upTo(openBody, mebibyte, 31)));
  },
  /** An unfinished record, byte by byte. */
  bytes: ({ stream }) => {
    many(60, () => drip(stream, openRecord));
  },
  /** The smallest records, from clients that read no reply. */
  unread: ({ stream, devices, http }) => {
    many(200, () => besiege(stream, false, endlessly(tiny)));
    many(50, () => besiege(devices, false, endlessly(tiny)));
    many(40, () => besiege(http, false, endlessly(pipelined)));
  },
  /** The smallest records, from clients that read. */
  tiny: ({ stream }) => {
    many(100, () => besiege(stream, true, endlessly(tiny)));
  },
  /** Records as large as they may be. */
  large: ({ stream }) => {
    besiege(stream, true, endlessly(largeRecord));
  },
  /** What a pattern that is not linear reads for seconds. */
  blanks: ({ admin }) => {
    many(4, () => besiege(admin, true, endlessly(blankHeader)));
  },
  /** Clients that say nothing. */
  idle: ({ stream }) => {
    many(200, () => besiege(stream, true, () => () => null));
  },
};

function many(count: number, begin: () => void): void {
  for (let each = 0; each < count; each++) begin();
}

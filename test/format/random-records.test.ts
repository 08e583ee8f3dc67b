import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Formatter, recordStatus } from '../../format/formatter.ts';
import type { LineOptions, RecordPolicy } from '../../format/line-options.ts';
import { lineStart } from '../../format/lines.ts';
import { expectedLine, isUnaudited, type OracleRecord, readRecord, utf8 } from './oracle.ts';
import { Fault } from './oracle-parse.ts';
import { Dice, mutated, RecordWriter } from './random-record.ts';

const salt = '412bfd53-96d8-1dd0-d10e-3cf5bf3d9d63';
const arrivalMs = Date.UTC(2026, 10, 22, 4, 45, 3, 932);

function randomPolicy(dice: Dice): RecordPolicy {
  const keys = { requestKeys: ['clear', 'arr', 'ümlaut'], responseKeys: ['keys', 'obj', ''] };
  return {
    profile: dice.chance(50) ? 'vault' : 'api',
    clearFields: dice.chance(50)
      ? []
      : [
          'request.service_name',
          'request.tags[]',
          'request.data.extra',
          'extra*.**',
          'response.data.arr[].a',
          'auth.metadata.**',
          'auth.acc*',
          'response.headers.x-other',
          'request.mount_*',
          'auth.user_id',
          'request.route',
          'request.query.clear',
        ],
    hashFields: dice.chance(50)
      ? []
      : [
          'response.headers',
          'request.data',
          'auth.*',
          'response.wrap_info.**',
          'request.tags',
          'response.data.arr[]',
          'request.mount_type',
          'error',
          'resource.id',
          'request.query.a',
        ],
    auditedHeaders: new Map(
      dice.chance(30)
        ? []
        : [
            ['x-audited', { hmac: false }],
            ['x-hashed', { hmac: true }],
            ['ümlaut-Ü', { hmac: false }],
            ['referer', { hmac: false }],
          ],
    ),
    mounts: new Map(
      dice.chance(30)
        ? []
        : [
            ['secret/', keys],
            ['ns1/secret/', { requestKeys: ['obj'], responseKeys: [] }],
          ],
    ),
    unauditedPaths: dice.chance(50) ? [] : ['sys/health', 'ns1/kv', 'sys/pprof/*'],
    rules: [],
    ownTypes: false,
  };
}

function randomOptions(dice: Dice): LineOptions {
  return {
    format: dice.chance(70) ? 'json' : 'jsonx',
    jsonxFragment: dice.chance(50),
    hmacAccessor: dice.chance(50),
    logRaw: dice.chance(15),
    elideListResponses: dice.chance(60),
    hashTimestamps: dice.chance(30),
    hashNumbers: dice.pick([true, false, 'by_profile']),
    prefix: dice.pick(['', '@cee: ', 'ä']),
  };
}

/** The records as a socket might deliver them: any line ends, empty lines between, cut anywhere. */
function delivered(records: readonly Buffer[], dice: Dice): Buffer[] {
  const all = Buffer.concat(
    records.flatMap((record, index) => {
      const last = index === records.length - 1 && dice.chance(30);
      const end = last ? '' : dice.pick(['\n', '\n', '\r\n', '\n\n', '\n\r\n']);
      return [record, Buffer.from(end)];
    }),
  );
  const chunks: Buffer[] = [];
  for (let at = 0; at < all.length; ) {
    const size = 1 + dice.below(dice.chance(20) ? 10 : 60_000);
    chunks.push(all.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

function readOrFault(record: Buffer): OracleRecord | Fault {
  try {
    return readRecord(record);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** What JSON.parse and TextDecoder say. They have no limit of depth. */
function isJsonObject(record: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(record),
    );
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Returns how many were refused. */
function compare(records: readonly Buffer[], dice: Dice): number {
  const policy = randomPolicy(dice);
  const headers = dice.chance(80) ? 'apply' : 'as_is';
  const formatter = new Formatter(policy);
  const batch = formatter.scan(delivered(records, dice), headers, arrivalMs);
  assert.equal(batch.records, records.length);
  const kept: OracleRecord[] = [];
  let refused = 0;
  for (const [index, record] of records.entries()) {
    const shown = record.toString('latin1');
    const read = readOrFault(record);
    if (read instanceof Fault) {
      refused++;
      assert.equal(batch.statuses[index], recordStatus.invalid, `accepted: ${shown}`);
      assert.deepEqual(batch.problem(index), { offset: read.offset, message: read.message }, shown);
      assert.ok(
        !isJsonObject(record) || read.message.includes('deeper'),
        `the oracle is wrong about ${shown}`,
      );
      continue;
    }
    assert.notEqual(batch.statuses[index], recordStatus.invalid, `refused: ${shown}`);
    const unaudited = isUnaudited(read, policy);
    assert.equal(batch.statuses[index], unaudited ? recordStatus.unaudited : recordStatus.kept, shown);
    const { type, request } = read.envelope;
    assert.deepEqual(batch.describe(index), {
      id: typeof request?.id === 'string' ? utf8(request.id) : '',
      type: typeof type === 'string' ? utf8(type) : '',
    });
    if (!unaudited) kept.push(read);
  }
  assert.equal(batch.kept, kept.length);
  for (let device = 0; device < (dice.chance(30) ? 2 : 1); device++) {
    const options = randomOptions(dice);
    const line = formatter.line(options, salt);
    const lines = line.render(batch, Number.POSITIVE_INFINITY);
    assert.equal(lines.ends.length, kept.length);
    for (const [index, record] of kept.entries()) {
      const got = lines.bytes.subarray(lineStart(lines, index), lines.ends[index]!);
      const wanted = expectedLine(record, { policy, options, salt, headers, arrivalMs });
      if (!got.equals(wanted)) {
        assert.equal(
          got.toString(),
          wanted.toString(),
          `${JSON.stringify(options)} ${headers} ${record.text}`,
        );
        assert.fail('the bytes differ');
      }
    }
  }
  batch.release();
  return refused;
}

test('random records give the same lines through the kernel and the plain version', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const dice = new Dice(seed);
      const writer = new RecordWriter(dice);
      compare(
        Array.from({ length: 500 }, () => writer.record()),
        dice,
      );
    }),
    { numRuns: 200, endOnFailure: true, includeErrorInReport: true },
  );
});

test('mutated records are refused by both at the same byte, or by neither', () => {
  let refused = 0;
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const dice = new Dice(seed);
      const writer = new RecordWriter(dice);
      const records = Array.from({ length: 250 }, () => mutated(writer.record(), dice));
      refused += compare(
        records.filter((record) => record.length > 0 && record.at(-1) !== 13),
        dice,
      );
    }),
    { numRuns: 40, endOnFailure: true, includeErrorInReport: true },
  );
  assert.ok(refused >= 5000, `only ${refused} of them were invalid`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Formatter } from '../../format/formatter.ts';
import {
  defaultLineOptions,
  emptyRecordPolicy,
  type LineOptions,
  type RecordPolicy,
} from '../../format/line-options.ts';
import { type Canary, newCanary, placesOf, recordsWith } from '../../format/redaction/canary.ts';
import {
  type CanaryPosition,
  canaryPositions,
  positionText,
} from '../../format/redaction/canary-positions.ts';
import { Promises } from '../../format/redaction/promises.ts';
import { redactionLeaks } from '../../format/redaction/self-test.ts';
import { expectedLine, isUnaudited, readRecord } from './oracle.ts';
import { Dice } from './random-record.ts';

const headers = new Map([
  ['x-open', { hmac: false }],
  ['x-shut', { hmac: true }],
  ['referer', { hmac: false }],
]);
const mounts = new Map([['kv/', { requestKeys: ['open', 'a.b', ''], responseKeys: ['open'] }]]);

const policies: readonly RecordPolicy[] = (['vault', 'api'] as const).flatMap((profile) =>
  [
    {},
    { auditedHeaders: headers, mounts },
    {
      clearFields: ['request.data.open', 'request.data.x_*', 'extra.**', 'auth.accessor', 'request.path'],
      hashFields: [
        'response.headers',
        'response.redirect',
        'auth.metadata.team',
        'request.mount_*',
        'auth.p*',
      ],
      auditedHeaders: headers,
    },
    { clearFields: ['request.data.a.*', 'canary[]'], hashFields: ['request.data.a.b', 'error'] },
    {
      unauditedPaths: ['/a*'],
      rules: [{ match: new Map([['type', ['x']]] as const), level: 'none' as const }],
    },
  ].map((more) => ({ ...emptyRecordPolicy, profile, ...more })),
);

const options: readonly LineOptions[] = [false, true, 'by_profile' as const].flatMap((hashNumbers) =>
  [
    {},
    { format: 'jsonx' as const },
    { hmacAccessor: false, hashTimestamps: true, jsonxFragment: true },
    { logRaw: true, elideListResponses: true },
  ].map((more) => ({ ...defaultLineOptions, hashNumbers, ...more })),
);

test('no device of any policy leaks a canary', () => {
  for (const policy of policies) {
    assert.deepEqual(
      redactionLeaks(policy, options),
      options.map(() => []),
      JSON.stringify(policy),
    );
  }
});

test('canaries are in records that are valid, and stand in a line that hashes nothing', () => {
  const canary = newCanary();
  for (const position of canaryPositions(policies[1]!)) {
    for (const record of recordsWith(canary, position)) {
      assert.ok(sings(record, canary), record);
      JSON.parse(record);
    }
  }
});

function sings(text: string, canary: Canary): boolean {
  return placesOf(Buffer.from(text), canary).length > 0;
}

/** Says what a hasher with this policy would leak of what another one promises. */
function leaksOfAnother(kept: RecordPolicy, promised: RecordPolicy, device: LineOptions): string[] {
  const formatter = new Formatter(kept);
  const line = formatter.line(device, 'salt');
  const canary = newCanary();
  const promises = new Promises(promised);
  const leaks = new Set<string>();
  for (const position of canaryPositions(promised)) {
    for (const record of recordsWith(canary, position)) {
      const batch = formatter.scan([Buffer.from(record)], 'apply', 0);
      const text = line.render(batch, Number.POSITIVE_INFINITY).bytes.toString();
      batch.release();
      if (sings(text, canary) && promises.mustBeHidden(position, device))
        leaks.add(`${positionText(position.steps)} ${position.kind}`);
    }
  }
  return [...leaks];
}

test('each way in which lines could keep another policy than that of the configuration shows', () => {
  const plain = { ...emptyRecordPolicy, auditedHeaders: headers, mounts };
  const api = { ...plain, profile: 'api' as const };
  const numbers = { ...defaultLineOptions, hashNumbers: true };
  const cases: [RecordPolicy, RecordPolicy, LineOptions, string][] = [
    [{ ...plain, clearFields: ['request.data.**'] }, plain, defaultLineOptions, 'request.data.canary text'],
    [{ ...plain, clearFields: ['request.query.**'] }, plain, numbers, 'request.query.canary number'],
    [{ ...plain, clearFields: ['canary[]'] }, plain, defaultLineOptions, 'canary[] text'],
    [
      { ...plain, auditedHeaders: new Map([...headers, ['x-shut', { hmac: false }]]) },
      plain,
      defaultLineOptions,
      'request.headers.x-shut[] text',
    ],
    [
      { ...plain, auditedHeaders: new Map([['canary-that-is-not-audited', { hmac: true }]]) },
      plain,
      { ...defaultLineOptions, logRaw: true },
      'request.headers.canary-that-is-not-audited[].canary number',
    ],
    [
      plain,
      { ...plain, hashFields: ['response.headers'] },
      defaultLineOptions,
      'response.headers.canary[] text',
    ],
    [plain, { ...plain, hashFields: ['auth.p*'] }, defaultLineOptions, 'auth.policies text'],
    [plain, api, defaultLineOptions, 'error text'],
    [plain, api, defaultLineOptions, 'request.data.canary number'],
    [plain, api, defaultLineOptions, 'request.path query'],
    [{ ...api, clearFields: ['request.user_agent'] }, api, defaultLineOptions, 'request.user_agent query'],
    [{ ...plain, clearFields: ['auth.accessor'] }, plain, defaultLineOptions, 'auth.accessor text'],
  ];
  for (const [kept, promised, device, leak] of cases) {
    const leaks = leaksOfAnother(kept, promised, device);
    assert.ok(leaks.includes(leak), `${leak} in ${leaks.join(', ')}`);
  }
});

/** What the plain version of the tests leaves readable is all that the promises allow, and the other way round. */
test('what is promised is what the plain version of the policy hashes, position by position', () => {
  const dice = new Dice(7);
  const canary = newCanary();
  let hidden = 0;
  const told = (position: CanaryPosition): string => `${positionText(position.steps)} ${position.kind}`;
  for (const policy of policies) {
    const promises = new Promises(policy);
    for (let count = 0; count < 4; count++) {
      const device = { ...dice.pick(options), format: 'json' as const };
      for (const position of canaryPositions(policy)) {
        const record = readRecord(Buffer.from(recordsWith(canary, position)[0]!));
        if (isUnaudited(record, policy)) continue;
        const line = expectedLine(record, {
          policy,
          options: device,
          salt: 's',
          headers: 'apply',
          arrivalMs: 0,
        });
        const isOut = sings(line.toString(), canary);
        const isPromised = promises.mustBeHidden(position, device);
        if (isPromised) hidden++;
        assert.ok(
          !(isPromised && isOut),
          `${told(position)} is promised: ${JSON.stringify({ policy, device })}`,
        );
        // Where a clear and a hash field meet, and in odd headers, nothing is promised.
        if (policy.clearFields.length > 0 || position.steps[1] === 'headers') continue;
        const loose = position.kind === 'text' && !device.hmacAccessor && device.hashNumbers !== null;
        if (!loose)
          assert.equal(isPromised, !isOut, `${told(position)}: ${JSON.stringify({ policy, device })}`);
      }
    }
  }
  assert.ok(hidden > 1000, `${hidden}`);
});

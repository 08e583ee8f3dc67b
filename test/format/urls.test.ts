import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { Formatter } from '../../format/formatter.ts';
import { defaultLineOptions, emptyRecordPolicy, type LineOptions } from '../../format/line-options.ts';
import { lineOf, testSalt } from './line-of.ts';

function hmac(value: string): string {
  return `hmac-sha256:${createHmac('sha256', testSalt).update(value).digest('hex')}`;
}

/** What is written of a string, spelt as in JSON, at a readable path. */
function written(
  spelt: string,
  at: 'request.path' | 'reason' = 'reason',
  options: Partial<LineOptions> = {},
): string {
  const [before, after] =
    at === 'reason' ? ['{"time":"","reason":"', '"}'] : ['{"time":"","request":{"path":"', '"}}'];
  const line = lineOf(`${before}${spelt}${after}`, { policy: { profile: 'api' }, options });
  assert.ok(line.startsWith(before) && line.endsWith(after), line);
  return line.slice(before.length, -after.length);
}

/** The text with the hash of each part that stands in braces. */
function hashed(marked: string): string {
  return marked.replaceAll(/\{([^}]*)\}/g, (_, part: string) => hmac(part));
}

function plain(marked: string): string {
  return marked.replaceAll(/[{}]/g, '');
}

const urls = [
  ...[
    '/a?token={s}&page={2}',
    '/a?x={1};y={2}',
    '/a?{s}',
    '/a?{s}&b=&&;c={d}',
    '/a?',
    '/a?&;&',
    '/a?=',
    '/a?={s}',
  ],
  ...[
    '/a?b={c=d==}',
    '/a?b={c?d}&e={f/?}',
    '/a?b={c}#{d}',
    '/a#{b}',
    '/a#',
    '/a#b={c}&d={e}',
    '/a#b={c#d}',
    '/a##={x}',
  ],
  ...[
    '/a#/b?c={d}',
    '/a?b={%20%3D%26}',
    '/a?{b%3Dc}',
    '/a%3Fb=c',
    '/a?b={ü🦊}',
    '/a?b={c d}&e={f g}',
    '/a;b=c/d',
  ],
  ...[
    'https://h/a?b={c}',
    'HTTPS://h?b={c}',
    'a+b-c.1://h#{d}',
    '//h/a?b={c}',
    '///h?{b}',
    '\\\\\\\\h?{b}',
    'https://h/@b',
  ],
  ...[
    'https://{u:p}@h/a?b={c}',
    'https://{u}@h',
    'https://@h/',
    'https://{u@v}@h:80/a@b',
    '//{u:p}@h/a',
    '//{u}@h?{x@y}',
  ],
  ...[
    'ftp://{u}@h#{x}',
    '/proxy/https://{u:p}@h/a?b={https://v:w@h}',
    '?a={b}',
    '#{a}',
    '#a={b}',
    '?{s}',
    'orders?x={y}',
  ],
  ...[
    '  /a?b={c}',
    'h/p?x={y}',
    'h.example/p q?x={y z}',
    'h:80?x={y}',
    './a?{b}',
    '../a#{b}',
    '*?{x}',
    'data:x?{y}',
  ],
  ...[
    'mailto:a?subject={s}',
    'jdbc:mysql://{u:p}@h/db?user={s}',
    'a/b#{c}',
    'page#token={s}',
    'https:\\\\\\\\{u:p}@h',
    '/a b?{ c}',
  ],
];

test('in a URL the values of query and fragment and the user before the host are hashed in their place', () => {
  for (const url of urls) {
    assert.equal(written(plain(url)), hashed(url), url);
    assert.equal(written(plain(url), 'request.path'), hashed(url), `as a path: ${url}`);
  }
});

test('in a text they are from where a URL begins in it', () => {
  for (const text of [
    ...[
      'see https://h/a?b={c d}',
      'GET /a?b={c HTTP/1.1}',
      'url=https://{u:p}@h',
      '(+http://b/?x={1)}',
      '</a?b={c>}; rel={next}',
    ],
    ...[
      '0;url=/a?b={c}',
      'a ?b={c}',
      'a\u00a0/b?c={d}',
      'x {u:p}@h/a',
      '{mailto:a}@h?s={t}',
      'a //{u:p}@h b',
      'a b#c={d e}',
      ...['see https://h b?{ c}', 'a //h b?{ c}'],
    ],
  ]) {
    assert.equal(written(plain(text)), hashed(text), text);
  }
});

test('a text without a URL is copied, and a path is read as one whatever it looks like', () => {
  for (const text of [
    ...[
      'Why? Because',
      'Really?',
      'C# 12',
      'C#',
      'order#991',
      'see #42',
      'ann@example.org',
      'oidc:ann@example.org',
      'a@b/c',
    ],
    ...[
      'Mozilla/5.0 (X11; Linux x86_64) k=v; q=0.5',
      'a & b = c; d',
      '12:30',
      'https://shop.example/a/b;c=d',
      '/auth/ann@example.org',
      'x/a:b@c/d',
    ],
  ]) {
    assert.equal(written(text), text);
  }
  assert.equal(written('Why? Because', 'request.path'), hashed('Why?{ Because}'));
  assert.equal(written('order#991', 'request.path'), hashed('order#{991}'));
  assert.equal(written('ann:x@example.org/a', 'request.path'), 'ann:x@example.org/a');
});

test('escapes of JSON are what they stand for, and what is copied keeps its spelling', () => {
  for (const [spelt, wanted] of [
    ['\\/a\\u003ftoken\\u003Ds\\u0026page\\u003d\\u0032', '\\/a\\u003ftoken\\u003D{s}\\u0026page\\u003d{2}'],
    ['\\u002fa?b=\\"\\n\\t\\\\&c=\\u00e9\\ud83e\\udd8a', '\\u002fa?b={"\n\t\\}&c={é🦊}'],
    ['https\\u003a\\/\\/u\\u003ap\\u0040h\\/a', 'https\\u003a\\/\\/{u:p}\\u0040h\\/a'],
    ['/a?\\n&\\n&\\n;\\n', '/a?{\n}&{\n}&{\n};{\n}'],
    ['\\\\\\\\h?x', '\\\\\\\\h?{x}'],
    [
      '/\\ud800\\u003fx=\\udc00y&\\ud83e\\udd8a=z\\ud800#\\ud800',
      '/\\ufffd\\u003fx={\ufffdy}&\\ud83e\\udd8a={z\ufffd}#{\ufffd}',
    ],
    ['/\\ud800', '/\\ufffd'],
    ['a\\tb?c\\u0020d', 'a\\tb?{c d}'],
    ['a?\\u0020b', 'a?\\u0020b'],
  ] as const) {
    assert.equal(written(spelt), hashed(wanted), spelt);
  }
  // A name that is spelt with escapes is the same path.
  const record = (place: string): string => `{"time":"","r\\u0065quest":{"p\\u0061th":"${place}"}}`;
  assert.equal(lineOf(record('a?b'), { policy: { profile: 'api' } }), record(`a?${hmac('b')}`));
});

test('a log_raw device copies a URL, and its halves of surrogates stay readable for strict readers', () => {
  const options = { logRaw: true };
  assert.equal(written('https://u:p@h/a?b=c#d', 'reason', options), 'https://u:p@h/a?b=c#d');
  assert.equal(written('/a?b=\\ud800x&\\udc00', 'reason', options), '/a?b=\\ufffdx&\\ufffd');
});

test('jsonx has the same hashes inside the text', () => {
  const record = '{"time":"","reason":"\\/<a>?b=\\u0026&c","request":{"path":"//u@h?\\"","method":"GET"}}';
  const line = lineOf(record, {
    policy: { profile: 'api' },
    options: { format: 'jsonx', jsonxFragment: true },
  });
  assert.equal(
    line,
    `<json:string name="time"></json:string><json:string name="reason">/&lt;a&gt;?b=&amp;&amp;${hmac('c')}</json:string>` +
      `<json:object name="request"><json:string name="path">//${hmac('u')}@h?${hmac('"')}</json:string><json:string name="method">GET</json:string></json:object>`,
  );
});

test('the same value has the same hash wherever it is hashed', () => {
  const formatter = new Formatter({ ...emptyRecordPolicy, profile: 'api' });
  const line = formatter.line(defaultLineOptions, testSalt);
  const record = '{"time":"","request":{"path":"/a?t=s.x","query":{"t":"s.x"},"data":"s.x"},"error":"s.x"}';
  const batch = formatter.scan([Buffer.from(record)], 'apply', 0);
  const text = line.render(batch, Number.POSITIVE_INFINITY).bytes.toString();
  batch.release();
  assert.equal(text.split(line.hash('s.x')).length, 5);
});

test('a URL of many megabytes is read once, whatever is in it', () => {
  const size = 30 * 1024 * 1024;
  const formatter = new Formatter({ ...emptyRecordPolicy, profile: 'api' });
  const line = formatter.line(defaultLineOptions, testSalt);
  const ends: number[] = [];
  for (const [beginning, piece] of [
    ['/a?token=', 'x'],
    ['a', '#a'],
    ['a', '? '],
    ['', 'a:@'],
    ['/a?', 'a=&;'],
    ['//', '@'],
  ] as const) {
    const text = beginning + piece.repeat((piece === 'x' ? size : size / 10) / piece.length);
    const batch = formatter.scan([Buffer.from(`{"time":"","reason":"${text}"}`)], 'apply', 0);
    ends.push(line.render(batch, Number.POSITIVE_INFINITY).bytes.length - text.length);
    batch.release();
  }
  const around = '{"time":"","reason":""}\n'.length;
  assert.deepEqual(ends.slice(1, 5), [around, around, around, around]);
  assert.equal(ends[0], around + hmac('').length - size);
  assert.equal(ends[5], around + hmac('').length - (size / 10 - 1));
});

test('more values than a batch remembers are hashed, too, with escapes and without', () => {
  for (const spell of [(index: number) => `v${index}`, (index: number) => `\\u0076${index}`]) {
    const indexes = Array.from({ length: 5000 }, (_, index) => index);
    const url = `/a?${indexes.map((index) => `n=${spell(index)}`).join('&')}`;
    assert.equal(written(url), `/a?${indexes.map((index) => `n=${hmac(`v${index}`)}`).join('&')}`);
  }
  const short = `/a?${'\\n&'.repeat(100_000)}`;
  assert.equal(written(short), `/a?${`${hmac('\n')}&`.repeat(100_000)}`);
  const halves = `/a?${'\\ud800&'.repeat(30_000)}`;
  assert.equal(written(halves), `/a?${`${hmac('\ufffd')}&`.repeat(30_000)}`);
});

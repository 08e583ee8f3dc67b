import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type LineShape, TornLine } from '../../devices/file/torn-line.ts';
import { linesOf } from '../format/line-of.ts';
import { Dice, RecordWriter } from '../format/random-record.ts';
import { projectRoot } from '../support/project-root.ts';

const json: LineShape = { format: 'json', jsonxFragment: false, prefix: '' };

const traffic = gunzipSync(readFileSync(path.join(projectRoot, 'test/corpus/raw.ndjson.gz')))
  .toString()
  .split('\n');

const odd = [
  '{}',
  '{"a":{}}',
  '{"a":[]}',
  '{"time":0,"request":{"id":"1"},"a":[[],{},[{}],[1,2.5e-3,-0,1E+9],true,false,null,"",{"":{"b":[{"c":null}]}}]}',
  ' { "a" : [ 1 , { "b" : true } ] , "c" : { } , "d" : -1.5 } ',
  '{"error":"é€😀\u{10ffff}\u07ff\u0800\ud7ff\ue000\uffff\u{10000}","k é€😀":"","type":"𐀀"}',
  String.raw`{"error":"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00\uD83D\uDE00\ud83d\udc00x\udbff\udfff\u0000","\"\u12aB\\":"\\"}`,
  String.raw`{"error":"<&>'\u0009\u000a\u000d\u0022\u0001]]>","<&\">":"&amp;"}`,
  '{"torn":false,"a":{"torn":1}}',
];

const writer = new RecordWriter(new Dice(7));
const random = Array.from({ length: 40 }, () => writer.record().toString());

/** Every beginning of a line of the shape, the empty one aside, and what it is completed to; without its newline. */
function completions(
  records: readonly string[],
  shape: LineShape,
): { line: string; whole: boolean; got: string }[] {
  return linesOf(records, { options: { ...shape, logRaw: true } }).flatMap((line) => {
    const bytes = Buffer.from(line);
    return Array.from({ length: bytes.length }, (_, index) => {
      const half = bytes.subarray(0, index + 1);
      const torn = new TornLine(shape);
      // In two pieces, as it may be read.
      torn.take(half.subarray(0, index >> 1));
      torn.take(half.subarray(index >> 1));
      assert.equal(torn.ours, true, half.toString());
      const got = Buffer.concat([half, torn.ending()]);
      const text = got.toString();
      assert.ok(Buffer.from(text).equals(got), `no UTF-8: ${text}`);
      assert.equal(text.indexOf('\n'), text.length - 1, text);
      return { line, whole: line.trimEnd() === text.trimEnd(), got: text.slice(0, -1) };
    });
  });
}

/** Half of a surrogate pair, which strict readers refuse. */
const loneSurrogate =
  /(?<!\\)(?:\\\\)*(?:\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2})|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2})/i;

test('every beginning of a JSON line is completed to one that parses and says that it is torn', () => {
  for (const prefix of ['', '@cee: ', 'é']) {
    const records = [...odd, ...random, ...traffic.slice(0, prefix === '' ? 12 : 2)];
    for (const { line, whole, got } of completions(records, { ...json, prefix })) {
      assert.ok(got.startsWith(prefix));
      const text = got.slice(prefix.length);
      const record = JSON.parse(text) as { torn?: unknown };
      if (whole) continue;
      assert.equal(record.torn, true, got);
      if (!loneSurrogate.test(line)) assert.doesNotMatch(text, loneSurrogate);
    }
  }
});

for (const jsonxFragment of [false, true]) {
  test(`every beginning of a line of jsonx is completed to one that says so${jsonxFragment ? ', without its root too' : ''}`, (context) => {
    const shape: LineShape = { format: 'jsonx', jsonxFragment, prefix: '- ' };
    const all = completions([...odd, ...random.slice(0, 12), ...traffic.slice(0, 3)], shape);
    const torn = all.filter(({ whole }) => !whole);
    const saying = '<json:boolean name="torn">true</json:boolean>';
    const elements = all.map(({ got }) => `<line>${got.slice(2)}</line>`).join('\n');
    const document = `<all xmlns:json="http://www.ibm.com/xmlns/prod/2009/jsonx">${elements}</all>`;
    const at = jsonxFragment ? '/all/line' : '/all/line/*';
    const query = `count(${at}/*[position()=last()][@name='torn'][text()='true'])`;
    const xmllint = spawnSync('xmllint', ['--huge', '--xpath', query, '-'], { input: document });
    if (xmllint.error !== undefined) {
      context.skip('install xmllint');
      return;
    }
    assert.equal(xmllint.stderr.toString(), '');
    assert.equal(Number(xmllint.stdout), torn.length);
    for (const { got } of torn) assert.ok(got.includes(saying));
  });
}

test('what cannot be a line of the device is ended as it is', () => {
  const jsonx: LineShape = { format: 'jsonx', jsonxFragment: false, prefix: '' };
  const cases: [string | Buffer, LineShape][] = [
    ['notes', json],
    ['[1', json],
    [' {', json],
    ['{"a":1} x', json],
    ['{"a" 1', json],
    ['{"a":1,}', json],
    ['{"a":[1}', json],
    ['{"a":nul1', json],
    ['{"a":"\\x', json],
    ['{"a":"\\u00g', json],
    ['{"a":"\u0001', json],
    // What a power cut leaves of a file system's block.
    [`{"a":"${'\0'.repeat(100)}`, json],
    [Buffer.from([0x7b, 0x22, 0xff]), json],
    [Buffer.from([0x7b, 0x22, 0xe2, 0x22]), json],
    ['{"a":', { ...json, prefix: 'x' }],
    ['<', json],
    ['{', jsonx],
    ['<b', jsonx],
    ['</', jsonx],
    ['text', jsonx],
    [
      '<json:object xmlns:json="http://www.ibm.com/xmlns/prod/2009/jsonx"><json:string name="a"></json:number',
      jsonx,
    ],
    ['<json:object xmlns:json="http://www.ibm.com/xmlns/prod/2009/jsonx"><json:string name="a">&x', jsonx],
    ['<json:object xmlns:json="http://www.ibm.com/xmlns/prod/2009/jsonx"><json:string name="<', jsonx],
  ];
  for (const [half, shape] of cases) {
    const torn = new TornLine(shape);
    torn.take(Buffer.from(half));
    assert.equal(torn.ours, false, half.toString());
    assert.equal(torn.ending().toString(), '\n');
  }
});

test('lines nested as deep as records may be are closed to the last', () => {
  const half = `{"a":${'[{"b":'.repeat(5_000)}`;
  const torn = new TornLine(json);
  torn.take(Buffer.from(half));
  const completed = `${half}${torn.ending()}`;
  assert.equal((JSON.parse(completed) as { torn: unknown }).torn, true);
});

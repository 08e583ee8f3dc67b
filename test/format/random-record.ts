// Records as text, odd in every way that RFC 8259 allows, with all the paths of the policy among them.

/** Random numbers from one seed (mulberry32), so that a failing run is found again by it. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to and without `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * limit);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

const names = [
  ...['time', 'type', 'error', 'forwarded_from', 'auth', 'request', 'response'],
  ...['client_token', 'accessor', 'display_name', 'policies', 'token_policies', 'identity_policies'],
  ...[
    'external_namespace_policies',
    'policy_results',
    'metadata',
    'entity_id',
    'token_type',
    'token_issue_time',
  ],
  ...[
    'id',
    'client_id',
    'replication_cluster',
    'operation',
    'mount_point',
    'mount_type',
    'mount_',
    'mount',
    'namespace',
  ],
  ...[
    'path',
    'remote_address',
    'client_certificate_serial_number',
    'client_token_accessor',
    'data',
    'headers',
  ],
  ...[
    'secret',
    'lease_id',
    'warnings',
    'redirect',
    'wrap_info',
    'token',
    'wrapped_accessor',
    'creation_time',
  ],
  ...[
    'creation_path',
    'keys',
    'key_info',
    'clear',
    'arr',
    'obj',
    'service_name',
    'extra',
    'extra_one',
    'tags',
  ],
  ...[
    '',
    'a',
    'ein längerer Name',
    'client_toke',
    'client_tokens',
    '\u{1f600}',
    'x-Audited',
    'X-HASHED',
    '__proto__',
  ],
  ...['user_id', 'roles', 'scopes', 'on_behalf_of', 'route', 'query', 'host', 'forwarded_for', 'user_agent'],
  ...['service', 'outcome', 'reason', 'policy', 'resource', 'status', 'duration_ms', 'referer'],
];

const below: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    '': [
      ...['time', 'type', 'auth', 'request', 'response', 'error', 'forwarded_from', 'extra'],
      ...['outcome', 'reason', 'policy', 'service', 'resource'],
    ],
    auth: [...names.slice(7, 20), 'user_id', 'roles', 'scopes', 'on_behalf_of'],
    service: ['name', 'version', 'deep'],
    resource: ['type', 'id', 'tenant', 'other'],
    query: ['a', 'clear', 'list'],
    request: [
      ...[
        'id',
        'client_id',
        'operation',
        'mount_point',
        'mount_type',
        'client_token',
        'client_token_accessor',
      ],
      ...[
        'namespace',
        'path',
        'data',
        'headers',
        'remote_address',
        'service_name',
        'replication_cluster',
        'tags',
      ],
      ...['route', 'query', 'host', 'forwarded_for', 'user_agent', 'method', 'remote_port', 'bytes'],
    ],
    response: [
      'status',
      'duration_ms',
      'auth',
      'data',
      'wrap_info',
      'secret',
      'warnings',
      'redirect',
      'headers',
      'mount_point',
    ],
    data: ['keys', 'key_info', 'clear', 'arr', 'obj', 'data', 'warnings', 'client_token', 'extra'],
    namespace: ['path', 'id'],
    headers: [
      'x-audited',
      'X-Audited',
      'x-hashed',
      'X-HASHED',
      'x-other',
      'Referer',
      'Authorization',
      'ümlaut-Ü',
    ],
    wrap_info: ['token', 'accessor', 'wrapped_accessor', 'creation_time', 'creation_path', 'ttl'],
    secret: ['lease_id', 'other'],
  }),
);

const strings = [
  ...[
    '',
    'a',
    's.8IQusyWP2PyscUUQ2YEVbjPP',
    'hmac-sha256:00',
    'response',
    'request',
    'list',
    'scan',
    'update',
  ],
  ...[
    'secret/',
    'ns1/secret/',
    'ns1/',
    'ns1',
    'kv',
    'sys/health',
    'sys/pprof/x',
    '2024-02-29T00:00:00Z',
    '2023-02-29T00:00:00Z',
  ],
  ...[
    '2024-01-01T3:04:05Z',
    '2024-01-01T03:04:05,5+24:60',
    '2024-01-01T03:04:05.+01:00',
    '0000-02-29T23:59:59.1234567890123Z',
  ],
  ...[
    '2024-01-01T03:04:05z',
    '2024-01-01t03:04:05Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T03:04:05+0200',
    '12024-01-01T03:04:05Z',
  ],
  ...[
    '\ud83d\ude00',
    'Grüße',
    '\ufffe',
    '\uffff',
    '\u0000',
    '\u001f\t\n\r\b\f',
    '"\\/',
    '<&>"\'',
    '\u2028',
    '\u{10ffff}',
  ],
  ...[
    'x'.repeat(55),
    'x'.repeat(56),
    'y'.repeat(63),
    'y'.repeat(64),
    'z'.repeat(119),
    'z'.repeat(120),
    'ä'.repeat(300),
  ],
];

const urlPieces = [
  ...['/', '?', '?', '#', '&', ';', '=', '=', '@', ':', '//', '://', ' ', '\\', '\t', '%3F', '.', '"'],
  ...['a', 'b=c', 'token=s.secret', 'u:p@', 'ü', '\u{1f600}', '\ud800', '\udc00', 'y'.repeat(60)],
];

export class RecordWriter {
  readonly #dice: Dice;
  #budget = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** One record, without a newline in it. */
  record(): Buffer {
    this.#budget = 10 + this.#dice.below(this.#dice.chance(5) ? 200 : 40);
    const around = this.#dice.chance(5);
    const text = this.#object('', 1);
    return Buffer.from(around ? ` \t${text}\r ` : text);
  }

  #space(): string {
    return this.#dice.chance(6) ? this.#dice.pick([' ', '\t', '  ', '\r', '   \t ']) : '';
  }

  #object(parent: string, depth: number): string {
    const count = this.#dice.below(parent === '' ? 7 : 6);
    const members: string[] = [];
    for (let i = 0; i < count && this.#budget > 0; i++) {
      const known = below.get(parent);
      const name =
        known !== undefined && this.#dice.chance(85) ? this.#dice.pick(known) : this.#dice.pick(names);
      members.push(
        `${this.#space()}${this.string(this.#dice.chance(1) ? name + this.#surrogates() : name, 8)}${this.#space()}:${this.#space()}${this.#value(name, depth)}${this.#space()}`,
      );
    }
    return `{${members.length === 0 ? this.#space() : members.join(',')}}`;
  }

  #value(name: string, depth: number): string {
    this.#budget--;
    const container =
      below.has(name) ||
      name === 'metadata' ||
      name === 'policy_results' ||
      name === 'obj' ||
      name === 'key_info';
    const dice = this.#dice.below(100);
    if (container && dice < 85) return this.#object(name, depth + 1);
    if ((name === 'mount_point' || name === 'path') && dice >= 60)
      return this.string(this.#dice.pick(['secret/', 'ns1/secret/', 'ns1/ns1/secret/', 'ns1/', 'ns1']), 15);
    const list = /polic|warnings|arr|keys|tags/.test(name) || name.toLowerCase().startsWith('x-');
    if (list && dice < 80) return this.#array(name, depth);
    if (dice < 55 || depth > 60) return this.string(this.#text(), 15);
    if (dice < 65) return this.#number();
    if (dice < 72) return this.#dice.pick(['true', 'false', 'null']);
    if (dice < 82) return this.#array(name, depth);
    if (dice < 84 && depth < 5) {
      const levels = this.#dice.below(this.#dice.chance(5) ? 500 : 30);
      return '['.repeat(levels) + this.string(this.#text(), 15) + ']'.repeat(levels);
    }
    return this.#object('other', depth + 1);
  }

  #array(name: string, depth: number): string {
    const elements: string[] = [];
    const count = this.#dice.below(5);
    for (let i = 0; i < count && this.#budget > 0; i++) {
      const plain = this.#dice.chance(60);
      elements.push(
        this.#space() + (plain ? this.string(this.#text(), 15) : this.#value(`${name} `, depth + 1)),
      );
    }
    return `[${elements.join(`${this.#space()},`)}${this.#space()}]`;
  }

  #text(): string {
    const dice = this.#dice.below(100);
    if (dice < 45) return this.#dice.pick(strings);
    if (dice < 70) return this.#url();
    if (dice < 73) return this.#surrogates();
    let text = '';
    for (let left = this.#dice.below(dice < 98 ? 40 : 400); left > 0; left--) {
      text += String.fromCharCode(
        this.#dice.chance(90) ? 32 + this.#dice.below(95) : this.#dice.below(0xd800),
      );
    }
    return text;
  }

  /** Something like a path or URL, or like a text with one in it. */
  #url(): string {
    let text = this.#dice.pick(['', '', '/a', 'https://h/', '//', 'h/p', ' /']);
    for (let left = this.#dice.below(14); left > 0; left--) text += this.#dice.pick(urlPieces);
    return text;
  }

  /** Whole pairs and halves of pairs. */
  #surrogates(): string {
    return '\ud800\udfff\ud800'.slice(this.#dice.below(3)) + this.#dice.pick(['', 'x', '\udc00']);
  }

  /** A JSON string; `odd` percent of its characters are spelt in another way than need be. */
  string(text: string, odd: number): string {
    if (!this.#dice.chance(40)) return JSON.stringify(text);
    let result = '"';
    for (const character of text) {
      const spelt = JSON.stringify(character).slice(1, -1);
      if (!this.#dice.chance(odd)) result += spelt;
      else if (character === '/' && this.#dice.chance(50)) result += '\\/';
      else for (let i = 0; i < character.length; i++) result += this.#escaped(character.charCodeAt(i));
    }
    return `${result}"`;
  }

  #escaped(unit: number): string {
    const digits = unit.toString(16).padStart(4, '0');
    return `\\u${this.#dice.chance(50) ? digits : digits.toUpperCase()}`;
  }

  #number(): string {
    return this.#dice.pick([
      '0',
      '-0',
      '1',
      '1.0',
      '-1.50e+10',
      '1E-7',
      '12345678901234567890123',
      '0.1',
      '3e5',
      '1e999',
    ]);
  }
}

/** The same record with one to three faults (which may leave it valid); no newline comes in or goes. */
export function mutated(record: Buffer, dice: Dice): Buffer {
  let bytes: Buffer = Buffer.from(record);
  for (let left = 1 + dice.below(3); left > 0 && bytes.length > 1; left--) {
    const at = dice.below(bytes.length);
    const byte = dice.chance(60) ? '{}[]",:\\0-+.eutrfn \t\r'.charCodeAt(dice.below(22)) : dice.below(256);
    const put = Buffer.from([byte === 10 ? 11 : byte]);
    const kind = dice.below(5);
    if (kind === 0) bytes[at] = put[0]!;
    else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at)]);
    else if (kind === 2)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + dice.below(3))]);
    else if (kind === 3) bytes = bytes.subarray(0, at + 1);
    else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(dice.below(bytes.length))]);
  }
  return bytes;
}

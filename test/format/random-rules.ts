import { levels, type MatchedField, type RecordRule } from '../../format/record-rules.ts';
import { utf8 } from './oracle.ts';
import { type Dice, RecordWriter } from './random-record.ts';

// Rules, and records of which many fit them: the texts of both are few, and alike.

const texts: Readonly<Record<MatchedField, readonly string[]>> = {
  path: [
    ...[
      '/health',
      '/healthz',
      '/health/../orders',
      '/health/./x',
      '/health/%2E%2e/x',
      '/health/..;/x',
      '/health\\..\\x',
    ],
    ...[
      '/health?full=1',
      '/health#?',
      '/health/%2e%2fx',
      '/health/.well-known/...',
      '/health%2f..',
      '',
      '?',
      '/',
      'sys/health',
    ],
    ...[
      '/v1/catalog/books/4711',
      '/v1/catalog/books/4712',
      '/v1/catalog/books/4711/reviews',
      '/v1/catalog',
      '/v1/ümlaut/\ud800',
    ],
  ],
  route: ['/v1/catalog/:id', '/v1/catalog/*', '/v1/orders/:id', '/health'],
  mount: ['kv/', 'kv', 'ns1/kv/', 'ns1/', 'secret/', 'ns1/ns1/kv', ''],
  namespace: ['ns1/', 'ns1', 'ns1/ns2/', '', 'ns10/'],
  tenant: ['eu-1', 'eu-2', 'us', 'eu-'],
  operation: ['read', 'list', 'update', 'readonly', 're'],
  method: ['GET', 'POST', 'get'],
  outcome: [
    'success',
    'failure',
    'success with a remark that is long',
    'success with a remark that is far longer',
  ],
  type: ['request', 'response', 'login'],
};
const fields = Object.keys(texts) as MatchedField[];

function randomPattern(dice: Dice, field: MatchedField): string {
  const text = utf8(dice.pick(texts[field])).replace(/[?#].*$/, '');
  if (dice.chance(60) && text !== '') return text;
  return `${text.slice(0, dice.below(text.length + 1))}*`;
}

export function randomRules(dice: Dice): readonly RecordRule[] {
  return Array.from({ length: 1 + dice.below(dice.chance(20) ? 20 : 4) }, () => {
    const asked = fields.filter(() => dice.chance(18));
    const match = asked.map(
      (field) =>
        [field, Array.from({ length: 1 + dice.below(3) }, () => randomPattern(dice, field))] as const,
    );
    return { match: new Map(match), level: dice.pick(levels) };
  });
}

/** Records with the fields of rules anywhere, more than once, as other values than texts, and in odd spellings. */
export class RuledRecordWriter {
  readonly #dice: Dice;
  readonly #writer: RecordWriter;

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#writer = new RecordWriter(dice);
  }

  record(): Buffer {
    const names = [
      'type',
      'outcome',
      'request',
      'request',
      'request',
      'response',
      'response',
      'auth',
      'time',
      'error',
      'data',
    ];
    return Buffer.from(this.#object(names, 8, (name) => this.#member(name)));
  }

  #member(name: string): string {
    if (this.#dice.chance(3)) return this.#odd();
    if (name === 'request') {
      const names = [
        'data',
        'data',
        'path',
        'operation',
        'method',
        'route',
        'mount_point',
        'namespace',
        'tenant',
      ];
      return this.#object([...names, ...names, 'id', 'client_token', 'query', 'headers'], 12, (each) =>
        this.#ofRequest(each),
      );
    }
    if (name === 'response') {
      return this.#object(['data', 'data', 'auth', 'wrap_info', 'status', 'redirect'], 5, (each) =>
        this.#ofResponse(each),
      );
    }
    if (name === 'auth') return this.#object(['client_token', 'display_name'], 2, () => this.#secret());
    return this.#text(name);
  }

  #ofRequest(name: string): string {
    if (this.#dice.chance(3)) return this.#odd();
    if (name === 'data' || name === 'query') return this.#data();
    if (name === 'headers') return this.#object(['x-a', 'X-b'], 3, () => `[${this.#secret()}]`);
    if (name === 'namespace') return this.#object(['path', 'id', 'path'], 2, () => this.#text('namespace'));
    if (name === 'id' || name === 'client_token') return this.#secret();
    return this.#text(name === 'mount_point' ? 'mount' : name);
  }

  #ofResponse(name: string): string {
    if (this.#dice.chance(3)) return this.#odd();
    if (name === 'data') return this.#data();
    if (name === 'auth') return this.#object(['client_token', 'accessor'], 2, () => this.#secret());
    if (name === 'wrap_info') return this.#object(['creation_time', 'token'], 2, () => this.#secret());
    return this.#secret();
  }

  #data(): string {
    const dice = this.#dice.below(10);
    if (dice < 2) return this.#odd();
    if (dice < 4) return this.#secret();
    return this.#object(['keys', 'key_info', 'data', 'path', 'x'], 4, () => {
      const value = this.#dice.pick(['[', '{"a":', '']);
      return value + this.#secret() + (value === '[' ? ']' : value === '' ? '' : '}');
    });
  }

  #text(name: string): string {
    const known = (texts as Readonly<Record<string, readonly string[]>>)[name];
    return this.#writer.string(this.#dice.pick(known ?? texts.path), 20);
  }

  /** The same few all over, so that what is left out is elsewhere, too. */
  #secret(): string {
    return this.#writer.string(
      this.#dice.pick(['', 'a', 'b', 'c', 'd', 'hvs.token', '2024-02-29T00:00:00Z', '\ud800']),
      20,
    );
  }

  #odd(): string {
    return this.#dice.pick(['null', '1', 'true', '[]', '{}', '["/health"]', '{"path":"/health"}', '""']);
  }

  #object(names: readonly string[], most: number, value: (name: string) => string): string {
    const members = Array.from({ length: this.#dice.below(most + 1) }, () => {
      const name = this.#dice.pick(names);
      return `${this.#blank()}${this.#writer.string(name, 10)}${this.#blank()}:${this.#blank()}${value(name)}${this.#blank()}`;
    });
    return `{${members.length === 0 ? this.#blank() : members.join(',')}}`;
  }

  #blank(): string {
    return this.#dice.chance(8) ? this.#dice.pick([' ', '\t', '  \r']) : '';
  }
}

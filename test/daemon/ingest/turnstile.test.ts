import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordDoor } from '../../../daemon/ingest/record-door.ts';
import type { Refusal } from '../../../daemon/ingest/refusals.ts';
import { Turns } from '../../../daemon/ingest/turns.ts';
import { Turnstile } from '../../../daemon/ingest/turnstile.ts';
import { Random } from '../../simulation/random.ts';
import { VirtualClock } from '../../simulation/virtual-clock.ts';

/** A session that answers each piece at once, unless it is told to wait. */
class Door implements RecordDoor {
  readonly pieces: string[] = [];
  ended = 0;
  discarded = false;
  answered = true;
  scanning = false;
  heldBytes = 0;
  inFlightBytes = 0;
  inFlightRecords = 0;
  inFlightPlaces = 0;
  unfinishedSince: number | null = null;
  /** Called within each piece. */
  within = (): void => {};

  receive(chunk: Buffer): void {
    this.pieces.push(chunk.toString());
    chunk.fill(0);
    this.within();
  }

  end(): void {
    this.ended++;
  }

  discard(): void {
    this.discarded = true;
  }

  refuseUnfinished(_refusal: Refusal): void {}
}

/** A turnstile in turns of 4 records, two of one client at a time. */
class Gate {
  readonly clock: VirtualClock = new VirtualClock(new Random(1));
  readonly turns: Turns = new Turns(this.clock, { turnCost: 4, pieceCost: 2 });
  readonly door = new Door();
  readonly failures: unknown[] = [];
  passed = 0;
  may = true;
  readonly turnstile: Turnstile = new Turnstile({
    door: this.door,
    turns: this.turns,
    overhead: 0,
    mayPass: () => this.may,
    passed: () => this.passed++,
    fail: (error) => this.failures.push(error),
  });

  receive(text: string): Buffer {
    const chunk = Buffer.from(text);
    this.turnstile.receive(chunk);
    return chunk;
  }

  turn(): void {
    this.clock.fireNext();
  }
}

test('what is little goes through as it came', () => {
  const { door, turnstile } = new Gate();
  turnstile.receive(Buffer.from('a\nb\n'));
  turnstile.receive(Buffer.from('half'));
  assert.deepEqual(door.pieces, ['a\nb\n', 'half']);
  assert.equal(turnstile.empty, true);
  assert.equal(turnstile.answered, true);
});

test('a chunk goes through in pieces of whole records, as many a turn as it may cost', () => {
  const gate = new Gate();
  gate.receive('a\nb\nc\nd\ne\nf\ng\nhalf');
  assert.deepEqual(gate.door.pieces, ['a\nb\n', 'c\nd\n']);
  assert.equal(gate.turnstile.waitingBytes, 'a\nb\nc\nd\ne\nf\ng\nhalf'.length, 'all of its memory');
  assert.equal(gate.turnstile.answered, false);
  gate.turn();
  assert.deepEqual(gate.door.pieces.slice(2), ['e\nf\n', 'g\nhalf']);
  assert.equal(gate.passed, 2);
  assert.equal(gate.turnstile.empty, true);
});

test('what comes behind something that waits stays behind it, the end of the input too', () => {
  const gate = new Gate();
  gate.receive('a\nb\nc\nd\ne\n');
  gate.receive('f\n');
  gate.turnstile.end();
  assert.equal(gate.door.ended, 0);
  gate.turn();
  assert.equal(gate.door.pieces.join(''), 'a\nb\nc\nd\ne\nf\n');
  assert.equal(gate.door.ended, 1);
  gate.turnstile.end();
  assert.equal(gate.door.ended, 1);
});

test('each piece needs leave, and what has none waits until it goes on', () => {
  const gate = new Gate();
  gate.door.within = () => {
    gate.may = false;
  };
  gate.receive('a\nb\nc\n');
  gate.turn();
  assert.deepEqual(gate.door.pieces, ['a\nb\n']);
  gate.turnstile.goOn();
  gate.turn();
  assert.deepEqual(gate.door.pieces, ['a\nb\n'], 'there is still none');
  gate.may = true;
  gate.turnstile.goOn();
  assert.deepEqual(gate.door.pieces, ['a\nb\n'], 'not from within what gives it');
  gate.turn();
  assert.deepEqual(gate.door.pieces, ['a\nb\n', 'c\n']);
});

test('while a piece goes through not all is answered, whatever the session says', () => {
  const gate = new Gate();
  let answered = true;
  gate.door.within = () => {
    answered = gate.turnstile.answered;
  };
  gate.receive('a\n');
  assert.equal(answered, false);
  assert.equal(gate.turnstile.answered, true);
});

test('all at once, without leave or turn, when nobody can be told otherwise', () => {
  const gate = new Gate();
  gate.may = false;
  gate.receive('a\nb\nc\n');
  gate.turnstile.end();
  gate.turnstile.flush();
  assert.deepEqual(gate.door.pieces, ['a\nb\nc\n']);
  assert.equal(gate.door.ended, 1);
  assert.equal(gate.turnstile.empty, true);
});

test('what waits is wiped when nobody takes it, and has no turn', () => {
  const gate = new Gate();
  const chunk = gate.receive('a\nb\nc\nd\ns.secret\n');
  gate.turnstile.discard();
  gate.turn();
  assert.deepEqual(gate.door.pieces, ['a\nb\n', 'c\nd\n']);
  assert.ok(chunk.every((byte) => byte === 0));
  assert.equal(gate.door.discarded, true);
  assert.equal(gate.turnstile.waitingBytes, 0);
  gate.receive('e\n');
  assert.equal(gate.door.pieces.at(-1), 'e\n', 'the session passes over it');
});

test('a defect that is met in a turn is told, and the others have their turn', () => {
  const gate = new Gate();
  gate.receive('a\nb\nc\nd\ne\n');
  gate.door.within = () => {
    throw new RangeError('planted');
  };
  gate.turn();
  assert.deepEqual(
    gate.failures.map((error) => `${error}`),
    ['RangeError: planted'],
  );
});

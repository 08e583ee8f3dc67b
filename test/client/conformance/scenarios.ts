import { type PlayedConnection, replyText } from './played-sidecar.ts';
import type { Scenario, Stage } from './scenario.ts';
import { Broken } from './watch.ts';

function patient(name: string, play: Scenario['play']): Scenario {
  return { name, deadline: 'patient', listens: true, play };
}

function short(name: string, play: Scenario['play']): Scenario {
  return { name, deadline: 'short', listens: true, play };
}

function times(count: number, verdict: string): string[] {
  return Array.from({ length: count }, () => verdict);
}

function wantOrder(seen: readonly number[], from: number, count: number): void {
  for (let index = 0; index < count; index++) {
    if (seen[index] === from + index) continue;
    throw new Broken(`record ${from + index} at place ${index}`, `record ${seen[index] ?? 'none'}`);
  }
}

/** Each code that a sidecar has, and one that it may have one day; every second record is kept. */
const refusals = [
  'not_recorded',
  'ok',
  'no_device',
  'ok',
  'overloaded',
  'ok',
  'invalid_record',
  'ok',
  'too_large',
  'ok',
  'code_of_next_year',
];

/** Replies that a listener with `replies: devices` gives, or a later sidecar might. */
const otherShapes = [
  '{"ok":true,"id":"0","type":"request","devices":{"file/":"recorded","siem/":"late"}}',
  '{ "id" : "1", "ok" : true }',
  '{"ok":false,"message":"größer","code":"not_recorded","devices":{"file/":"late"}}',
  '{"ok":false,"code":"not_recorded"}',
  '{"ok":true,"new":{"ok":false,"code":"not_recorded"}}',
];

/** What no sidecar says. */
const garbage = [
  'HTTP/1.1 400 Bad Request\r\n\r\n',
  'ok\n',
  'true\n',
  '[{"ok":true}]\n',
  '"{\\"ok\\":true}"\n',
  '{"ok":1}\n',
  '{"ok":"true"}\n',
  '{"status":{"ok":true}}\n',
  '{"ok":true\n',
  '\u0000\n',
];

async function serveTheRest({ sidecar, program }: Stage, connection: PlayedConnection): Promise<void> {
  sidecar.greet((next) => next.serve(() => 'ok'));
  connection.serve(() => 'ok');
  program.send(3);
  await program.tells(...times(3, 'ok'));
}

export const scenarios: readonly Scenario[] = [
  patient('order', async ({ program, sidecar }) => {
    sidecar.greet((connection) => connection.serve((record) => (record % 3 === 0 ? 'not_recorded' : 'ok')));
    program.send(300);
    for (let record = 0; record < 300; record++) {
      await program.tells(record % 3 === 0 ? 'refused not_recorded' : 'ok');
    }
    wantOrder(sidecar.log, 0, 300);
  }),

  patient('pipelining, and replies in one write', async ({ program, sidecar }) => {
    program.send(50);
    const connection = await sidecar.connection(0);
    await connection.has(50);
    connection.answer(...times(25, 'ok'), ...times(25, 'no_device'));
    await program.tells(...times(25, 'ok'), ...times(25, 'refused no_device'));
  }),

  short('a bound on the records under way', async ({ program, sidecar }) => {
    const many = 5000;
    program.send(many);
    await program.tells(...times(many, 'refused *'));
    const most = Math.max(...sidecar.connections.map(({ arrived }) => arrived.length));
    if (most === many) throw new Broken('a bound on what is under way without a reply', `${many} records`);
  }),

  patient('refusals', async ({ program, sidecar }) => {
    program.send(refusals.length);
    const connection = await sidecar.connection(0);
    await connection.has(refusals.length);
    connection.answer(...refusals);
    await program.tells(...refusals.map((code) => (code === 'ok' ? 'ok' : `refused ${code}`)));
  }),

  patient('a record that is answered before its end', async ({ program, sidecar }) => {
    sidecar.greet((connection) => connection.pauseAtFirst());
    program.send(1, 4 * 1024 * 1024);
    const connection = await sidecar.connection(0);
    await connection.begins();
    connection.answer('overloaded');
    await program.tells('refused overloaded');
    connection.resume();
    connection.serve(() => 'ok');
    program.send(2);
    await program.tells('ok', 'ok');
    wantOrder(connection.arrived, 0, 3);
  }),

  patient('replies of other shapes', async ({ program, sidecar }) => {
    program.send(otherShapes.length);
    const connection = await sidecar.connection(0);
    await connection.has(otherShapes.length);
    connection.answer(...otherShapes);
    await program.tells('ok', 'ok', 'refused not_recorded', 'refused not_recorded', 'ok');
  }),

  patient('replies that are cut at any byte', async ({ program, sidecar }) => {
    const replies = ['ok', otherShapes[2]!, 'ok'];
    const bytes = Buffer.byteLength(replies.map(replyText).join(''));
    program.send(3 * bytes);
    const connection = await sidecar.connection(0);
    for (let at = 0; at < bytes; at++) {
      await connection.has(3 * (at + 1));
      await connection.answerCut(at, ...replies);
      await program.tells('ok', 'refused not_recorded', 'ok');
    }
  }),

  patient('a sidecar that dies', async ({ program, sidecar }) => {
    program.send(10);
    const first = await sidecar.connection(0);
    await first.has(10);
    first.answer(...times(4, 'ok'));
    await program.tells(...times(4, 'ok'));
    first.destroy();
    program.send(2);
    const second = await sidecar.connection(1);
    await second.has(8);
    wantOrder(second.arrived, 4, 8);
    second.answer(...times(5, 'ok'), ...times(3, 'not_recorded'));
    await program.tells(...times(5, 'ok'), ...times(3, 'refused not_recorded'));
  }),

  patient('a sidecar that dies in the middle of a reply', async ({ program, sidecar }) => {
    program.send(3);
    const first = await sidecar.connection(0);
    await first.has(3);
    first.answer('ok');
    first.write('{"ok":tr');
    first.end();
    await program.tells('ok');
    const second = await sidecar.connection(1);
    await second.has(2);
    wantOrder(second.arrived, 1, 2);
    second.answer('no_device', 'ok');
    await program.tells('refused no_device', 'ok');
  }),

  patient('a sidecar that dies again and again', async ({ program, sidecar }) => {
    // Not all of them are under way at a time: those that were go before those that wait.
    const many = 2000;
    const each = 300;
    sidecar.greet((connection) => {
      let left = each;
      connection.serve(() => {
        if (left-- > 0) return 'ok';
        connection.end();
        return null;
      });
    });
    program.send(many);
    await program.tells(...times(many, 'ok'));
    for (const [index, { arrived }] of sidecar.connections.entries()) {
      const answered = index * each;
      const first = arrived[0] ?? answered;
      if (first > answered) throw new Broken(`record ${answered} first`, `record ${first}`);
      wantOrder(arrived, first, arrived.length);
    }
  }),

  patient('a sidecar that goes and comes back', async ({ program, sidecar }) => {
    program.send(2);
    const first = await sidecar.connection(0);
    await first.has(2);
    first.answer('ok');
    await program.tells('ok');
    sidecar.goAway();
    program.send(2);
    sidecar.greet((connection) => connection.serve(() => 'ok'));
    await sidecar.listen();
    await program.tells(...times(3, 'ok'));
    wantOrder(sidecar.log, 0, 4);
  }),

  {
    ...short('a socket that is not there, and then is', async (stage) => {
      const { program, sidecar } = stage;
      program.send(3);
      await program.tells(...times(3, 'refused *'));
      sidecar.greet((connection) => connection.serve(() => 'ok'));
      await sidecar.listen();
      await untilTold(stage, 'ok');
    }),
    listens: false,
  },

  patient('a sidecar that stops', async ({ program, sidecar }) => {
    program.send(5);
    const first = await sidecar.connection(0);
    await first.has(5);
    first.answer('ok', 'ok', 'stopping', 'stopping', 'stopping');
    first.serve(() => 'stopping');
    first.end();
    program.send(2);
    const second = await sidecar.connection(1);
    second.serve(() => 'ok');
    await program.tells(...times(7, 'ok'));
    wantOrder(second.arrived, 2, 5);
  }),

  short('a sidecar that stops for ever', async ({ program, sidecar }) => {
    sidecar.greet((connection) =>
      connection.serve(() => {
        setImmediate(() => connection.end());
        return 'stopping';
      }),
    );
    program.send(3);
    await program.tells(...times(3, 'refused *'));
  }),

  short('a sidecar that takes records and does not reply', async (stage) => {
    const { program, sidecar } = stage;
    program.send(3);
    const first = await sidecar.connection(0);
    await program.tells(...times(3, 'refused *'));
    // From now on no record is kept: an `ok` can only be a reply to another one.
    sidecar.greet((connection) => connection.serve(() => 'not_recorded'));
    program.send(1);
    await program.untilFate(3, () => sidecar.log);
    if (first.arrived.length > 0) first.answer('ok');
    await program.tells('refused *');
    await untilTold(stage, 'refused not_recorded');
    await first.isGivenUp();
  }),

  short('a sidecar that does not read', async (stage) => {
    const { program, sidecar } = stage;
    sidecar.greet((connection) => connection.pause());
    program.send(300, 4096);
    const first = await sidecar.connection(0);
    await program.tells(...times(300, 'refused *'));
    sidecar.greet((connection) => connection.serve(() => 'not_recorded'));
    await untilTold(stage, 'refused not_recorded');
    first.resume();
    await first.isGivenUp();
  }),

  patient('garbage', async (stage) => {
    const { program, sidecar } = stage;
    program.send(2);
    for (const [index, text] of garbage.entries()) {
      const connection = await sidecar.connection(index);
      // What the last one had no reply to comes first; served, it ends the growing wait between connections.
      const again = index === 0 ? 0 : 2;
      await connection.has(again);
      if (again > 0) connection.answer('ok', 'ok');
      await program.tells(...times(again, 'ok'));
      if (again > 0) program.send(2);
      await connection.has(again + 2);
      wantOrder(connection.arrived, 2 * index - again, again + 2);
      connection.write(text);
      await connection.isGivenUp();
    }
    const connection = await sidecar.connection(garbage.length);
    connection.serve(() => 'ok');
    await program.tells('ok', 'ok');
    await serveTheRest(stage, connection);
  }),

  patient('a reply without an end', async (stage) => {
    const { program, sidecar } = stage;
    program.send(1);
    const first = await sidecar.connection(0);
    await first.has(1);
    const part = Buffer.alloc(64 * 1024, ' ');
    const most = 64 * 1024 * 1024;
    let written = 0;
    const babble = setInterval(() => {
      if (first.unread > 0 || first.ended) return;
      first.write(part);
      written += part.length;
      if (written >= most) first.write(replyText('ok'));
    }, 0);
    try {
      const second = await sidecar.connection(1);
      second.serve(() => 'ok');
      await program.tells('ok');
      await serveTheRest(stage, second);
    } finally {
      clearInterval(babble);
    }
  }),

  patient('a reply that nobody asked for', async (stage) => {
    const { program, sidecar } = stage;
    program.send(1);
    const first = await sidecar.connection(0);
    await first.has(1);
    first.answer('ok');
    await program.tells('ok');
    first.write(replyText('ok'));
    await first.isGivenUp();
    sidecar.greet((connection) => connection.serve(() => 'not_recorded'));
    program.send(1);
    await program.tells('refused not_recorded');
  }),

  patient('the end of the input', async ({ program, sidecar }) => {
    program.send(20);
    program.endInput();
    const connection = await sidecar.connection(0);
    await connection.has(20);
    connection.answer(...times(19, 'ok'));
    await program.tells(...times(19, 'ok'));
    connection.destroy();
    const second = await sidecar.connection(1);
    await second.has(1);
    second.answer('ok');
    await program.tells('ok');
  }),
];

/** Sends one record after another: a client that connects again has that verdict for one, sooner or later. */
async function untilTold({ program, patienceMs }: Stage, verdict: string): Promise<void> {
  const end = performance.now() + patienceMs;
  let found: string;
  do {
    if (performance.now() > end)
      throw new Broken(`"${verdict}" for one of many records`, '"refused …" for each');
    program.send(1);
    found = await program.nextVerdict();
  } while (found !== verdict);
}

import fs from 'node:fs';
import net from 'node:net';
import { plainLine, plainSalt } from './plain-record.ts';

// The same pipeline as the daemon's, without a kernel: `node plain-daemon.js SOCKET FILE`. Records in over a UNIX
// socket, one batched write a chunk, one reply a record once the write has returned.
const [socketPath, file] = process.argv.slice(2) as [string, string];
const salt = plainSalt('412bfd53-96d8-1dd0-d10e-3cf5bf3d9d63');
const descriptor = fs.openSync(file, 'a', 0o600);

net
  .createServer({ allowHalfOpen: true }, (client) => {
    let unfinished = '';
    client.setEncoding('utf8');
    client.on('data', (text: string) => {
      const lines = (unfinished + text).split('\n');
      unfinished = lines.pop()!;
      if (lines.length === 0) return;
      const out = Buffer.from(lines.map((line) => `${plainLine(line, salt)}\n`).join(''));
      fs.write(descriptor, out, (error) => {
        client.write(`{"ok":${error === null}}\n`.repeat(lines.length));
      });
    });
    client.on('end', () => client.end());
    client.on('error', () => {});
  })
  .listen(socketPath, () => process.stdout.write('ready\n'));

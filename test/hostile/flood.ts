import net from 'node:net';

/** How long a flooding client waits before it comes back, in milliseconds. */
const comeBackMs = 200;

/** Between two bytes of a client that sends them one by one. */
const dripMs = 5;

/** Tells a client's next bytes; `null`: no more, and the connection stays open. */
export type Sending = () => Buffer | null;

/**
 * One client that never gives up: connects, sends what it is told as fast as it is taken, and comes back when it is
 * thrown out. `reading`: it takes its replies, and throws them away.
 */
export function besiege(path: string, reading: boolean, sending: () => Sending): void {
  const socket = net.connect(path);
  socket.on('connect', () => {
    const next = sending();
    const pour = (): void => {
      for (let bytes = next(); bytes !== null; bytes = next()) {
        if (!socket.write(bytes)) {
          socket.once('drain', pour);
          return;
        }
      }
    };
    pour();
  });
  if (reading) socket.resume();
  else socket.pause();
  socket.on('error', () => {});
  // A paused socket hears no end: who reads nothing stays until the connection breaks under its writes.
  socket.on('end', () => socket.destroy());
  socket.on('close', () => setTimeout(() => besiege(path, reading, sending), comeBackMs));
}

/** One client that sends `first` and then byte after byte, each in a packet of its own; it comes back, too. */
export function drip(path: string, first: Buffer): void {
  const socket = net.connect(path);
  const one = Buffer.from('a');
  let timer: NodeJS.Timeout | null = null;
  socket.on('connect', () => {
    socket.write(first);
    timer = setInterval(() => {
      if (socket.writableLength === 0) socket.write(one);
    }, dripMs);
  });
  socket.resume();
  socket.on('error', () => {});
  socket.on('close', () => {
    if (timer !== null) clearInterval(timer);
    setTimeout(() => drip(path, first), comeBackMs);
  });
}

/** The same bytes again and again. */
export function endlessly(bytes: Buffer): () => Sending {
  return () => () => bytes;
}

/** The first once, then `times` the second, then nothing. */
export function upTo(first: Buffer, second: Buffer, times: number): () => Sending {
  return () => {
    let sent = -1;
    return () => {
      sent++;
      if (sent === 0) return first;
      return sent <= times ? second : null;
    };
  };
}

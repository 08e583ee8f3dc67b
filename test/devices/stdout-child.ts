import type { Device } from '../../devices/device.ts';
import { parseDevice } from '../../devices/registry.ts';
import { unheardSettings } from './unheard-settings.ts';

/** What the parent asks for; `id` comes back with the answer. */
interface Request {
  readonly id: number;
  readonly call: 'open' | 'reopen' | 'write' | 'close' | 'abort';
  readonly bytes?: Uint8Array;
  readonly ends?: Uint32Array;
  readonly aborted?: boolean;
}

// The device for standard output needs a process of its own, whose standard output the test reads.
const device: Device = parseDevice('file', { file_path: 'STDOUT' }).create(unheardSettings);
let controller = new AbortController();

process.on('message', (request: Request) => {
  if (request.call === 'abort') {
    controller.abort();
    return;
  }
  answer(request).then(
    (result) => process.send!({ id: request.id, result }),
    (error: { reason?: string; message: string }) =>
      process.send!({ id: request.id, failure: { reason: error.reason, message: error.message } }),
  );
});
process.on('disconnect', () => process.exit());

async function answer(request: Request): Promise<unknown> {
  controller = new AbortController();
  if (request.aborted) controller.abort();
  switch (request.call) {
    case 'open':
      return await device.open(controller.signal);
    case 'reopen':
      return await device.reopen(controller.signal);
    case 'close':
      return await device.close(AbortSignal.abort());
    default: {
      const lines = { bytes: Buffer.from(request.bytes!), ends: request.ends! };
      const { settled, refused, failure } = await device.write(lines, controller.signal);
      return {
        settled,
        refused,
        failure: failure === null ? null : { reason: failure.reason, message: failure.message },
      };
    }
  }
}

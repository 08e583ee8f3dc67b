import { fstatSync } from 'node:fs';
import type { Device, DeviceSettings } from '../device.ts';
import { OutputDescriptor } from './output-descriptor.ts';
import { OutputStream } from './output-stream.ts';

/**
 * The device for the process's standard output. A pipe or socket is written through Node's stream, which does not
 * wait; a file or terminal through its descriptor. Either way neither the main thread nor, for good, one of the few
 * threads that serve all files is blocked.
 */
export function standardOutput(settings: DeviceSettings): Device {
  const found = fstatSync(1);
  return found.isFIFO() || found.isSocket() ? new OutputStream(settings) : new OutputDescriptor();
}

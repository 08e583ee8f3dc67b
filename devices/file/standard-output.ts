import { fstatSync } from 'node:fs';
import type { Device, DeviceSettings } from '../device.ts';
import { OutputDescriptor } from './output-descriptor.ts';
import { OutputStream } from './output-stream.ts';

/**
 * The device for the process's standard output. What that is decides how it is written without ever blocking the
 * main thread or, for good, one of the few threads that serve all files: a pipe or socket through Node's stream,
 * which does not wait; a file or terminal through its descriptor.
 */
export function standardOutput(settings: DeviceSettings): Device {
  const found = fstatSync(1);
  return found.isFIFO() || found.isSocket() ? new OutputStream(settings) : new OutputDescriptor();
}

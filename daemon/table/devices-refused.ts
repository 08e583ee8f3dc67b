/** Devices that cannot work until an operator changes something. */
export class DevicesRefused extends Error {
  override readonly name = 'DevicesRefused';
}

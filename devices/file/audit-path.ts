import { DeviceFailure, type DeviceSettings } from '../device.ts';
import { failureOf } from '../failure-reasons.ts';
import { type AuditFileOptions, openAuditFile } from './audit-file.ts';
import type { OpenFile } from './open-file.ts';
import { refusePlantedLink } from './planted-link.ts';

export interface AuditPathOptions extends AuditFileOptions {
  /** `false`: the first open wants a file that is there, as the reference does for an API device with mode `0000`. */
  readonly makesFile: boolean;
}

/** Where a device's file lies, and what has been seen there over its life. */
export class AuditPath {
  readonly #options: AuditPathOptions;
  readonly #settings: DeviceSettings;
  #everOpened = false;
  /** The trouble that was told, and is not over. */
  #told: string | null = null;

  constructor(options: AuditPathOptions, settings: DeviceSettings) {
    this.#options = options;
    this.#settings = settings;
  }

  /** Opens the file that lies there. Rejects with a `DeviceFailure`. */
  async open(): Promise<OpenFile> {
    const makesFile = this.#options.makesFile || this.#everOpened;
    try {
      const file = await openAuditFile(this.#options, makesFile ? 'make' : 'refuse');
      this.#everOpened = true;
      this.isWell();
      return file;
    } catch (error) {
      const { reason, message } = failureOf('', error);
      // What once worked may work again: a disk mounted read-only after an error, a directory swapped in a rotation.
      const permanent = !this.#everOpened && (reason === 'permission' || reason === 'unsuitable');
      throw new DeviceFailure(reason, message, { permanent });
    }
  }

  /** Opens what lies there instead of the device's file, and tells what hinders that: the file may still take lines. */
  async openInstead(): Promise<OpenFile> {
    try {
      await refusePlantedLink(this.#options.path);
      return await this.open();
    } catch (error) {
      const trouble = failureOf('', error);
      // Once, until it is over: the path is looked at each second.
      if (this.#told !== trouble.message) this.#settings.onTrouble(trouble);
      this.#told = trouble.message;
      throw error;
    }
  }

  /** Another file is there now in place of one that has no name any more. */
  tellDeleted(): void {
    const message = `Audit file "${this.#options.path}" was deleted: it is made anew`;
    this.#settings.onTrouble(new DeviceFailure('not_found', message));
  }

  /** The path leads to the device's file. */
  isWell(): void {
    this.#told = null;
  }
}

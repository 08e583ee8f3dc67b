import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

/** A file system of its own that can be frozen: who writes to it then waits in the operating system until it is thawed. */
export class FrozenDisk {
  readonly folder: string;
  #frozen = false;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** `null` where that is not possible; then the test is skipped. */
  static mount(test: TestContext): FrozenDisk | null {
    const folder = mkdtempSync(path.join(tmpdir(), 'as-disk-'));
    const image = path.join(folder, 'disk.img');
    const disk = new FrozenDisk(path.join(folder, 'disk'));
    writeFileSync(image, Buffer.alloc(16 * 1024 * 1024));
    mkdirSync(disk.folder);
    test.after(() => {
      disk.thaw();
      ran('umount', '-l', disk.folder);
      rmSync(folder, { recursive: true });
    });
    if (!ran('mkfs.ext4', '-q', image) || !ran('mount', '-o', 'loop', image, disk.folder) || !disk.freeze()) {
      test.skip('needs root, and loop mounts that can be frozen');
      return null;
    }
    disk.thaw();
    return disk;
  }

  /** Whether it is frozen now. */
  freeze(): boolean {
    this.#frozen = ran('fsfreeze', '-f', this.folder);
    return this.#frozen;
  }

  thaw(): void {
    if (this.#frozen) ran('fsfreeze', '-u', this.folder);
    this.#frozen = false;
  }
}

function ran(command: string, ...words: string[]): boolean {
  return spawnSync(command, words, { stdio: 'ignore' }).status === 0;
}

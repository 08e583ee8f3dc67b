import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { OptionTexts } from '../../devices/device-kind.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { LaneStandIn } from './lane-stand-in.ts';
import { StoppedClock } from './stopped-clock.ts';

/** A file device on a new folder. */
export interface FileSubject {
  readonly directory: string;
  readonly file: string;
  readonly lane: LaneStandIn;
  /** The device's time, which stands still until a test says otherwise. */
  readonly clock: StoppedClock;
  /** The whole lines of a file of that folder; throws when its last line is torn. */
  lines(name?: string): string[];
}

export function fileSubject(test: TestContext, options: OptionTexts = {}, folder?: string): FileSubject {
  const directory = folder ?? path.join(temporaryDirectory(test), 'log');
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, 'audit.log');
  const clock = new StoppedClock();
  return {
    directory,
    file,
    clock,
    lane: new LaneStandIn(test, 'file', { file_path: file, ...options }, undefined, clock),
    lines: (name = 'audit.log') => wholeLinesOf(path.join(directory, name)),
  };
}

/** The lines of a file; throws when the last one is torn. */
export function wholeLinesOf(file: string): string[] {
  const parts = readFileSync(file, 'utf8').split('\n');
  if (parts.pop() !== '') throw new Error(`The last line of ${file} is torn`);
  return parts;
}

import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import path from 'node:path';
import type { Mutation } from './mutation.ts';
import { mutationsOf } from './mutations.ts';

/** A fault in one of our sources. */
export interface Mutant {
  /** The source, from the top of the project: `daemon/delivery/lane.ts`. */
  readonly file: string;
  /** Where the fault stands in it. */
  readonly line: number;
  readonly mutation: Mutation;
}

/** What the compiler made of one source, with the map back to it. */
export class CompiledFile {
  readonly file: string;
  readonly text: string;
  readonly #map: SourceMap;

  /** `build`: a folder of compiled sources that was built with source maps. */
  constructor(build: string, file: string) {
    this.file = file;
    const compiled = path.join(build, compiledName(file));
    this.text = readFileSync(compiled, 'utf8');
    this.#map = new SourceMap(JSON.parse(readFileSync(`${compiled}.map`, 'utf8')));
  }

  mutants(): Mutant[] {
    return mutationsOf(this.text).map((mutation) => ({
      file: this.file,
      line: this.#lineInSource(mutation.start),
      mutation,
    }));
  }

  #lineInSource(offset: number): number {
    const before = this.text.slice(0, offset);
    const line = before.split('\n').length - 1;
    const entry = this.#map.findEntry(line, offset - before.lastIndexOf('\n') - 1);
    return 'originalLine' in entry ? entry.originalLine + 1 : 0;
  }
}

/** The name under which a source is compiled. */
export function compiledName(file: string): string {
  return file.replace(/\.ts$/, '.js');
}

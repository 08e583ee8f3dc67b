import { Composer, type CST, type Document, type LineCounter, Parser } from 'yaml';

/** Far above the depth of any configuration, far below what the library's recursion has stack for. */
const deepest = 100;

/**
 * The documents of a YAML text, `null` when it is nested too deep. The library's first step goes by loops, its second
 * by recursion, and a few kilobytes of brackets exhaust the stack: then a pattern that is compiled just there ends the
 * process (V8 takes it for a lack of memory). So what the first step made is measured before the second.
 */
export function parseDocuments(text: string, lineCounter: LineCounter): Document.Parsed[] | null {
  // The core schema is named so that a %YAML 1.1 line cannot bring back `yes` for true and merge keys.
  const options = {
    lineCounter,
    prettyErrors: false,
    stringKeys: true,
    schema: 'core',
    logLevel: 'silent',
  } as const;
  const tokens = [...new Parser(lineCounter.addNewLine).parse(text)];
  if (isDeeperThan(deepest, tokens)) return null;
  return [...new Composer(options).compose(tokens)] as Document.Parsed[];
}

function isDeeperThan(most: number, tokens: readonly CST.Token[]): boolean {
  let level: readonly CST.Token[] = tokens;
  // A document itself is a level.
  for (let depth = -1; depth <= most; depth++) {
    if (level.length === 0) return false;
    level = level.flatMap(tokensBelow);
  }
  return level.length > 0;
}

function tokensBelow(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value].filter((each) => each != null));
}

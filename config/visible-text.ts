/**
 * What JSON does not escape and a terminal or a line reader may act on: C1 controls, format characters such as those
 * that reverse the direction of text, and Unicode's two other line ends.
 */
const hidden = /[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu;

/** What JSON escapes, but for quotes and backslashes: C0 controls, and halves of pairs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f]|\p{Cs}/gu;

/** JSON text in which nothing is hidden; it means the same. */
export function visibleJson(json: string): string {
  return json.replace(hidden, escaped);
}

/**
 * Text from outside as it may stand on a terminal: what would move the cursor, change colours, reorder the line or end it
 * is shown as its escape. `\n` becomes one, too.
 */
export function visible(text: string): string {
  return visibleJson(text.replace(controls, (unit) => JSON.stringify(unit).slice(1, -1)));
}

/** As `visible`, for text of several lines of ours that quotes what may hold anything but a line end. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

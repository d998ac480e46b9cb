/** How text is marked. Without colour, marks say nothing: every word must stand without them. */
export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly notable: (text: string) => string;
  readonly dim: (text: string) => string;
}

const plain = (text: string): string => text;
const sgr = (code: number) => (text: string) => (text === '' ? text : `\u001b[${code}m${text}\u001b[0m`);

export const PLAIN: Style = { good: plain, bad: plain, notable: plain, dim: plain };
export const COLOURED: Style = { good: sgr(32), bad: sgr(31), notable: sgr(33), dim: sgr(2) };

/** Control, bidirectional and line-separating characters: what could move the cursor, hide text, or split a line. */
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text from users (names, error messages) made fit for one line of a terminal: what cannot be seen is written as `\u001b`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Virtual time as `m:ss.mmm`, to the ms below. @param micros whole µs, ≥ 0 */
export function clock(micros: number): string {
  const ms = Math.floor(micros / 1000);
  const seconds = Math.floor(ms / 1000);
  const pad = (value: number, width: number): string => String(value).padStart(width, '0');
  return `${Math.floor(seconds / 60)}:${pad(seconds % 60, 2)}.${pad(ms % 1000, 3)}`;
}

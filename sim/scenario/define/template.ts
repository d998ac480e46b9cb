import type { Data } from '../../../src/model/data.js';
import type { Path } from '../problem.js';

// Values that refer to others: `${params.trip}`. References are data: there are no expressions, so reading a scenario runs no code.

/** `${outputs.bookHotel.id}`: root `outputs`, path `bookHotel`, `id`. */
export interface Reference {
  /** As it stands in the file. */
  readonly text: string;
  readonly root: string;
  readonly path: readonly string[];
}

/** What a reference stands for. @throws Error if that is not there */
export type Lookup = (reference: Reference) => Data;

/** A value whose references are still open. A text that is one reference and nothing else becomes what it refers to, of whatever type. */
export type Template = (lookup: Lookup) => Data;

/** What a template is checked with, while it is read. */
export interface TemplateReader {
  reference(reference: Reference, path: Path): void;
  malformed(message: string, path: Path): void;
}

type Part = string | Reference;

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const NAMES = /^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9_-]+)*$/;

/** @param path where `value` stands */
export function readTemplate(value: Data, path: Path, reader: TemplateReader): Template {
  if (typeof value === 'string') return textTemplate(value, path, reader);
  if (typeof value !== 'object' || value === null) return () => value;
  if (Array.isArray(value)) {
    const items = value.map((item: Data, i) => readTemplate(item, [...path, i], reader));
    return (lookup) => items.map((item) => item(lookup));
  }
  const fields = Object.entries(value).map(([key, field]) => [key, readTemplate(field as Data, [...path, key], reader)] as const);
  return (lookup) => Object.fromEntries(fields.map(([key, field]) => [key, field(lookup)]));
}

function textTemplate(text: string, path: Path, reader: TemplateReader): Template {
  const parts = partsOf(text, path, reader);
  for (const part of parts) if (typeof part !== 'string') reader.reference(part, path);
  const [first] = parts;
  if (parts.length === 1 && first !== undefined && typeof first !== 'string') return (lookup) => lookup(first);
  return (lookup) => parts.map((part) => (typeof part === 'string' ? part : wordOf(part, lookup(part)))).join('');
}

function partsOf(text: string, path: Path, reader: TemplateReader): readonly Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    if (match.index > end) parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    const [whole, names = '', close] = match;
    if (whole === '$${') parts.push('${');
    else if (close === '}' && NAMES.test(names)) {
      const [root = '', ...rest] = names.split('.');
      parts.push({ text: whole, root, path: rest });
    } else {
      reader.malformed(`${JSON.stringify(whole)} is no reference: write \${params.name}, or $\${ for the characters themselves`, path);
    }
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}

function wordOf({ text }: Reference, value: Data): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`${text} is ${value === null ? 'null' : Array.isArray(value) ? 'a list' : 'a mapping'}, and cannot be a part of a text`);
}

/** What stands at `path` within `value`. @throws Error naming the reference */
export function within(value: Data | undefined, path: readonly string[], { text }: Reference): Data {
  let at = value;
  for (const key of path) {
    const fields: { readonly [key: string]: Data } = typeof at === 'object' && at !== null ? (at as { readonly [key: string]: Data }) : {};
    at = Object.hasOwn(fields, key) ? fields[key] : undefined;
  }
  if (at === undefined) throw new Error(`${text} is not there`);
  return at;
}

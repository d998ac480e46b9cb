import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml';
import { SeatbeltError } from '../../src/model/errors.js';
import type { Path, Problem } from './problem.js';
import { yamlFault } from './yaml-faults.js';

/** A parsed file that knows where each of its values stands. */
export interface ScenarioDocument {
  /** Plain data: no cycles, no dates, no NaN. */
  readonly value: unknown;
  /** `file.yaml:12:5`: where `path` stands, or as near to it as the file goes. */
  place(path: Path, at: Problem['at']): string;
  /** How many of the path's keys, from the first, the file has. */
  depth(path: Path): number;
}

/**
 * Reads YAML 1.2 with the core schema and nothing more: no tags of its own, no dates, keys are strings. JSON is a part of that.
 * @param file names the text in errors
 * @throws SeatbeltError `BAD_SCENARIO`: one line, with file, line and column
 */
export function parseYaml(text: string, file: string): ScenarioDocument {
  const lines = new LineCounter();
  const where = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const refuse = (offset: number, what: string): never => {
    throw new SeatbeltError('BAD_SCENARIO', `${where(offset)}: ${what}`);
  };

  const document = parsed(text, file, lines);
  const [fault] = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  if (fault !== undefined) refuse(fault.pos[0], yamlFault(fault.code));
  refuseUnplain(document, refuse);
  return {
    value: toValue(document, file),
    place: (path, at) => where(walk(document, path, at).offset),
    depth: (path) => walk(document, path, 'value').depth,
  };
}

function parsed(text: string, file: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, { lineCounter, schema: 'core', resolveKnownTags: false, stringKeys: true, prettyErrors: false, logLevel: 'error' });
  } catch (cause) {
    // Absurdly deep nesting exhausts the parser's stack.
    throw new SeatbeltError('BAD_SCENARIO', `${file}:1:1: is nested too deeply`, { cause });
  }
}

function toValue(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new SeatbeltError('BAD_SCENARIO', `${file}:1:1: its aliases stand for more than a scenario can hold`, { cause });
  }
}

/** What YAML can say and plain data cannot. */
function refuseUnplain(document: Document.Parsed, refuse: (offset: number, what: string) => never): void {
  visit(document, {
    Alias(_, node, ancestors) {
      const target = node.resolve(document);
      if (target !== undefined && ancestors.includes(target)) refuse(startOf(node), 'an alias to what contains it');
    },
    Pair(_, pair) {
      if (isScalar(pair.key) && pair.key.value === '__proto__') refuse(startOf(pair.key), "a key named '__proto__'");
    },
    Scalar(_, node) {
      if (typeof node.value === 'number' && !Number.isFinite(node.value)) refuse(startOf(node), 'only finite numbers can be used');
    },
  });
}

/** Follows a path as far as the file has it. */
function walk(document: Document.Parsed, path: Path, at: Problem['at']): { readonly depth: number; readonly offset: number } {
  let node: Node | null = document.contents;
  let offset = startOf(node);
  for (const [depth, key] of path.entries()) {
    const step = child(document, node, key);
    if (step === undefined) return { depth, offset };
    node = step.value;
    offset = startOf(at === 'key' && depth === path.length - 1 ? step.key : (step.value ?? step.key));
  }
  return { depth: path.length, offset };
}

type Child = { readonly key: Node | null; readonly value: Node | null };

function child(document: Document.Parsed, parent: Node | null, key: string | number): Child | undefined {
  const inside: Node | null | undefined = isAlias(parent) ? parent.resolve(document) : parent;
  if (isMap<Node, Node | null>(inside)) {
    return inside.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
  }
  const item = isSeq<Node>(inside) ? inside.items[Number(key)] : undefined;
  return item === undefined ? undefined : { key: item, value: item };
}

function startOf(node: Node | null | undefined): number {
  return node?.range?.[0] ?? 0;
}

import type { Data } from '../../../src/model/data.js';
import type { Path, Problem } from '../problem.js';
import { suggestion } from '../nearest.js';
import type { ParamDeclaration } from './declaration.js';
import { readTemplate, within, type Lookup, type Reference, type Template } from './template.js';

/** What values of a declared command can refer to, while it runs. */
export interface Moment {
  readonly commandId: string;
  readonly params: Data;
  readonly outputs: { readonly [step: string]: Data | undefined };
  /** What the step's `beforeTask` has kept. */
  readonly before?: Data | undefined;
  /** Of the callback's calls so far, by their names. */
  readonly results?: { readonly [call: string]: Data };
  /** Within `each`. */
  readonly item?: Data;
  /** The task that `beforeRetry` comes before the next attempt of. */
  readonly failed?: Data;
  /** The task that `probe` is asked about. */
  readonly task?: Data;
  newId(name: string): string;
}

/** What can be referred to at one place of a declaration. */
export interface Known {
  readonly params: { readonly [name: string]: ParamDeclaration };
  /** By step, what its output is made of; null: it has none. In the order of the steps. */
  readonly outputs: ReadonlyMap<string, readonly string[] | null>;
  /** Steps whose output is not there yet. */
  readonly laterSteps: readonly string[];
  /** The names that `beforeTask` keeps, or why they cannot be had here. */
  readonly before: readonly string[] | string;
  readonly results: readonly string[];
  readonly item: boolean;
  readonly failed: boolean;
  /** Where a task is asked about: the names of its arguments. */
  readonly task: readonly string[] | null;
  /** Ids are of a step. */
  readonly newId: boolean;
}

/** Reads the values of one place: what they refer to must be there. Problems are collected, not thrown. */
export class Names {
  constructor(
    readonly known: Known,
    private readonly problems: Problem[],
  ) {}

  with(change: Partial<Known>): Names {
    return new Names({ ...this.known, ...change }, this.problems);
  }

  refuse(path: Path, message: string, at: Problem['at'] = 'value'): void {
    this.problems.push({ path, at, message });
  }

  value(value: Data, path: Path): (at: Moment) => Data {
    const template = this.#read(value, path);
    return (at) => template(lookupIn(at));
  }

  /** @throws Error at its use, if what is referred to is no text */
  text(text: string, path: Path): (at: Moment) => string {
    const template = this.#read(text, path);
    return (at) => {
      const value = template(lookupIn(at));
      if (typeof value === 'string') return value;
      throw new Error(`${text} is ${JSON.stringify(value)}, and should be text`);
    };
  }

  mapping(fields: { readonly [key: string]: Data }, path: Path): (at: Moment) => { readonly [key: string]: Data } {
    const templates = Object.entries(fields).map(([key, field]) => [key, this.value(field, [...path, key])] as const);
    return (at) => Object.fromEntries(templates.map(([key, template]) => [key, template(at)]));
  }

  #read(value: Data, path: Path): Template {
    return readTemplate(value, path, {
      malformed: (message, at) => this.refuse(at, message),
      reference: (reference, at) => {
        const problem = this.#problemWith(reference);
        if (problem !== null) this.refuse(at, `${reference.text}: ${problem}`);
      },
    });
  }

  #problemWith({ root, path: [name, ...rest] }: Reference): string | null {
    switch (root) {
      case 'params':
        return oneOf('param', name, Object.keys(this.known.params));
      case 'outputs':
        return this.#problemWithOutput(name, rest);
      case 'before':
        return typeof this.known.before === 'string' ? this.known.before : oneOf('value that beforeTask keeps', name, this.known.before);
      case 'results':
        return oneOf('result of an earlier call', name, this.known.results);
      case 'item':
        return this.known.item ? null : 'there is an item only where each is';
      case 'failed':
        return this.known.failed ? oneOf('part of the failed task', name, FAILED) : 'only beforeRetry is about a task that has failed';
      case 'task':
        return this.#problemWithTask(name, rest);
      case 'newId':
        if (!this.known.newId) return 'ids are made by steps';
        return name === undefined || rest.length > 0 ? 'write ${newId.name}' : null;
      case 'commandId':
        if (!this.known.newId) return 'locks are a function of the params';
        return name === undefined ? null : 'it has no parts';
      default:
        return `unknown reference${suggestion(root, ['params', 'outputs', 'before', 'results', 'item', 'failed', 'task', 'newId', 'commandId'])}`;
    }
  }

  #problemWithTask(part: string | undefined, [arg]: readonly string[]): string | null {
    const { task } = this.known;
    if (task === null) return 'only probe is about a task that it is asked about';
    const problem = oneOf('part of the task', part, TASK);
    return problem !== null || part !== 'args' || arg === undefined ? problem : oneOf('argument of the task', arg, task);
  }

  #problemWithOutput(step: string | undefined, [field]: readonly string[]): string | null {
    if (step !== undefined && this.known.laterSteps.includes(step)) return `step '${step}' has no output yet: only earlier steps have`;
    const problem = oneOf('earlier step', step, [...this.known.outputs.keys()]);
    const fields = this.known.outputs.get(step ?? '');
    if (problem !== null || fields === undefined) return problem;
    if (fields === null) return `step '${step}' has no output`;
    return field === undefined ? null : oneOf(`output of step '${step}'`, field, fields);
  }
}

/** What is to be known of a task that has failed. */
const FAILED = ['verb', 'args', 'entity', 'attempt'];

/** What is to be known of one that is asked about. */
const TASK = ['verb', 'args', 'entity'];

function oneOf(what: string, name: string | undefined, known: readonly string[]): string | null {
  if (name === undefined) return `say which ${what}`;
  return known.includes(name) ? null : `unknown ${what} '${name}'${suggestion(name, known)}`;
}

function lookupIn(at: Moment): Lookup {
  return (reference) => within(rootOf(at, reference), reference.root === 'newId' ? [] : reference.path, reference);
}

function rootOf(at: Moment, { root, path }: Reference): Data | undefined {
  switch (root) {
    case 'params':
      return at.params;
    case 'outputs':
      // An output that is not there yet is no data, and is looked for no further.
      return Object.fromEntries(Object.entries(at.outputs).flatMap(([step, output]) => (output === undefined ? [] : [[step, output]])));
    case 'before':
      return at.before;
    case 'results':
      return at.results;
    case 'item':
      return at.item;
    case 'failed':
      return at.failed;
    case 'task':
      return at.task;
    case 'newId':
      return at.newId(path[0] ?? '');
    case 'commandId':
      return at.commandId;
    default:
      return undefined;
  }
}

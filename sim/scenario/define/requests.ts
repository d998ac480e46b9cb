import type { Data } from '../../../src/model/data.js';
import type { ChildRequest } from '../../../src/model/handler.js';
import type { TaskRequest } from '../../../src/model/task.js';
import { IN_OUR_WORDS } from '../../../src/model/wording.js';
import { outcomesSchema } from '../verb-schema.js';
import type { KnownVerb } from '../check.js';
import { suggestion } from '../nearest.js';
import { namesOf } from '../pools.js';
import type { Path } from '../problem.js';
import type { ChildDeclaration, TaskDeclaration } from './declaration.js';
import { placed, repeated } from './each.js';
import type { Moment, Names } from './names.js';
import type { Surroundings } from './surroundings.js';

// What a declared callback asks for: tasks and children.

export type Tasks = (at: Moment) => readonly TaskRequest[];

export function readTasks(tasks: TaskDeclaration | readonly TaskDeclaration[], path: Path, names: Names, around: Surroundings): Tasks {
  const all = placed(tasks, path).map(({ item, path: here }) => readTask(item, here, names, around));
  return (at) => all.flatMap((task) => task(at));
}

function readTask(task: TaskDeclaration, path: Path, outer: Names, around: Surroundings): Tasks {
  const { names, moments } = repeated(task, path, outer);
  const args = readVerb(task, ['spm'], path, names, around);
  const pool = names.text(poolOf(task, path, names, around), [...path, 'pool']);
  const entity = task.entity === undefined ? null : names.text(task.entity, [...path, 'entity']);
  return (at) =>
    moments(at).map((moment) => ({
      verb: task.verb,
      args: args(moment),
      pool: pool(moment),
      ...(entity === null ? {} : { entity: entity(moment) }),
      doneCodes: task.doneCodes,
      repeatable: task.repeatable,
    }));
}

function poolOf({ pool }: TaskDeclaration, path: Path, names: Names, { pools }: Surroundings): string {
  const [first, second] = pools;
  if (pool === undefined && second !== undefined) names.refuse(path, `say in which pool: ${namesOf(pools)}`);
  const known = pools.map(({ id }) => id);
  if (pool !== undefined && !pool.includes('${') && !known.includes(pool)) {
    names.refuse([...path, 'pool'], `unknown pool '${pool}'${suggestion(pool, known)}`);
  }
  return pool ?? first?.id ?? '';
}

export type VerbUse = Pick<TaskDeclaration, 'verb' | 'args'> & { readonly outcomes?: readonly string[] };

/** The arguments of a verb that there is, of one of these kinds. */
export function readVerb(use: VerbUse, kinds: readonly KnownVerb['kind'][], path: Path, names: Names, around: Surroundings): (at: Moment) => { readonly [arg: string]: Data } {
  const known = around.verbs.find(({ name }) => name === use.verb);
  if (known === undefined) names.refuse([...path, 'verb'], `unknown verb '${use.verb}'${suggestion(use.verb, around.verbs.map(({ name }) => name))}`);
  else if (!kinds.includes(known.kind)) names.refuse([...path, 'verb'], `'${use.verb}' ${HOW[known.kind]}`);
  else checkArgs(use, known, path, names);
  const args = names.mapping(use.args, [...path, 'args']);
  const { outcomes } = use;
  if (outcomes === undefined) return args;
  if (known !== undefined && !known.scripted) names.refuse([...path, 'outcomes'], `'${use.verb}' has no script: use faults, or a verb of the scenario's own`, 'key');
  const flaw = outcomesSchema.safeParse(outcomes, IN_OUR_WORDS).error?.issues[0];
  if (flaw !== undefined) names.refuse([...path, 'outcomes', ...flaw.path.map(Number)], flaw.message);
  return (at) => ({ ...args(at), outcomes });
}

const HOW: Readonly<Record<KnownVerb['kind'], string>> = {
  spm: 'runs as a task, and cannot be called',
  hsm: 'is called, and neither a task nor a mere look',
  read: 'only reads, and is no task',
};

function checkArgs({ args }: VerbUse, { name, argNames }: KnownVerb, path: Path, names: Names): void {
  for (const arg of Object.keys(args)) {
    if (!argNames.includes(arg)) names.refuse([...path, 'args', arg], `unknown argument of ${name} '${arg}'${suggestion(arg, argNames)}`, 'key');
  }
  const missing = argNames.filter((arg) => !Object.hasOwn(args, arg));
  if (missing.length > 0) names.refuse([...path, 'args'], `${name} also wants ${missing.join(', ')}`);
}

export type Children = (at: Moment) => readonly ChildRequest[];

export function readChildren(children: ChildDeclaration | readonly ChildDeclaration[], path: Path, names: Names, around: Surroundings): Children {
  const all = placed(children, path).map(({ item, path: here }) => readChild(item, here, names, around));
  return (at) => all.flatMap((child) => child(at));
}

function readChild({ type, params, independent, ...entry }: ChildDeclaration, path: Path, outer: Names, around: Surroundings): Children {
  const { names, moments } = repeated(entry, path, outer);
  if (!around.commandTypes.includes(type)) names.refuse([...path, 'type'], `unknown command type '${type}'${suggestion(type, around.commandTypes)}`);
  const values = names.mapping(params, [...path, 'params']);
  return (at) => moments(at).map((moment) => ({ type, params: values(moment), ...(independent ? { independent: true } : {}) }));
}

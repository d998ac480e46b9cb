import { defineCommand, type CommandDefinition } from '../../../src/model/command.js';
import type { Data } from '../../../src/model/data.js';
import { SeatbeltError } from '../../../src/model/errors.js';
import type { ErasedHandler } from '../../../src/model/handler.js';
import type { LockRequest } from '../../../src/model/lock.js';
import type { Path, Problem } from '../problem.js';
import type { CommandDeclaration } from './declaration.js';
import { placed, repeated } from './each.js';
import { readHandler } from './handler.js';
import { Names, type Known, type Moment } from './names.js';
import { paramsSchema } from './params.js';
import type { Surroundings } from './surroundings.js';

/**
 * A declared command as the engine knows any other: the steps go through `defineCommand`, and nothing downstream can tell.
 * @param path where the declaration stands
 * @returns null if there are problems
 */
export function readCommand(
  declaration: CommandDeclaration,
  path: Path,
  around: Surroundings,
): { readonly definition: CommandDefinition | null; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const { type, version, params, handlers, lockWait } = declaration;
  const { schema, problems: ofParams } = paramsSchema(params, [...path, 'params']);
  problems.push(...ofParams);

  const known: Known = { params, outputs: new Map(), laterSteps: [], before: 'there is no step here', results: [], item: false, failed: false, task: null, newId: false };
  const locks = readLocks(declaration, path, new Names(known, problems));
  const steps = handlers.map((handler, i) => {
    const here = [...path, 'handlers', i];
    const twin = handlers.findIndex(({ name }) => name === handler.name);
    if (twin < i) problems.push({ path: [...here, 'name'], at: 'value', message: `'${handler.name}' is the name of handlers[${twin}] already` });
    const outputs = new Map(handlers.slice(0, i).map(({ name, endSuccessfully: { output } }) => [name, output === undefined ? null : Object.keys(output)]));
    const laterSteps = handlers.slice(i).map(({ name }) => name);
    const before = 'beforeTask has not kept anything yet';
    return readHandler(handler, here, new Names({ ...known, outputs, laterSteps, before, newId: true }, problems), around);
  });
  if (problems.length > 0) return { definition: null, problems };
  try {
    const builder = defineCommand({ type, version, params: schema, locks, lockWait: lockWait === 'refuse' ? lockWait : { limitMs: lockWait / 1000 } });
    return { definition: built(builder as unknown as Builder, steps), problems };
  } catch (error) {
    if (!(error instanceof SeatbeltError)) throw error;
    return { definition: null, problems: [{ path, at: 'value', message: error.message }] };
  }
}

/** The builder without the types that only code has: they keep names and outputs in order, which is checked here by other means. */
interface Builder {
  step(handler: ErasedHandler): Builder;
  build(): CommandDefinition;
}

function built(builder: Builder, steps: readonly ErasedHandler[]): CommandDefinition {
  return steps.reduce((before, step) => before.step(step), builder).build();
}

function readLocks({ locks }: CommandDeclaration, path: Path, outer: Names): (params: unknown) => readonly LockRequest[] {
  const all = placed(locks, [...path, 'locks']).map(({ item, path: here }) => {
    const { names, moments } = repeated(item, here, outer);
    const key = names.text(item.key, here);
    return (at: Moment): readonly LockRequest[] => moments(at).map((moment) => ({ key: key(moment), mode: item.mode }));
  });
  return (params) => {
    // Locks are asked for before the command has begun: there is nothing but its params.
    const at: Moment = { commandId: '', params: params as Data, outputs: {}, newId: () => '' };
    return all.flatMap((requests) => requests(at));
  };
}

import type { Data } from '../../../src/model/data.js';
import { entityKind, type EntityView } from '../../../src/model/entity.js';
import type { StepContext } from '../../../src/model/handler.js';
import type { Path } from '../problem.js';
import type { CallDeclaration, ChangeDeclaration } from './declaration.js';
import { placed, repeated } from './each.js';
import type { Moment, Names } from './names.js';
import { readVerb } from './requests.js';
import type { Surroundings } from './surroundings.js';

// What a declared callback does itself: calls to hosts, and changes of the engine's records.

type Caller = Pick<StepContext<unknown, unknown>, 'call'>;

export interface Calls {
  /** Makes them one after the other. @returns the moment with their results */
  readonly make: (at: Moment, caller: Caller) => Promise<Moment>;
  /** Knows their results. */
  readonly names: Names;
}

export function readCalls(calls: CallDeclaration | readonly CallDeclaration[], path: Path, outer: Names, around: Surroundings): Calls {
  let names = outer;
  const all = placed(calls, path).map(({ item: call, path: here }) => {
    const make = readCall(call, here, names, around);
    if (call.as === undefined) return { make, as: null };
    if (names.known.results.includes(call.as)) names.refuse([...here, 'as'], `there is an earlier call of that name`);
    names = names.with({ results: [...names.known.results, call.as] });
    return { make, as: call.as };
  });
  return {
    names,
    make: async (at, caller) => {
      let moment: Moment = at;
      for (const { make, as } of all) {
        const result = await make(moment, caller);
        if (as !== null) moment = { ...moment, results: { ...moment.results, [as]: result } };
      }
      return moment;
    },
  };
}

function readCall(call: CallDeclaration, path: Path, outer: Names, around: Surroundings): (at: Moment, caller: Caller) => Promise<Data> {
  const { names, moments } = repeated(call, path, outer);
  const args = readVerb(call, ['hsm', 'read'], path, names, around);
  const host = readHost(call.host, path, names, around);
  const one = (at: Moment, caller: Caller): Promise<Data> => caller.call(host(at), call.verb, args(at), { doneCodes: call.doneCodes });
  return async (at, caller) => {
    const results: Data[] = [];
    for (const moment of moments(at)) results.push(await one(moment, caller));
    return call.each === undefined ? (results[0] ?? null) : results;
  };
}

export function readHost(host: string, path: Path, names: Names, { hosts }: Surroundings): (at: Moment) => string {
  if (!host.includes('${') && !hosts.includes(host)) names.refuse([...path, 'host'], `unknown host '${host}'; known: ${hosts.join(', ')}`);
  return names.text(host, [...path, 'host']);
}

export type Changes = (at: Moment, entities: EntityView) => void;

export function readChanges(changes: ChangeDeclaration | readonly ChangeDeclaration[], path: Path, names: Names): Changes {
  const all = placed(changes, path).map(({ item, path: here }) => readChange(item, here, names));
  return (at, entities) => {
    for (const change of all) change(at, entities);
  };
}

type Record = { readonly [field: string]: Data };

function readChange(change: ChangeDeclaration, path: Path, outer: Names): Changes {
  const { names, moments } = repeated(change, path, outer);
  const slash = change.entity.indexOf('/');
  const kind = entityKind<Record>(change.entity.slice(0, slash));
  const id = names.text(change.entity.slice(slash + 1), [...path, change.kind]);
  const apply = changing();
  return (at, entities) => {
    for (const moment of moments(at)) apply(moment, entities);
  };

  function changing(): Changes {
    switch (change.kind) {
      case 'create': {
        const value = names.mapping(change.value, [...path, 'value']);
        return (at, entities) => {
          if (entities.find(kind, id(at)) !== undefined) throw new Error(`${kind.name}/${id(at)} is there already`);
          entities.put(kind, id(at), value(at));
        };
      }
      case 'update': {
        const set = names.mapping(change.set, [...path, 'set']);
        return (at, entities) => {
          const fields = set(at);
          entities.update(kind, id(at), (record) => ({ ...record, ...fields }));
        };
      }
      case 'delete':
        return (at, entities) => entities.remove(kind, id(at));
    }
  }
}

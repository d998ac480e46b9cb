import type { CommandDefinition } from '../../../src/model/command.js';
import { SeatbeltError } from '../../../src/model/errors.js';
import { declaredVerb } from '../../world/verbs/declared.js';
import type { Verb } from '../../world/verbs/verb.js';
import type { Vocabulary } from '../check.js';
import { pathText, type Problem } from '../problem.js';
import type { Scenario } from '../schema.js';
import { readCommand } from './command.js';
import { childCycles } from './cycles.js';

/** The verbs and commands that a scenario brings along, and all that it may name with them. */
export interface OwnNames {
  readonly verbs: readonly Verb[];
  readonly definitions: readonly CommandDefinition[];
  readonly vocabulary: Vocabulary;
  readonly problems: readonly Problem[];
}

/** @param vocabulary what there is without the scenario */
export function ownNames(scenario: Scenario, vocabulary: Vocabulary): OwnNames {
  const { verbs, problems: ofVerbs } = ownVerbs(scenario, vocabulary);
  const { definitions = [], define } = scenario;
  const types = [...vocabulary.commandTypes, ...definitions.map(({ type }) => type), ...define.map(({ type }) => type)];
  const twins = types.flatMap((type, i): readonly Problem[] => {
    const n = i - vocabulary.commandTypes.length;
    if (n < 0 || types.indexOf(type) === i) return [];
    const path = n < definitions.length ? ['definitions', n, 'type'] : ['define', n - definitions.length, 'type'];
    return [{ path, at: 'value', message: `there is a command type '${type}' already` }];
  });
  const around = { pools: scenario.pools, hosts: scenario.hosts.map(({ id }) => id), verbs: [...vocabulary.verbs, ...verbs], commandTypes: types };
  const declared = define.map((declaration, i) => readCommand(declaration, ['define', i], around));
  const own = [...definitions, ...declared.flatMap(({ definition }) => (definition === null ? [] : [definition]))];
  return {
    verbs,
    definitions: own,
    problems: [...ofVerbs, ...twins, ...declared.flatMap(({ problems }) => problems), ...childCycles(define)],
    vocabulary: {
      commandTypes: types,
      verbs: around.verbs,
      checkParams: (type, params) => own.find((definition) => definition.type === type)?.parseParams(params) ?? vocabulary.checkParams(type, params),
    },
  };
}

/** The same of a scenario that was put together in code. @throws SeatbeltError `BAD_SCENARIO` naming the field */
export function checkedOwnNames(scenario: Scenario, vocabulary: Vocabulary): OwnNames {
  const own = ownNames(scenario, vocabulary);
  const [first] = own.problems;
  if (first !== undefined) throw new SeatbeltError('BAD_SCENARIO', `${scenario.name}: ${pathText(first.path)}: ${first.message}`);
  return own;
}

function ownVerbs(scenario: Scenario, vocabulary: Vocabulary): { readonly verbs: readonly Verb[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const verbs = Object.entries(scenario.verbs).flatMap(([name, settings]): readonly Verb[] => {
    if (!('declared' in settings)) return [];
    const path = ['verbs', name];
    if (vocabulary.verbs.some((verb) => verb.name === name)) {
      problems.push({ path, at: 'key', message: `hosts have a verb '${name}' already: leave out its kind, or choose another name` });
      return [];
    }
    if (!NAME.test(name)) problems.push({ path, at: 'key', message: `'${name}' is no name for a verb: use letters and digits, a letter first` });
    const { verb, problems: found } = declaredVerb(name, settings.declared, path);
    problems.push(...found);
    return [verb];
  });
  return { verbs, problems };
}

const NAME = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

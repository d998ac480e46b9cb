import { z } from 'zod';
import type { Args } from '../../../actors/wire.js';
import type { Data } from '../../../src/model/data.js';
import { readTemplate, within, type Reference, type Template } from '../../scenario/define/template.js';
import type { Path, Problem } from '../../scenario/problem.js';
import { outcomesSchema, type VerbDeclaration } from '../../scenario/verb-schema.js';
import type { Latency } from '../latency.js';
import { minus, plus } from './objects.js';
import { defineVerb, failed, recovered, registering, succeeded, type Verb } from './verb.js';

/** Verbs that a scenario declares take this besides their own arguments: how executions with these arguments go. */
export const OUTCOMES = 'outcomes';

const DEFAULT_LATENCY: Latency = { kind: 'lognormal', median: 1_000_000, p95: 4_000_000 };

const TAKE_BACK = 'remove what it made';

/** What the ledger calls it. Without `:`, by which it tells what lies on storage. */
const OBJECT = /^[^:]{1,256}$/;

/**
 * A verb that a scenario declares: it makes and removes things that exist in the ledger alone, so that the truth of a command's status can be
 * checked without anything behind it. All of its effects, or none.
 * @param path where the declaration stands
 */
export function declaredVerb(name: string, declared: VerbDeclaration, path: Path): { readonly verb: Verb; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const names = new Set(declared.args);
  const reader = {
    malformed: (message: string, at: Path) => problems.push({ path: at, at: 'value', message }),
    reference: ({ text, root, path: [arg, ...rest] }: Reference, at: Path) => {
      if (root !== 'args' || arg === undefined || rest.length > 0) problems.push({ path: at, at: 'value', message: `${text}: a verb knows only its arguments, as in \${args.name}` });
      else names.add(arg);
    },
  };
  const objects = (texts: readonly string[], key: string) => texts.map((text) => readTemplate(text, [...path, key], reader));
  const effects = objects(declared.effects, 'effect');
  const reverses = objects(declared.reverses, 'reverses');
  const reads = declared.reads === null ? [] : objects([declared.reads], 'reads');
  if (names.has(OUTCOMES)) problems.push({ path, at: 'value', message: `an argument cannot be called ${OUTCOMES}: that is every such verb's script` });
  const argNames = [...names];

  const schema = z
    .strictObject({ ...Object.fromEntries(argNames.map((arg) => [arg, z.json()])), [OUTCOMES]: outcomesSchema.exactOptional() })
    .superRefine((args, context) => {
      for (const object of [...effects, ...reverses, ...reads]) {
        const flaw = flawOf(object, args as Args);
        if (flaw !== null) context.addIssue({ code: 'custom', message: flaw });
      }
    });

  // What only makes something can take it back; what has removed something cannot know what that was.
  const isReversible = declared.kind === 'spm' && reverses.length === 0;
  const verb = defineVerb({
    name,
    kind: declared.kind,
    args: schema,
    latency: DEFAULT_LATENCY,
    movesData: declared.bytes > 0,
    load: () => ({ times: 1, bytes: declared.bytes }),
    run: ({ ledger }, args) => {
      const [made, gone] = [effects, reverses].map((templates) => templates.map((object) => rendered(object, args as Args))) as [string[], string[]];
      if (declared.kind === 'read') return succeeded([], reads.every((object) => ledger.stands(rendered(object, args as Args))));
      const there = made.find((object) => ledger.stands(object));
      if (there !== undefined) return failed('alreadyThere', there);
      const absent = gone.find((object) => !ledger.stands(object));
      if (absent !== undefined) return failed('notThere', absent);
      const changes = [...gone.map((object) => minus(name, object)), ...made.map((object) => plus(name, object))];
      return isReversible ? registering(changes, { do: 'push', name: TAKE_BACK }) : succeeded(changes);
    },
    recoveries: {
      [TAKE_BACK]: ({ ledger }, args) => {
        const made = effects.map((object) => rendered(object, args as Args));
        return recovered(made.filter((object) => ledger.stands(object)).map((object) => minus(name, object)));
      },
    },
  });
  return { verb: { ...verb, argNames, scripted: true, script: (args) => scriptOf(args) ?? declared.outcomes }, problems };
}

function scriptOf(args: Args) {
  return args[OUTCOMES] === undefined ? undefined : outcomesSchema.parse(args[OUTCOMES]);
}

function flawOf(object: Template, args: Args): string | null {
  try {
    const name = object((reference) => within(args, reference.path, reference));
    if (typeof name === 'string' && OBJECT.test(name)) return null;
    return `what it changes is called ${JSON.stringify(name)}: use text of 1 to 256 characters without ':'`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function rendered(object: Template, args: Args): string {
  const name: Data = object((reference) => within(args, reference.path, reference));
  return String(name);
}

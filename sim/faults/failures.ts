import type { Args } from '../../actors/wire.js';
import { sameData, type Data } from '../../src/model/data.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { tableOfData, type Table } from '../world/table.js';
import { TrackedMap } from '../world/tracked-map.js';

/** When an injected failure shows. In no case does the verb have an effect. */
export type FailureMoment =
  /** The host does not accept the task, or answers the call with the code at once. */
  | 'refuse'
  /** Accepted, and over as soon as it starts. */
  | 'atStart'
  /** After the time that the verb takes. */
  | 'atEnd';

/** Which executions of a verb are meant. */
export interface Selection {
  readonly verb: string;
  /** Only executions whose arguments have all these values count. Default: all of the verb's. */
  readonly match?: { readonly [arg: string]: Data };
  /** Which of those that count, from 1. Default: each of them. */
  readonly nth?: number;
}

/** Lets them fail. */
export interface FailureRule extends Selection {
  /** The host's error code, at least 1. */
  readonly code: number;
  /** Default: `atEnd`. */
  readonly when?: FailureMoment;
}

/**
 * Lets the host forget tasks that it has acknowledged: as soon as they start, and without a trace; or when they have done what they are to do, of which
 * nobody is told. Then at least their ids stay known to have been used.
 */
export interface LossRule extends Selection {
  readonly lost: 'atStart' | 'atEnd';
}

/** How one execution goes by its verb's script. */
export type ScriptedOutcome =
  | { readonly kind: 'succeeds' }
  | { readonly kind: 'fails'; readonly code: number; readonly when: FailureMoment };

/** Lets a share of a verb's executions fail, at their end. */
export interface FailureRate {
  /** From 0 to 1. */
  readonly rate: number;
  readonly code: number;
}

/** What is to happen to one execution. */
export type InjectedFault =
  | { readonly kind: 'fails'; readonly code: number; readonly message: string; readonly when: FailureMoment }
  | { readonly kind: 'lost'; readonly when: LossRule['lost'] };

export interface FailuresSpec {
  readonly rules: readonly (FailureRule | LossRule)[];
  /** By the verb's name. */
  readonly rates: { readonly [verb: string]: FailureRate };
  /** The verbs that there are. */
  readonly verbs: readonly FailingVerb[];
}

export interface FailingVerb {
  readonly name: string;
  readonly argNames: readonly string[];
  /** How executions with these arguments go, in their order; the last outcome is that of all further ones. Empty: no script. */
  script(args: Args): readonly ScriptedOutcome[];
}

/** Decides which executions fail, and which tasks are lost. It counts over all the hosts of a simulation, so it is part of the world and survives every node. */
export class Failures {
  /** Executions counted: `seen/N` that fit rule N, `failed/N` that it was applied to, and `script/…` by a script's verb and arguments. */
  readonly #counts = new TrackedMap<string, number>();
  readonly #verbs: ReadonlyMap<string, FailingVerb>;
  #healed = false;

  /** @throws SeatbeltError `BAD_SCENARIO` naming the rule or rate that can never apply or whose numbers are out of range */
  constructor(private readonly spec: FailuresSpec) {
    checkSpec(spec);
    this.#verbs = new Map(spec.verbs.map((verb) => [verb.name, verb]));
  }

  table(): Table {
    return tableOfData('failure', this.#counts);
  }

  /** Whether the rule at this place was applied to an execution. */
  happened(rule: number): boolean {
    return this.#counts.has(`failed/${rule}`);
  }

  /** From now on, nothing fails or is lost but by its verb's own script, which is no fault. */
  heal(): void {
    this.#healed = true;
  }

  /**
   * What is to happen to this execution, or null. To be asked once per execution, in the order in which they begin. The first rule that applies wins, then the verb's
   * script, then its rate. All of them count, and the rate is drawn from the stream `failure:<verb>`, whoever wins: so adding a rule shifts nothing later.
   */
  next(verb: string, args: Args, random: (purpose: string) => number): InjectedFault | null {
    const hit = this.spec.rules.map((rule, i) => ({ rule, i })).filter(({ rule, i }) => this.#applies(rule, i, verb, args))[0];
    const scripted = this.#scriptedOutcome(verb, args);
    const rate = Object.hasOwn(this.spec.rates, verb) ? this.spec.rates[verb] : undefined;
    const unlucky = rate !== undefined && rate.rate > 0 && random(`failure:${verb}`) < rate.rate;
    if (hit !== undefined && !this.#healed) {
      this.#count(`failed/${hit.i}`);
      if ('lost' in hit.rule) return { kind: 'lost', when: hit.rule.lost };
      return { kind: 'fails', code: hit.rule.code, message: `injected failure of ${verb}`, when: hit.rule.when ?? 'atEnd' };
    }
    if (scripted.kind === 'fails') return { kind: 'fails', code: scripted.code, message: `${verb} fails by its script`, when: scripted.when };
    return unlucky && !this.#healed ? { kind: 'fails', code: rate.code, message: `${verb} failed by chance`, when: 'atEnd' } : null;
  }

  #scriptedOutcome(verb: string, args: Args): ScriptedOutcome {
    const script = this.#verbs.get(verb)?.script(args) ?? [];
    if (script.length === 0) return { kind: 'succeeds' };
    // Equal arguments have equal texts here: they come from one template, with its keys in one order.
    const n = this.#count(`script/${verb}/${encodeURIComponent(JSON.stringify(args))}`);
    return script[Math.min(n, script.length) - 1] ?? { kind: 'succeeds' };
  }

  /** @returns how many there are now */
  #count(key: string): number {
    const n = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, n);
    return n;
  }

  #applies(rule: Selection, i: number, verb: string, args: Args): boolean {
    if (rule.verb !== verb) return false;
    if (!Object.entries(rule.match ?? {}).every(([name, value]) => sameData(value, args[name]))) return false;
    const n = this.#count(`seen/${i}`);
    return rule.nth === undefined || rule.nth === n;
  }
}

function checkSpec({ rules, rates, verbs }: FailuresSpec): void {
  const argNames = new Map(verbs.map((verb) => [verb.name, verb.argNames]));
  const bad = (where: string, what: string): never => {
    throw new SeatbeltError('BAD_SCENARIO', `${where}: ${what}`);
  };
  const argsOf = (where: string, verb: string): readonly string[] => argNames.get(verb) ?? bad(where, `there is no verb '${verb}'`);
  const checkCode = (where: string, code: number): void => {
    if (!Number.isSafeInteger(code) || code < 1) bad(`${where}.code`, `expected a whole number from 1, got ${code}`);
  };
  rules.forEach((rule, i) => {
    const { verb, match, nth } = rule;
    if ('code' in rule) checkCode(`failures[${i}]`, rule.code);
    const known = argsOf(`failures[${i}]`, verb);
    const foreign = Object.keys(match ?? {}).find((name) => !known.includes(name));
    if (foreign !== undefined) bad(`failures[${i}].match.${foreign}`, `${verb} has no such argument; it has ${known.join(', ')}`);
    if (nth !== undefined && (!Number.isSafeInteger(nth) || nth < 1)) bad(`failures[${i}].nth`, `expected a whole number from 1, got ${nth}`);
  });
  for (const [verb, { rate, code }] of Object.entries(rates)) {
    checkCode(`failure rate of '${verb}'`, code);
    argsOf(`failure rate of '${verb}'`, verb);
    if (!(rate >= 0 && rate <= 1)) bad(`failure rate of '${verb}'`, `expected a share from 0 to 1, got ${rate}`);
  }
}

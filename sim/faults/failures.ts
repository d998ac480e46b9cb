import type { Args } from '../../actors/wire.js';
import { sameData, type Data } from '../../src/model/data.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { tableOfData, type Table } from '../world/table.js';
import { TrackedMap } from '../world/tracked-map.js';

/** When an injected failure shows. The verb does not do its end in any case; what it has done before is rolled back. */
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

/** The job of a task does not return: a worker is lost to it, and to stop it has no effect. It ends, as if nothing had been, when all is healed. */
export interface HangRule extends Selection {
  readonly hangs: true;
}

/** The job takes so many times its time, at least 1, and so many µs more. */
export interface SlowRule extends Selection {
  readonly slower: Slower;
}

/** Roll-backs fail, and take nothing back: of those that fit, `nth` counts roll-backs. */
export interface RollbackRule extends Selection {
  readonly rollback: 'fails';
}

export type FaultRule = FailureRule | LossRule | HangRule | SlowRule | RollbackRule;

export interface Slower {
  readonly factor: number;
  readonly by: number;
}

/** How one execution goes by its verb's script. */
export type ScriptedOutcome =
  | { readonly kind: 'succeeds' }
  | { readonly kind: 'fails'; readonly code: number; readonly when: FailureMoment };

/** Lets a share of a verb's executions fail, at their end. */
export interface FailureRate {
  /** From 0 to 1. */
  readonly rate: number;
  /** Which codes they fail with, in proportion to the weights, which are above 0. At least one. */
  readonly codes: readonly { readonly code: number; readonly weight: number }[];
}

/** What is to happen to one execution. */
export type InjectedFault =
  | { readonly kind: 'fails'; readonly code: number; readonly message: string; readonly when: FailureMoment }
  | { readonly kind: 'lost'; readonly when: LossRule['lost'] };

/** All that is to happen to one execution. */
export interface Fate {
  readonly fault: InjectedFault | null;
  readonly hangs: boolean;
  readonly slower: Slower;
}

export interface FailuresSpec {
  readonly rules: readonly FaultRule[];
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
  /** Executions counted: `seen/N` that fit rule N, `failed/N` that it was applied to, and `script/…` by a script's verb and arguments; and `healed`. */
  readonly #counts = new TrackedMap<string, number>();
  readonly #verbs: ReadonlyMap<string, FailingVerb>;

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

  /** From now on no rule and no rate has any effect. Scripts go on: they are how a verb is, and no fault. Executions that hang already are to be set free by the caller. */
  heal(): void {
    this.#counts.set('healed', 1);
  }

  /**
   * What is to happen to this execution. To be asked once per execution, in the order in which they begin. Of the rules for the same thing the first that applies wins;
   * one that lets it fail wins over the verb's script, and that over its rate. All of them count, and the rate is drawn from the stream `failure:<verb>`, whoever wins:
   * so adding a rule shifts nothing later.
   */
  next(verb: string, args: Args, random: (purpose: string) => number): Fate {
    const hits = this.#hits(verb, args, (rule) => !('rollback' in rule));
    const ends = this.#first(hits, (rule) => 'code' in rule || 'lost' in rule);
    const hangs = this.#first(hits, (rule) => 'hangs' in rule);
    const slows = this.#first(hits, (rule) => 'slower' in rule);
    const scripted = this.#scriptedOutcome(verb, args);
    const unlucky = this.#unluckyCode(verb, random);
    const slower = slows !== undefined && 'slower' in slows ? slows.slower : AS_EVER;
    return { fault: ends === undefined ? byItself(verb, scripted, unlucky) : byRule(verb, ends), hangs: hangs !== undefined, slower };
  }

  /** Whether this roll-back is to fail. To be asked once for each, when its time is up. */
  nextRollback(verb: string, args: Args): boolean {
    return this.#first(this.#hits(verb, args, (rule) => 'rollback' in rule), () => true) !== undefined;
  }

  get #healed(): boolean {
    return this.#counts.has('healed');
  }

  #hits(verb: string, args: Args, of: (rule: FaultRule) => boolean): readonly Hit[] {
    const hits = this.spec.rules.flatMap((rule, i) => (of(rule) && this.#applies(rule, i, verb, args) ? [{ rule, i }] : []));
    return this.#healed ? [] : hits;
  }

  #first(hits: readonly Hit[], of: (rule: FaultRule) => boolean): FaultRule | undefined {
    const hit = hits.find(({ rule }) => of(rule));
    if (hit !== undefined) this.#count(`failed/${hit.i}`);
    return hit?.rule;
  }

  #unluckyCode(verb: string, random: (purpose: string) => number): number | null {
    const rate = Object.hasOwn(this.spec.rates, verb) ? this.spec.rates[verb] : undefined;
    if (rate === undefined || rate.rate === 0) return null;
    const draw = random(`failure:${verb}`);
    if (draw >= rate.rate || this.#healed) return null;
    // Given that it is below the rate, the draw is as good as any for the code: so one is enough.
    let left = (draw / rate.rate) * rate.codes.reduce((sum, { weight }) => sum + weight, 0);
    const drawn = rate.codes.find(({ weight }) => (left -= weight) < 0);
    return (drawn ?? rate.codes.at(-1))?.code ?? null;
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

interface Hit {
  readonly rule: FaultRule;
  readonly i: number;
}

const AS_EVER: Slower = { factor: 1, by: 0 };

function byRule(verb: string, rule: FaultRule): InjectedFault | null {
  if ('lost' in rule) return { kind: 'lost', when: rule.lost };
  return 'code' in rule ? { kind: 'fails', code: rule.code, message: `injected failure of ${verb}`, when: rule.when ?? 'atEnd' } : null;
}

function byItself(verb: string, scripted: ScriptedOutcome, unlucky: number | null): InjectedFault | null {
  if (scripted.kind === 'fails') return { kind: 'fails', code: scripted.code, message: `${verb} fails by its script`, when: scripted.when };
  return unlucky === null ? null : { kind: 'fails', code: unlucky, message: `${verb} failed by chance`, when: 'atEnd' };
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
  for (const [verb, { rate, codes }] of Object.entries(rates)) {
    for (const { code, weight } of codes) {
      checkCode(`failure rate of '${verb}'`, code);
      if (!(weight > 0 && weight < Infinity)) bad(`failure rate of '${verb}'`, `code ${code} needs a weight above 0, got ${weight}`);
    }
    if (codes.length === 0) bad(`failure rate of '${verb}'`, 'name at least one code');
    argsOf(`failure rate of '${verb}'`, verb);
    if (!(rate >= 0 && rate <= 1)) bad(`failure rate of '${verb}'`, `expected a share from 0 to 1, got ${rate}`);
  }
}

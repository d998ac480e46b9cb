import { z } from 'zod';
import type { ScriptedOutcome } from '../faults/failures.js';
import { hostCodeSchema, listOf, nameSchema } from './fields.js';
import { latencySchema, rateDistributionSchema } from './distribution-schema.js';
import { sizeSchema } from './units.js';

const OUTCOME = /^(?:succeeds|(fails|refused) ([1-9]\d{0,8}))$/;

const outcomeSchema = z
  .string()
  .regex(OUTCOME, { error: "expected 'succeeds', 'fails CODE' or 'refused CODE', such as 'fails 100'" })
  .transform((text) => readOutcome(text));

function readOutcome(text: string): ScriptedOutcome {
  const [, word, code] = OUTCOME.exec(text) ?? [];
  if (word === undefined) return { kind: 'succeeds' };
  return { kind: 'fails', code: Number(code), when: word === 'refused' ? 'refuse' : 'atEnd' };
}

/** How the executions of a verb with the same arguments go, in their order; the last one is that of all further ones. */
export const outcomesSchema = listOf(outcomeSchema, 100).refine((outcomes) => outcomes.length > 0, { error: 'name at least one' });

const effectsSchema = z.union([z.string().min(1), listOf(z.string().min(1), 100)]);

/** What a scenario may say about a verb that ships; and, with a `kind`, a verb of its own. */
export const verbSchema = z
  .strictObject({
    latency: latencySchema.exactOptional(),
    /** Bytes per second, for verbs that move data; added to the latency. */
    rate: rateDistributionSchema.exactOptional(),
    /** Share of executions that fail, 0 to 1. */
    failureRate: z.number().min(0).max(1).default(0),
    /** The host's error code of such a failure; default 100: general. */
    failureCode: hostCodeSchema.exactOptional(),
    /** Or several codes, in proportion to their weights. */
    failureCodes: listOf(z.strictObject({ code: hostCodeSchema, weight: z.number().positive().default(1) }).readonly(), 100).exactOptional(),
    /** Until the submission of a task is answered. */
    answerLatency: latencySchema.exactOptional(),
    /** Of a roll-back by the host; default: half of what the verb itself takes, without what it moves. */
    rollbackLatency: latencySchema.exactOptional(),
    /** `spm`: runs as a task; `hsm`: is called; `read`: is called, and changes nothing. */
    kind: z.enum(['spm', 'hsm', 'read']).exactOptional(),
    /** Names of arguments, besides those that the following refer to. */
    args: listOf(nameSchema, 100).exactOptional(),
    /** What is there afterwards, such as `seat/${args.seat}`: one or several. It fails if it is there already. */
    effect: effectsSchema.exactOptional(),
    /** What is gone afterwards. It fails if it is not there. */
    reverses: effectsSchema.exactOptional(),
    /** It changes nothing. */
    effectFree: z.literal(true).exactOptional(),
    /** Of a `read`: what it looks for. It answers true or false. */
    reads: z.string().min(1).exactOptional(),
    /** How much it moves, at `rate`. */
    bytes: sizeSchema.exactOptional(),
    outcomes: outcomesSchema.exactOptional(),
  })
  .transform(({ latency, rate, answerLatency, rollbackLatency, failureRate, failureCode, failureCodes, ...own }, context) => {
    const refuse = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    const { kind, args = [], effect = [], reverses = [], effectFree = false, reads, bytes = 0, outcomes = [] } = own;
    if (failureCode !== undefined && failureCodes !== undefined) refuse('failureCodes', 'say failureCode, or failureCodes');
    if (failureCodes?.length === 0) refuse('failureCodes', 'name at least one');
    const settings = {
      ...(latency === undefined ? {} : { latency }),
      ...(rate === undefined ? {} : { rate }),
      ...(answerLatency === undefined ? {} : { answerLatency }),
      ...(rollbackLatency === undefined ? {} : { rollbackLatency }),
      failureRate,
      failureCodes: failureCodes ?? [{ code: failureCode ?? 100, weight: 1 }],
    };
    if (kind === undefined) {
      const [stray] = Object.keys(own);
      if (stray !== undefined) refuse(stray, 'is for verbs of your own, which have a kind: spm, hsm or read');
      return settings;
    }
    const changes = own.effect !== undefined || own.reverses !== undefined;
    if (kind === 'read') {
      if (reads === undefined) refuse('kind', 'a verb that reads says what it looks for: reads');
      if (changes || effectFree) refuse(changes ? (own.effect === undefined ? 'reverses' : 'effect') : 'effectFree', 'a verb that reads changes nothing');
    } else {
      if (reads !== undefined) refuse('reads', 'is for verbs of kind read');
      if (changes === effectFree) {
        const message = changes ? 'a verb has an effect, or is effectFree' : 'say what the verb changes: effect, reverses or effectFree: true';
        refuse(changes ? 'effectFree' : 'kind', message);
      }
    }
    if (rate !== undefined && bytes === 0) refuse('rate', 'is for verbs that move data: give it bytes');
    return { ...settings, declared: { kind, args, effects: [effect].flat(), reverses: [reverses].flat(), reads: reads ?? null, bytes, outcomes } };
  })
  .readonly();

export type VerbSettings = z.output<typeof verbSchema>;
/** A verb of a scenario's own. */
export type VerbDeclaration = Extract<VerbSettings, { declared: unknown }>['declared'];

import { z } from 'zod';
import type { Args } from '../../../actors/wire.js';
import type { Data } from '../../../src/model/data.js';
import { flawsText, IN_OUR_WORDS } from '../../../src/model/wording.js';
import type { Content } from '../content.js';
import type { Distribution } from '../distribution.js';
import type { Latency } from '../latency.js';
import type { ScriptedOutcome } from '../../faults/failures.js';
import type { SignedEffect } from '../ledger.js';
import { HOST_ERRORS, type HostError } from './host-errors.js';

/** A verb of the simulated hosts. Made by {@link defineVerb}. */
export interface Verb {
  readonly name: string;
  readonly kind: 'spm' | 'hsm' | 'read';
  readonly latency: Latency;
  /** Bytes per second, for what {@link VerbLoad.bytes} counts. */
  readonly rate: Distribution;
  readonly argNames: readonly string[];
  /** Whether there are bytes to move, so that a rate says something. */
  readonly movesData: boolean;
  /** Whether its arguments may say how its executions go. */
  readonly scripted: boolean;
  /** How executions with these arguments go, in their order. Empty: by themselves. */
  script(args: Args): readonly ScriptedOutcome[];
  problemWith(args: Args): string | null;
  load(content: Content, args: Args): VerbLoad;
  /** Changes `content` and says how; or gives an error and changes nothing. */
  run(content: Content, args: Args, host: string): VerbOutcome;
  /** The recovery that the host registers for the verb, told how to take back what `run` did. Null: none, its effect stays. */
  readonly undo: ((content: Content, args: Args) => readonly SignedEffect[]) | null;
}

/** How much there is to do. */
export interface VerbLoad {
  /** How often the latency is drawn: once for each volume that is worked on. */
  readonly times: number;
  /** Bytes to move. */
  readonly bytes: number;
  /** The storage domains that they are read from or written to; default: none, so that nothing else slows them down. */
  readonly domains?: readonly string[];
}

export type VerbOutcome =
  | { readonly ok: true; readonly result: Data; readonly effects: readonly SignedEffect[] }
  | { readonly ok: false; readonly code: number; readonly message: string };

export interface VerbSpec<S extends z.ZodObject> {
  readonly name: string;
  readonly kind: Verb['kind'];
  readonly args: S;
  readonly latency: Latency;
  readonly rate?: Distribution;
  readonly movesData?: boolean;
  readonly load?: (content: Content, args: z.output<S>) => VerbLoad;
  readonly run: (content: Content, args: z.output<S>, host: string) => VerbOutcome;
  readonly undo?: (content: Content, args: z.output<S>) => readonly SignedEffect[];
}

const MIB = 2 ** 20;
const DEFAULT_RATE: Distribution = { kind: 'lognormal', median: 250 * MIB, p95: 670 * MIB };

export function defineVerb<S extends z.ZodObject>(spec: VerbSpec<S>): Verb {
  const { name, kind, args: schema, latency, rate, movesData = false, load, run, undo } = spec;
  return {
    name,
    kind,
    latency,
    rate: rate ?? DEFAULT_RATE,
    argNames: Object.keys(schema.shape),
    movesData,
    scripted: false,
    script: () => [],
    problemWith: (args) => {
      const parsed = schema.safeParse(args, IN_OUR_WORDS);
      return parsed.success ? null : flawsText(parsed.error.issues, ['args']);
    },
    load: (content, args) => load?.(content, schema.parse(args)) ?? { times: 1, bytes: 0 },
    run: (content, args, host) => run(content, schema.parse(args), host),
    undo: undo === undefined ? null : (content, args) => undo(content, schema.parse(args)),
  };
}

export function succeeded(effects: readonly SignedEffect[], result: Data = null): VerbOutcome {
  return { ok: true, result, effects };
}

export function failed(error: HostError, what: string): VerbOutcome {
  const { code, text } = HOST_ERRORS[error];
  return { ok: false, code, message: `${text}: ${what}` };
}

/** Names of things on storage: not empty, and without the `/` and `:` that the ledger's objects are put together with. */
export const idArg = z.string().regex(/^[^/:]{1,128}$/, { error: 'expected a name of 1 to 128 characters without / and :' });

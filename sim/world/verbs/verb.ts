import { z } from 'zod';
import type { WorkPart } from '../../../actors/storage-port.js';
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
  /** Of a verb that makes volumes: what `latency` is where these are files, and which argument names the domain that they are made on. */
  readonly onFile: FileLatency | null;
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
  domainsOf(args: Args): readonly string[];
  load(content: Content, args: Args): VerbLoad;
  /** Draws from it: how long a roll-back takes. */
  readonly rollbackLatency: Latency | null;
  /** Of an SPM verb: how long its submission takes to be answered. Null: it is answered at once. */
  readonly answerLatency: Latency | null;
  /** Changes `content` and says how; or gives an error and changes nothing. Null: the verb has no such part. */
  run(content: Content, args: Args, host: string, part: WorkPart): VerbOutcome | null;
  /** Runs one of the recoveries that its parts have registered. */
  recover(recovery: string, content: Content, args: Args): RecoveryOutcome;
}

export interface FileLatency {
  /** The argument's name. */
  readonly domain: string;
  readonly latency: Latency;
}

/**
 * What a verb does to the list of its task's recoveries, the last of which runs first: adds one, forgets all (the point of no return: whatever happens from
 * now on, nothing is taken back), or puts one in the place of all that came after another.
 */
export type RecoveryChange =
  | { readonly do: 'push'; readonly name: string }
  | { readonly do: 'clear' }
  | { readonly do: 'replaceAfter'; readonly sentinel: string; readonly name: string };

/** A recovery that fails stops those before it. What it takes back may be gone already: then it has nothing to do, and does not fail. */
export type RecoveryOutcome = { readonly ok: true; readonly effects: readonly SignedEffect[] } | { readonly ok: false; readonly message: string };

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
  | { readonly ok: true; readonly result: Data; readonly effects: readonly SignedEffect[]; readonly recoveries: readonly RecoveryChange[] }
  | { readonly ok: false; readonly code: number; readonly message: string };

export interface VerbSpec<S extends z.ZodObject> {
  readonly name: string;
  readonly kind: Verb['kind'];
  readonly args: S;
  /** The storage domains that its arguments name, which its host must see. Default: none. */
  readonly domains?: (args: z.output<S>) => readonly string[];
  readonly latency: Latency;
  readonly onFile?: FileLatency;
  readonly rate?: Distribution;
  readonly movesData?: boolean;
  readonly load?: (content: Content, args: z.output<S>) => VerbLoad;
  /** Default: half as long as the verb itself, without what it moves. */
  readonly rollbackLatency?: Latency;
  readonly answerLatency?: Latency;
  /** Of an SPM verb: done when its job starts. If that fails, the job is over. */
  readonly begin?: VerbPart<S>;
  /** Done at the end. */
  readonly run: VerbPart<S>;
  /** What its parts may register. */
  readonly recoveries?: { readonly [name: string]: (content: Content, args: z.output<S>) => RecoveryOutcome };
}

type VerbPart<S extends z.ZodObject> = (content: Content, args: z.output<S>, host: string) => VerbOutcome;

const MIB = 2 ** 20;
const DEFAULT_RATE: Distribution = { kind: 'lognormal', median: 250 * MIB, p95: 670 * MIB };

export function defineVerb<S extends z.ZodObject>(spec: VerbSpec<S>): Verb {
  const { name, kind, args: schema, latency, onFile = null, rate, movesData = false, load, recoveries = {} } = spec;
  const parts = { begin: spec.begin, end: spec.run } satisfies { readonly [part in WorkPart]: VerbPart<S> | undefined };
  return {
    name,
    kind,
    latency,
    onFile,
    rate: rate ?? DEFAULT_RATE,
    argNames: Object.keys(schema.shape),
    movesData,
    scripted: false,
    script: () => [],
    problemWith: (args) => {
      const parsed = schema.safeParse(args, IN_OUR_WORDS);
      return parsed.success ? null : flawsText(parsed.error.issues, ['args']);
    },
    domainsOf: (args) => spec.domains?.(schema.parse(args)) ?? [],
    load: (content, args) => load?.(content, schema.parse(args)) ?? { times: 1, bytes: 0 },
    rollbackLatency: spec.rollbackLatency ?? null,
    answerLatency: spec.answerLatency ?? null,
    run: (content, args, host, part) => parts[part]?.(content, schema.parse(args), host) ?? null,
    recover: (recovery, content, args) => recoveries[recovery]?.(content, schema.parse(args)) ?? { ok: false, message: `${name} has no recovery '${recovery}'` },
  };
}

export function succeeded(effects: readonly SignedEffect[], result: Data = null): VerbOutcome {
  return { ok: true, result, effects, recoveries: [] };
}

/** It has succeeded, and changes what its task has registered. */
export function registering(effects: readonly SignedEffect[], ...recoveries: readonly RecoveryChange[]): VerbOutcome {
  return { ok: true, result: null, effects, recoveries };
}

/** A recovery has done all that there was to do. */
export function recovered(effects: readonly SignedEffect[]): RecoveryOutcome {
  return { ok: true, effects };
}

export function failed(error: HostError, what: string): VerbOutcome {
  const { code, text } = HOST_ERRORS[error];
  return { ok: false, code, message: `${text}: ${what}` };
}

/** Names of things on storage: not empty, and without the `/` and `:` that the ledger's objects are put together with. */
export const idArg = z.string().regex(/^[^/:]{1,128}$/, { error: 'expected a name of 1 to 128 characters without / and :' });

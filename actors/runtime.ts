import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { format } from 'node:util';
import { compileFunction } from 'node:vm';
import { SeatbeltError } from '../src/model/errors.js';
import { ActorSystem, type FaultListener } from './runtime/actor-system.js';
import type { Nact, NactActor } from './runtime/nact.js';

export { type ActorSpec, ActorSystem, type Behaviour, dispatch, type FaultListener, type Ref } from './runtime/actor-system.js';

/** Everything that nact takes from its surroundings. None of these may throw: nact would take it for a crash of the actor. */
export interface RuntimeBindings {
  /**
   * Calls `turn` later, never before this returns, and returns a handle. `actor` is whose turn it is and `message` what it is about; for nact's
   * own chores (after a stop) `actor` is null. `turn` returns nothing of use: nact lets an actor's turns follow each other by itself.
   */
  setImmediate(turn: () => void, actor: string | null, message: unknown): unknown;
  clearImmediate(handle: unknown): void;
  /** In milliseconds. */
  setTimeout(wake: () => void, delayMs: number): unknown;
  /** nact calls it with `undefined` too. */
  clearTimeout(handle: unknown): void;
  /** From [0, 1). */
  random(): number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** What nact would have printed. */
  log(text: string): void;
}

/** One instance of nact: actors of one instance cannot see those of another. */
export interface ActorRuntime {
  /** @throws SeatbeltError `INTERNAL` while a system of that name runs in this instance. */
  startSystem(name: string, onFault: FaultListener): ActorSystem;
}

/** Nact by the wall clock, with the timers of the process. `log` is given what nact prints. */
export function realBindings(log: (text: string) => void): RuntimeBindings {
  return {
    setImmediate: (turn) => setImmediate(turn),
    clearImmediate: (handle) => clearImmediate(handle as NodeJS.Immediate | undefined),
    setTimeout: (wake, delayMs) => setTimeout(wake, delayMs),
    clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout | undefined),
    random: () => Math.random(),
    now: () => Date.now(),
    log,
  };
}

/** A fresh instance of nact that takes time, chance and turns from `bindings` alone; the globals of the process are neither used nor changed. */
export function createActorRuntime(bindings: RuntimeBindings): ActorRuntime {
  const nact = loadNact(bindings);
  const running = new Set<string>();
  return {
    startSystem(name, onFault) {
      // nact would let the second take the place of the first, without a word.
      if (running.has(name)) throw new SeatbeltError('INTERNAL', `an actor system named ${name} is running already`);
      running.add(name);
      return new ActorSystem(nact, name, onFault, () => running.delete(name));
    },
  };
}

/** nact's library as one instance: its own module registry, hence its own map of systems. */
function loadNact(bindings: RuntimeBindings): Nact {
  // Whose turn nact is about to ask for. It calls setImmediate with a bare closure, and a scheduler needs to know what it schedules.
  let actor: string | null = null;
  let message: unknown;

  const seededMath = Object.create(Math, { random: { value: () => bindings.random() } }) as Math;
  class BoundDate extends Date {
    constructor() {
      super(bindings.now());
    }
    static override now(): number {
      return bindings.now();
    }
  }
  const log = (...parts: readonly unknown[]): void => bindings.log(format(...parts));
  const captured: CapturedGlobals = [
    (turn: () => void) => bindings.setImmediate(turn, actor, message),
    (handle: unknown) => bindings.clearImmediate(handle),
    (wake: () => void, delayMs: number) => bindings.setTimeout(wake, delayMs),
    (handle: unknown) => bindings.clearTimeout(handle),
    seededMath,
    BoundDate,
    { log, info: log, warn: log, error: log },
  ];
  const builtins: { readonly [name: string]: unknown } = {
    crypto: { randomBytes: (size: number) => Buffer.from(Array.from({ length: size }, () => Math.floor(bindings.random() * 256))) },
  };
  const registry = new Map<string, { exports: unknown }>();
  const load = (file: string): unknown => {
    const known = registry.get(file);
    if (known !== undefined) return known.exports;
    const module = { exports: {} as unknown };
    registry.set(file, module);
    const source = sourceOf(file);
    const require = (request: string): unknown => builtins[request] ?? (isOwn(request) ? load(source.resolve(request)) : source.require(request));
    source.run(module, module.exports, require, ...captured);
    return module.exports;
  };

  const { Actor } = load(sourceOf(nactMain).resolve('./actor')) as { readonly Actor: { readonly prototype: NactActor } };
  const handleMessage = Actor.prototype.handleMessage;
  Actor.prototype.handleMessage = function (this: NactActor, next: unknown, sender: unknown): void {
    actor = this.f.actor;
    message = next;
    handleMessage.call(this, next, sender);
    actor = null;
    message = undefined;
  };
  return load(nactMain) as Nact;
}

/** The globals that nact's files see as parameters, in the order of {@link CAPTURED}. */
type CapturedGlobals = readonly [
  setImmediate: unknown,
  clearImmediate: unknown,
  setTimeout: unknown,
  clearTimeout: unknown,
  math: unknown,
  date: unknown,
  console: unknown,
];
const CAPTURED = ['setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout', 'Math', 'Date', 'console'];

interface Source {
  readonly run: (module: { exports: unknown }, exports: unknown, require: (request: string) => unknown, ...captured: CapturedGlobals) => void;
  readonly require: (request: string) => unknown;
  readonly resolve: (request: string) => string;
}

const nactMain = createRequire(import.meta.url).resolve('nact');
const sources = new Map<string, Source>();

/** A file of nact's, compiled once per process: instances share its code and none of its variables. */
function sourceOf(file: string): Source {
  let source = sources.get(file);
  if (source === undefined) {
    const fromThere = createRequire(file);
    source = {
      run: compileFunction(readFileSync(file, 'utf8'), ['module', 'exports', 'require', ...CAPTURED], { filename: file }) as Source['run'],
      require: (request) => fromThere(request) as unknown,
      resolve: (request) => fromThere.resolve(request),
    };
    sources.set(file, source);
  }
  return source;
}

/** nact's own modules and its queue are loaded per instance; the rest (`assert`) is Node's and holds no state. */
function isOwn(request: string): boolean {
  return request.startsWith('.') || request === 'denque';
}

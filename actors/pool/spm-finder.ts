import type { EngineContext } from '../engine-context.js';
import type { Answer } from '../exchange.js';
import type { PoolMessage } from '../messages.js';
import { LEASE_NOT_AVAILABLE, SPM_ACTIVE, type HostRequest } from '../wire.js';
import { nextStep, type ElectionStep } from './election.js';
import { HostWords } from './host-words.js';

/** A pool as an engine is told of it. */
export interface PoolConfig {
  readonly id: string;
  /** In the order in which they are to become SPM. */
  readonly hosts: readonly string[];
  /** The node that can fence them, if there is one. */
  readonly fenceAgent?: string;
  /** False: they make their own task ids, as vdsm does, know nothing of the engine's, and so cannot recognise what is sent twice. Default: true. */
  readonly clientTaskIds?: boolean;
}

/** How much somebody wants the SPM: not at all; for nothing that anybody waits for; or for work. */
export type Demand = 'none' | 'courtesy' | 'work';

export interface FinderDeps {
  readonly context: EngineContext;
  readonly pool: PoolConfig;
  readonly demand: () => Demand;
  readonly wakeSelf: (message: FinderMessage) => void;
  /** A host is the SPM, as it says and storage too. */
  readonly found: (host: string) => void;
  /** All hosts have been asked, and none is. */
  readonly noneFound: () => void;
}

export type FinderMessage = Extract<PoolMessage, { type: 'roleAnswered' | 'acted' | 'lookAgain' | 'refreshDue' }>;

/**
 * Finds the host that is the pool's SPM, by asking the hosts themselves, and has one of them become it if there is none. Nothing of this is remembered across a
 * crash, nor need it be: hosts and storage know, the engine asks.
 */
export class SpmFinder {
  readonly #deps: FinderDeps;
  readonly #words: HostWords;
  #spm: string | null = null;
  /** Numbers the questions; answers to earlier ones are void. */
  #round = 0;
  #at: 'rest' | 'asking' | 'acting' | 'pausing' = 'rest';
  /** Whom this round has asked and not heard yet. */
  #open = new Set<string>();
  #inBackground = false;
  /** Nobody has answered the last round that was put to all. */
  #allSilent = false;
  /** The host that is being started. */
  #starting: string | null = null;
  readonly #failed = new Set<string>();
  #refreshing = false;

  constructor(deps: FinderDeps) {
    this.#deps = deps;
    const { exchange, ports } = deps.context;
    this.#words = new HostWords(exchange, () => ports.now());
  }

  get spm(): string | null {
    return this.#spm;
  }

  /** Somebody wants the SPM. */
  want(): void {
    if (this.#spm !== null) return this.#refreshLater();
    // What has begun in the background would not keep the run going for somebody who waits.
    if (this.#at === 'rest' || (this.#inBackground && !this.#mayRest())) this.#ask();
  }

  /** The host says itself that it is not. */
  isNot(host: string): void {
    if (this.#spm === host) this.#forget();
  }

  handle(message: FinderMessage): void {
    switch (message.type) {
      case 'roleAnswered':
        return this.#roleAnswered(message);
      case 'acted':
        return message.round === this.#round && this.#at === 'acting' ? this.#acted(message.step, message.answer) : undefined;
      case 'lookAgain':
        return message.round === this.#round && this.#at === 'pausing' ? this.#ask(message.host) : undefined;
      case 'refreshDue':
        this.#refreshing = false;
        if (this.#spm !== null && this.#deps.demand() === 'work') this.#refresh(this.#spm);
    }
  }

  /** Asks one host for its role, or all. */
  #ask(only: string | null = null): void {
    const { pool, demand } = this.#deps;
    this.#round += 1;
    this.#at = 'asking';
    if (demand() === 'none') return this.#rest();
    this.#inBackground = this.#mayRest();
    const hosts = only === null ? pool.hosts : [only];
    this.#open = new Set(hosts);
    for (const host of hosts) this.#askRole(host);
  }

  #roleAnswered({ round, host, askedAt, answer }: Extract<FinderMessage, { type: 'roleAnswered' }>): void {
    this.#words.note(host, askedAt, answer);
    if (round !== this.#round) return;
    if (this.#spm !== null) return this.#refreshed(host);
    if (this.#at !== 'asking' || !this.#open.delete(host)) return;
    const step = this.#next();
    // Who says that it is need not wait for the others to say that they are not.
    if (step.step === 'use') return this.#use(step.host);
    if (this.#open.size === 0) this.#decide(step);
  }

  #decide(step: ElectionStep): void {
    const { pool, context, demand, noneFound } = this.#deps;
    const { settings } = context;
    const starting = this.#starting;
    if (starting !== null && !(step.step === 'watch' && step.host === starting)) {
      // It was told to start, and it is not on the way: it did not come to anything. If it is silent, all are to be asked.
      this.#starting = null;
      if (this.#words.word(starting).kind === 'told') this.#failed.add(starting);
      return this.#ask();
    }
    this.#allSilent = pool.hosts.every((host) => this.#words.word(host).kind === 'silent');
    noneFound();
    if (demand() === 'none') return this.#rest();
    switch (step.step) {
      case 'use':
        return this.#use(step.host);
      case 'watch':
        this.#starting = step.host;
        return this.#pause(settings.spmStartPollMs, step.host);
      case 'start':
        context.ports.probe({ type: 'spmElected', pool: pool.id, host: step.host, prevId: step.prevId });
        return this.#act(step, step.host, { op: 'startSpm', pool: pool.id, prevId: step.prevId, prevVersion: step.prevVersion });
      case 'stop':
        return this.#act(step, step.host, { op: 'stopSpm', pool: pool.id, generation: step.generation });
      case 'fence':
        context.ports.probe({ type: 'hostFenced', pool: pool.id, host: step.host });
        return this.#act(step, pool.fenceAgent ?? step.host, { op: 'fenceHost', host: step.host, incarnation: step.incarnation });
      case 'wait':
        this.#failed.clear();
        return this.#pause(settings.resubmitMs);
    }
  }

  #acted(step: Extract<ElectionStep, { host: string }>, answer: Answer): void {
    const { settings } = this.#deps.context;
    const code = answer.kind === 'reply' ? answer.reply.code : null;
    switch (step.step) {
      case 'start':
        // No answer says nothing: the host may have begun.
        if (code === null || code === 0 || code === SPM_ACTIVE) {
          this.#starting = step.host;
          return this.#pause(settings.spmStartPollMs, step.host);
        }
        // Storage says the same to everybody else.
        if (code === LEASE_NOT_AVAILABLE) return this.#pause(settings.poolRefreshMs);
        this.#failed.add(step.host);
        return this.#ask();
      case 'fence':
        if (code === 0) this.#words.isDead(step.host, step.incarnation);
        return code === 0 ? this.#ask() : this.#pause(settings.poolRefreshMs);
      case 'stop':
        return this.#pause(code === 0 ? settings.spmStartPollMs : settings.poolRefreshMs);
      case 'use':
      case 'watch':
        return;
    }
  }

  #use(host: string): void {
    this.#spm = host;
    this.#rest();
    this.#deps.found(host);
    if (this.#deps.demand() === 'work') this.#refreshLater();
  }

  /** While it is worked with, it is asked now and then whether it still is what it was. */
  #refreshLater(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    const { context, wakeSelf } = this.#deps;
    // What is worked with keeps the run going by itself.
    context.ports.after(context.settings.poolRefreshMs * 1000, () => wakeSelf({ type: 'refreshDue' }), { background: true });
  }

  #refresh(spm: string): void {
    this.#inBackground = false;
    this.#askRole(spm);
    this.#refreshLater();
  }

  #refreshed(host: string): void {
    if (host !== this.#spm) return;
    const word = this.#words.word(host);
    switch (word.kind) {
      case 'told':
        if (word.status.role !== 'SPM' || word.status.spmId !== host) this.#forget();
        return;
      case 'refused':
        if (word.times >= this.#deps.context.settings.spmFailOverAttempts) this.#forget();
        return;
      case 'silent':
        if (word.forUs > 0) this.#forget();
    }
  }

  #forget(): void {
    this.#spm = null;
    if (this.#deps.demand() !== 'none') this.#ask();
  }

  #next(): ElectionStep {
    const { pool, context } = this.#deps;
    const { fenceGraceMs, spmFailOverAttempts } = context.settings;
    return nextStep({
      words: new Map(pool.hosts.flatMap((host) => (this.#open.has(host) ? [] : [[host, this.#words.word(host)]]))),
      failed: this.#failed,
      graceUs: fenceGraceMs * 1000,
      canFence: pool.fenceAgent !== undefined,
      patience: spmFailOverAttempts,
    });
  }

  #askRole(host: string): void {
    const { context, pool, wakeSelf } = this.#deps;
    const askedAt = context.ports.now();
    const round = this.#round;
    this.#request(host, { op: 'getSpmStatus', pool: pool.id }, context.settings.probeTimeoutMs, (answer) =>
      wakeSelf({ type: 'roleAnswered', round, host, askedAt, answer }),
    );
  }

  #act(step: Extract<ElectionStep, { host: string }>, to: string, body: HostRequest): void {
    const { context, wakeSelf } = this.#deps;
    const round = this.#round;
    this.#at = 'acting';
    this.#request(to, body, context.settings.requestTimeoutMs, (answer) => wakeSelf({ type: 'acted', round, step, answer }));
  }

  #request(to: string, body: HostRequest, timeoutMs: number, wake: (answer: Answer) => void): void {
    const { exchange, stamp } = this.#deps.context;
    exchange.request(to, stamp(null), body, timeoutMs, wake, { background: this.#inBackground });
  }

  /** @param host whom to ask then; default: all */
  #pause(ms: number, host: string | null = null): void {
    const { context, demand, wakeSelf } = this.#deps;
    if (demand() === 'none') return this.#rest();
    const round = this.#round;
    this.#at = 'pausing';
    this.#inBackground = this.#mayRest();
    context.ports.after(ms * 1000, () => wakeSelf({ type: 'lookAgain', round, host }), { background: this.#inBackground });
  }

  #rest(): void {
    this.#at = 'rest';
    this.#starting = null;
    this.#failed.clear();
    this.#open.clear();
  }

  /** Nobody waits for what nobody can answer. */
  #mayRest(): boolean {
    return this.#allSilent && this.#deps.demand() === 'courtesy';
  }
}

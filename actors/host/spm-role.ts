import type { NodePorts } from '../ports.js';
import type { LeaseHold, StoragePort } from '../storage-port.js';
import { NOT_SPM, SPM_ACTIVE, type SpmStatus, type Stamp } from '../wire.js';
import { done, refused, type Answer, type ReturnAddress } from './answer.js';
import type { JobDone } from './job.js';
import { SpmOffice, type SpmOfficeDeps } from './spm-office.js';
import type { SpmRequest } from './spm-request.js';

/** What a host does about the SPM role of its pool, and for how long. µs. */
export interface SpmTerms {
  /** Between two renewals of the lease. */
  readonly leaseRenewal: number;
  /** From a renewal on, until others may take the lease. */
  readonly leaseExpiry: number;
  /** How long a start waits for a lease that another has. */
  readonly leasePatience: number;
  /** How long something takes this time. @param draw from [0, 1) */
  readonly takes: (what: SpmPart, draw: number) => number;
}

export type SpmPart =
  /** After a restart, until storage knows the host by its id again, and gives it leases. */
  | 'hostId'
  /** With the lease, until it is the SPM. */
  | 'start'
  /** As SPM, until the tasks of the one before are loaded. */
  | 'loading'
  | 'stop';

export interface SpmRoleDeps extends SpmOfficeDeps {
  readonly ports: NodePorts;
  readonly storage: StoragePort;
  readonly pool: string;
  /** When storage knows the host by its id, µs. */
  readonly knownFrom: number;
  readonly terms: SpmTerms;
  readonly reply: (to: ReturnAddress, answer: Answer) => void;
  /** To call, through the mailbox, {@link SpmRole.goOn} and {@link SpmRole.renew} with this number. */
  readonly goOn: (term: number) => void;
  readonly renew: (term: number) => void;
  /** Ends this incarnation at once, and lets the next begin: a host that has lost its lease must not act on it for another moment. */
  readonly panic: (why: string) => void;
}

type State =
  | { readonly at: 'free' }
  /** For the host's id, and then the lease, until `until`. */
  | { readonly at: 'waiting'; readonly until: number }
  | { readonly at: 'starting'; readonly hold: LeaseHold }
  | { readonly at: 'loading' | 'inOffice'; readonly hold: LeaseHold; readonly office: SpmOffice }
  | { readonly at: 'stopping'; readonly hold: LeaseHold; readonly office: SpmOffice | null; readonly asked: readonly ReturnAddress[] };

const FREE: State = { at: 'free' };
/** Between two tries to take a lease that another has, µs: it may be given up before it expires. */
const RETRY_US = 5_000_000;

/**
 * One host's part in who is the SPM of its pool: Free, Contend or SPM. It takes the lease only from storage, keeps it by renewing it, and gives it up when asked to. When
 * storage says that it is another's, the host panics.
 */
export class SpmRole {
  #state: State = FREE;
  /** Counts the states: what was waited for in another is void. */
  #term = 0;

  constructor(private readonly deps: SpmRoleDeps) {}

  get role(): SpmStatus['role'] {
    switch (this.#state.at) {
      case 'free':
        return 'Free';
      case 'waiting':
      case 'starting':
        return 'Contend';
      case 'loading':
      case 'inOffice':
      case 'stopping':
        return 'SPM';
    }
  }

  /** With a lease that nobody else has, it is the SPM from this moment on: so a simulation begins. */
  begin(): void {
    const hold = this.#takeLease();
    if (hold === null) return;
    this.#enter({ at: 'inOffice', hold, office: new SpmOffice(this.deps, hold) }, null);
    this.#officeOf()?.load();
  }

  /** @param expected what whoever asks takes for the last SPM, and the version of its lease */
  start(expected: Pick<SpmStatus, 'spmId' | 'leaseVersion'>): Answer {
    const { ports, storage, pool, knownFrom, terms } = this.deps;
    if (this.#state.at !== 'free') return refused(SPM_ACTIVE, `${ports.node} is ${this.role}`);
    const { owner, version } = storage.lease(pool);
    if (owner !== expected.spmId || version !== expected.leaseVersion) ports.probe({ type: 'spmExpectedElsewhere', host: ports.node, pool, ...expected, owner, version });
    const now = ports.now();
    this.#enter({ at: 'waiting', until: now + terms.leasePatience }, Math.max(0, knownFrom - now));
    return done(null);
  }

  /** @param generation the lease that it is to stop with @returns null: it is answered later */
  stop(generation: number, from: ReturnAddress): Answer | null {
    const state = this.#state;
    if ('hold' in state && state.hold.generation !== generation) return done(null);
    switch (state.at) {
      case 'free':
        return done(null);
      case 'waiting':
        this.#enter(FREE, null);
        return done(null);
      case 'stopping':
        this.#state = { ...state, asked: [...state.asked, from] };
        return null;
      case 'starting':
      case 'loading':
      case 'inOffice': {
        const office = 'office' in state ? state.office : null;
        office?.leave();
        this.#enter({ at: 'stopping', hold: state.hold, office, asked: [from] }, this.#draw('stop'));
        return null;
      }
    }
  }

  /** @param later gives an answer when so many µs have passed @returns null: it is answered later */
  answer(request: SpmRequest, stamp: Stamp | null, to: ReturnAddress, stale: (stamp: Stamp | null) => Answer, later: (answer: Answer, us: number) => null): Answer | null {
    const office = this.#officeOf();
    return office === null ? refused(NOT_SPM, `${this.deps.ports.node} is not the SPM`) : office.answer(request, stamp, to, stale, later);
  }

  jobDone(done: JobDone): void {
    this.#officeOf()?.jobDone(done);
  }

  /** Whatever jobs hung upon is there again. */
  setFree(): void {
    this.#officeOf()?.setFree();
  }

  /** What it was waiting for has come. */
  goOn(term: number): void {
    if (term !== this.#term) return;
    const state = this.#state;
    switch (state.at) {
      case 'waiting':
        return this.#tryForLease(state.until);
      case 'starting':
        return this.#enter({ at: 'loading', hold: state.hold, office: new SpmOffice(this.deps, state.hold) }, this.#draw('loading'));
      case 'loading':
        this.#enter({ ...state, at: 'inOffice' }, null);
        return state.office.load();
      case 'stopping':
        return this.#release(state);
      case 'free':
      case 'inOffice':
        return;
    }
  }

  renew(generation: number): void {
    const { ports, storage, terms } = this.deps;
    const state = this.#state;
    if (!('hold' in state) || state.hold.generation !== generation) return;
    if (storage.renewLease(state.hold, ports.now(), terms.leaseExpiry)) this.#renewLater(state.hold);
    else this.#panic();
  }

  /** To be called when something was done: storage may have said by then that the lease is lost. */
  check(): void {
    if (this.#officeOf()?.isOver === true) this.#panic();
  }

  #tryForLease(until: number): void {
    const { ports, storage, pool } = this.deps;
    const hold = this.#takeLease();
    if (hold !== null) return this.#enter({ at: 'starting', hold }, this.#draw('start'));
    const now = ports.now();
    const { expiresAt } = storage.lease(pool);
    if (now >= until) return this.#enter(FREE, null);
    this.#enter({ at: 'waiting', until }, Math.min(RETRY_US, expiresAt - now, until - now));
  }

  #takeLease(): LeaseHold | null {
    const { ports, storage, pool, incarnation, terms } = this.deps;
    const hold = storage.takeLease(pool, { host: ports.node, incarnation }, ports.now(), terms.leaseExpiry);
    if (hold !== null) this.#renewLater(hold);
    return hold;
  }

  #renewLater({ generation }: LeaseHold): void {
    const { ports, terms, renew } = this.deps;
    ports.after(terms.leaseRenewal, () => renew(generation), { background: true });
  }

  #release({ hold, asked }: Extract<State, { at: 'stopping' }>): void {
    if (!this.deps.storage.releaseLease(hold)) return this.#panic();
    this.#enter(FREE, null);
    for (const to of asked) this.deps.reply(to, done(null));
  }

  #panic(): void {
    this.deps.panic('the SPM lease is lost');
  }

  #officeOf(): SpmOffice | null {
    return 'office' in this.#state ? this.#state.office : null;
  }

  #draw(part: SpmPart): number {
    const { ports, terms } = this.deps;
    return terms.takes(part, ports.random(`spm:${part}`));
  }

  /** @param goOnAfter µs; null: it stays there until something is asked of it */
  #enter(state: State, goOnAfter: number | null): void {
    const { ports, pool, goOn } = this.deps;
    const before = this.role;
    this.#state = state;
    this.#term += 1;
    const term = this.#term;
    if (this.role !== before) ports.probe({ type: 'spmRoleChanged', host: ports.node, pool, role: this.role });
    if (goOnAfter !== null) ports.after(goOnAfter, () => goOn(term));
  }
}

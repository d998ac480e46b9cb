import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Offer, PoolMessage } from '../../../actors/messages.js';
import { createPool } from '../../../actors/pool.js';
import { GENERAL_FAILURE, LEASE_NOT_AVAILABLE, NOT_SPM, type HostRequest, type WireReply } from '../../../actors/wire.js';
import { loneEngine, Mailbox, replyTo } from '../lone-engine.js';

const SECOND = 1_000_000;
const EXPIRY = 140 * SECOND;
const AGENT = 'agent';

/** A host of three as far as its role goes. `mute`: it lives, and nothing that it says arrives; `ill`: it answers errors in the place of its status. */
interface Machine {
  state: 'up' | 'mute' | 'ill' | 'dead';
  role: 'Free' | 'Contend' | 'SPM';
  incarnation: number;
}

/** A pool, its hosts, a fence agent, and the lease on their storage, which is granted when it is free or has expired. */
class Pool {
  readonly engine = loneEngine();
  readonly machines = new Map(['a', 'b', 'c'].map((id): [string, Machine] => [id, { state: 'up', role: 'Free', incarnation: 1 }]));
  readonly lease = { owner: null as string | null, ownerIncarnation: 0, generation: 0, version: -1, renewedAt: 0 };
  readonly mailbox = new Mailbox<PoolMessage>();
  readonly started: string[] = [];
  readonly fenced: string[] = [];
  readonly stopped: string[] = [];
  readonly answers: string[] = [];
  /** A host that is Contend stays it. */
  startsForEver = false;
  /** What hosts are asked in vain. */
  unanswered: HostRequest['op'] | null = null;
  #taken = 0;

  constructor({ fenceAgent, spm }: { readonly fenceAgent: boolean; readonly spm: string | null }) {
    if (spm !== null) this.#takeLease(spm);
    this.mailbox.run(createPool(this.engine.context, { id: 'pool1', hosts: [...this.machines.keys()], ...(fenceAgent ? { fenceAgent: AGENT } : {}) }, this.mailbox.wake));
  }

  offer(isCourtesy?: () => boolean): void {
    const offer: Offer = {
      body: { op: 'getAllTasksStatuses', pool: 'pool1' },
      commandId: null,
      patience: 'untilAnswered',
      ...(isCourtesy === undefined ? {} : { isCourtesy }),
      wake: (answer) => void this.answers.push(answer?.host ?? 'nobody'),
    };
    this.mailbox.wake({ type: 'offer', offer });
  }

  machine(id: string): Machine {
    const machine = this.machines.get(id);
    if (machine === undefined) throw new Error(`there is no host ${id}`);
    return machine;
  }

  die(id: string): void {
    Object.assign(this.machine(id), { state: 'dead', role: 'Free' });
  }

  boot(id: string): void {
    const machine = this.machine(id);
    if (machine.state === 'dead') Object.assign(machine, { state: 'up', incarnation: machine.incarnation + 1 });
    else machine.state = 'up';
  }

  /** Lets a tenth of a second pass, and everybody answer. */
  run(seconds: number): void {
    for (let i = 0; i < seconds * 10; i += 1) {
      this.#serve();
      this.engine.ports.advance(SECOND / 10);
      const { owner } = this.lease;
      const machine = owner === null ? undefined : this.machine(owner);
      if (machine !== undefined && machine.state !== 'dead' && machine.role === 'SPM') this.lease.renewedAt = this.engine.ports.now();
    }
  }

  /** How often a host has been asked for its role. */
  asks(id: string): number {
    return this.engine.ports.requests(id).filter(({ body }) => body.op === 'getSpmStatus').length;
  }

  /** Hosts that are SPM with a lease that is theirs. */
  get spms(): readonly string[] {
    return [...this.machines].flatMap(([id, { role }]) => (role === 'SPM' && this.lease.owner === id ? [id] : []));
  }

  #serve(): void {
    const { ports, exchange } = this.engine;
    const sent = ports.sent.slice(this.#taken);
    this.#taken += sent.length;
    for (const { to, message } of sent) {
      if (message.kind !== 'request') continue;
      const body = message.body as HostRequest;
      const reply = to === AGENT ? this.#fence(body) : this.#answer(to, body);
      if (reply !== null) exchange.receive(replyTo({ correlation: message.correlation, to }, reply));
    }
  }

  #fence(body: HostRequest): Partial<WireReply> {
    if (body.op !== 'fenceHost') throw new Error(`the agent was asked to ${body.op}`);
    this.fenced.push(body.host);
    this.die(body.host);
    return {};
  }

  #answer(id: string, body: HostRequest): Partial<WireReply> | null {
    const machine = this.machine(id);
    const { incarnation } = machine;
    if (machine.state === 'dead') return null;
    const reply = this.#acts(id, machine, body);
    return machine.state === 'mute' || body.op === this.unanswered ? null : { incarnation, ...reply };
  }

  #acts(id: string, machine: Machine, body: HostRequest): Partial<WireReply> {
    const { owner, generation, version } = this.lease;
    switch (body.op) {
      case 'getSpmStatus': {
        const told = { role: machine.role, spmId: owner, ownerIncarnation: this.lease.ownerIncarnation, leaseGeneration: generation, leaseVersion: version };
        // It takes its time.
        if (machine.role === 'Contend' && !this.startsForEver) this.#takeLease(id);
        return machine.state === 'ill' ? { code: GENERAL_FAILURE } : { result: told };
      }
      case 'startSpm':
        if (!this.#isFree(id)) return { code: LEASE_NOT_AVAILABLE };
        this.started.push(id);
        machine.role = 'Contend';
        return {};
      case 'stopSpm':
        this.stopped.push(id);
        machine.role = 'Free';
        if (owner === id) Object.assign(this.lease, { owner: null, generation: generation + 1 });
        return {};
      default:
        return machine.role === 'SPM' && owner === id ? {} : { code: NOT_SPM };
    }
  }

  #isFree(by: string): boolean {
    const { owner, renewedAt } = this.lease;
    return owner === null || owner === by || this.engine.ports.now() - renewedAt > EXPIRY;
  }

  #takeLease(id: string): void {
    const machine = this.machine(id);
    if (!this.#isFree(id)) return void (machine.role = 'Free');
    const { generation, version } = this.lease;
    Object.assign(this.lease, { owner: id, ownerIncarnation: machine.incarnation, generation: generation + 1, version: version + 1, renewedAt: this.engine.ports.now() });
    machine.role = 'SPM';
  }
}

describe('a pool without SPM', () => {
  test('gets one when somebody wants it, and not before', () => {
    const pool = new Pool({ fenceAgent: false, spm: null });
    pool.run(60);
    expect(pool.engine.ports.sent).toEqual([]);
    pool.offer();
    pool.run(10);
    expect([pool.started, pool.spms, pool.answers]).toEqual([['a'], ['a'], ['a']]);
  });

  test('whose SPM has died and come back, starts it again', () => {
    const pool = new Pool({ fenceAgent: true, spm: 'b' });
    pool.die('b');
    pool.boot('b');
    pool.offer();
    pool.run(10);
    expect([pool.started, pool.fenced, pool.answers]).toEqual([['b'], [], ['b']]);
  });

  test('whose SPM is dead, has it fenced when its grace is over, and another when its lease has expired', () => {
    const pool = new Pool({ fenceAgent: true, spm: 'b' });
    pool.die('b');
    pool.offer();
    pool.run(79);
    expect([pool.fenced, pool.started]).toEqual([[], []]);
    pool.run(15);
    expect([pool.fenced, pool.started]).toEqual([['b'], []]);
    pool.run(65);
    expect([pool.fenced, pool.started, pool.answers]).toEqual([['b'], ['a'], ['a']]);
  });

  test('whose SPM is dead, and without a fence agent, has another when its lease has expired', () => {
    const pool = new Pool({ fenceAgent: false, spm: 'b' });
    pool.die('b');
    pool.offer();
    pool.run(139);
    expect(pool.started).toEqual([]);
    pool.run(20);
    expect(pool.answers).toEqual(['a']);
  });

  test('whose candidate dies on the way, has the next', () => {
    const pool = new Pool({ fenceAgent: false, spm: null });
    pool.offer();
    pool.run(0.3);
    expect(pool.machine('a').role).toBe('Contend');
    pool.die('a');
    pool.run(30);
    expect([pool.started, pool.answers]).toEqual([['a', 'b'], ['b']]);
  });

  test('asks its candidate every second how far it is, without limit, and starts nobody else meanwhile', () => {
    const pool = new Pool({ fenceAgent: true, spm: null });
    pool.startsForEver = true;
    pool.offer();
    pool.run(10);
    const before = ['a', 'b'].map((id) => pool.asks(id));
    pool.run(1_000);
    const [a, b] = ['a', 'b'].map((id, i) => pool.asks(id) - (before[i] ?? 0));
    // Each question takes a tenth of a second to be answered.
    expect(a).toBeGreaterThan(850);
    expect([b, pool.started, pool.fenced, pool.answers]).toEqual([0, ['a'], [], []]);
    pool.startsForEver = false;
    pool.run(10);
    expect(pool.answers).toEqual(['a']);
  });

  test('whose candidate says after a while that it is free, has the next', () => {
    const pool = new Pool({ fenceAgent: false, spm: null });
    pool.startsForEver = true;
    pool.offer();
    pool.run(60);
    pool.startsForEver = false;
    pool.machine('a').role = 'Free';
    pool.run(10);
    expect([pool.started, pool.answers]).toEqual([['a', 'b'], ['b']]);
  });

  test('and without a host that is alive, lets a run rest if nobody waits for more than a look, and goes on when somebody does', () => {
    const pool = new Pool({ fenceAgent: true, spm: 'b' });
    for (const id of ['a', 'b', 'c']) pool.die(id);
    let idle = true;
    pool.offer(() => idle);
    pool.run(60);
    expect(pool.engine.ports.timers.filter(({ background }) => !background)).toEqual([]);
    idle = false;
    pool.offer();
    expect(pool.engine.ports.timers.some(({ background }) => !background)).toBe(true);
    pool.boot('c');
    pool.boot('b');
    pool.run(20);
    expect(pool.answers).toEqual(['b', 'b']);
  });
});

describe('an SPM', () => {
  test('that answers what it is asked for its role is not replaced, however long a request goes unanswered', () => {
    const pool = new Pool({ fenceAgent: true, spm: 'b' });
    pool.unanswered = 'getAllTasksStatuses';
    pool.offer();
    pool.run(500);
    pool.unanswered = null;
    pool.run(60);
    expect([pool.fenced, pool.started, pool.answers]).toEqual([[], [], ['b']]);
  });

  test('of which nothing is heard any more while it is worked with, is found silent, fenced and replaced', () => {
    const pool = new Pool({ fenceAgent: true, spm: 'b' });
    pool.offer();
    pool.run(1);
    pool.machine('b').state = 'mute';
    pool.offer();
    pool.run(110);
    expect([pool.fenced, pool.answers]).toEqual([['b'], ['b']]);
    pool.run(150);
    expect([pool.started, pool.answers, pool.spms]).toEqual([['a'], ['b', 'a'], ['a']]);
  });

  test('that answers errors in the place of its status while it is worked with, is stopped at the third in a row, and replaced; two change nothing', () => {
    for (const [seconds, stopped] of [[25, []], [60, ['b']]] as const) {
      const pool = new Pool({ fenceAgent: true, spm: 'b' });
      pool.offer();
      pool.run(1);
      pool.unanswered = 'getAllTasksStatuses';
      pool.offer();
      pool.machine('b').state = 'ill';
      pool.run(seconds);
      if (stopped.length === 0) pool.machine('b').state = 'up';
      pool.unanswered = null;
      pool.run(400);
      expect([seconds, pool.stopped, pool.fenced, pool.answers]).toEqual([seconds, stopped, [], ['b', stopped.length === 0 ? 'b' : 'a']]);
    }
  });

  test('that is heard again within the grace, stays what it is', () => {
    const pool = new Pool({ fenceAgent: true, spm: 'b' });
    pool.machine('b').state = 'mute';
    pool.offer();
    pool.run(60);
    pool.machine('b').state = 'up';
    pool.run(200);
    expect([pool.fenced, pool.started, pool.answers]).toEqual([[], [], ['b']]);
  });
});

test('whatever befalls the hosts, nobody but storage makes a second SPM, and when all is well again there is one, and everybody is answered', () => {
  const event = fc.record({
    host: fc.constantFrom('a', 'b', 'c'),
    what: fc.constantFrom('die' as const, 'boot' as const, 'mute' as const),
    after: fc.integer({ min: 1, max: 120 }),
    offers: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 8 }), fc.boolean(), (events, fenceAgent) => {
      const pool = new Pool({ fenceAgent, spm: 'b' });
      let offers = 1;
      pool.offer();
      for (const { host, what, after, offers: another } of events) {
        if (what === 'die') pool.die(host);
        else if (what === 'boot') pool.boot(host);
        else if (pool.machine(host).state === 'up') pool.machine(host).state = 'mute';
        if (another) pool.offer();
        offers += Number(another);
        pool.run(after);
        expect(pool.spms.length).toBeLessThanOrEqual(1);
      }
      for (const id of ['a', 'b', 'c']) pool.boot(id);
      pool.offer();
      pool.run(2 * 180 + 2 * 140);
      expect([pool.answers.length, pool.answers.includes('nobody'), pool.spms.length]).toEqual([offers + 1, false, 1]);
    }),
    { numRuns: 40 },
  );
});

import type { NodePorts } from '../ports.js';
import type { StoragePort } from '../storage-port.js';
import { BAD_PARAMETER } from '../wire.js';
import type { Args, StepRef } from '../wire.js';
import { answerOf, done, refused, type Answer, type ReturnAddress } from './answer.js';
import { domainRefusal } from './domain-refusal.js';
import type { PlannedFailure, VerbTable } from './verb-table.js';

export interface HsmCallsDeps {
  /** The host's. */
  readonly pool: string;
  readonly ports: NodePorts;
  readonly storage: StoragePort;
  readonly verbs: VerbTable;
  /** To call, through the mailbox, {@link HsmCalls.done}. */
  readonly done: (n: number) => void;
  readonly reply: (to: ReturnAddress, answer: Answer) => void;
}

export interface CallRequest {
  readonly key: string;
  readonly verb: string;
  readonly args: Args;
  readonly step: StepRef;
}

/** What stands in a command's line. */
type Job = Execution | Drain;

/** Something a host does for a command, or, if `commandId` is null, for nobody in particular. */
interface Execution {
  readonly kind: 'execution';
  readonly commandId: string | null;
  readonly verb: string;
  readonly args: Args;
  readonly run: () => Answer;
  readonly answered: (answer: Answer) => void;
}

/** It takes no time, but its turn comes when all before it are over. */
interface Drain {
  readonly kind: 'drain';
  readonly commandId: string;
  readonly from: ReturnAddress;
}

interface Call {
  /** Who is to be answered: whoever asked first, and those who repeated it. */
  waiting: ReturnAddress[];
  answer: Answer | null;
}

interface Running {
  readonly job: Execution;
  readonly failure: PlannedFailure | null;
}

/**
 * The synchronous verbs of a host. A key is executed once, and answered with the same reply for as long as the host lives. What a command asks for runs in
 * the order of its arrival, reads too: so what undoes never overtakes what it undoes, and nobody is told of a state that a running call is about to change.
 */
export class HsmCalls {
  readonly #calls = new Map<string, Call>();
  /** Per command, the jobs that are not over; the first of them is running. */
  readonly #lines = new Map<string, Job[]>();
  readonly #running = new Map<number, Running>();
  #started = 0;

  constructor(private readonly deps: HsmCallsDeps) {}

  receive(request: CallRequest, from: ReturnAddress): void {
    const { key, verb, args, step } = request;
    const known = this.#calls.get(key);
    if (known !== undefined) {
      if (known.answer === null) known.waiting.push(from);
      else this.#answer(key, verb, known.answer, from, true);
      return;
    }
    const found = this.deps.verbs.find(verb);
    if (found === undefined || found.kind === 'spm') return this.deps.reply(from, refused(BAD_PARAMETER, `there is no HSM verb '${verb}'`));
    const problem = found.problemWith(args);
    if (problem !== null) return this.deps.reply(from, refused(BAD_PARAMETER, `${verb}: ${problem}`));

    const call: Call = { waiting: [from], answer: null };
    this.#calls.set(key, call);
    const { ports, pool, storage } = this.deps;
    const run = (): Answer =>
      domainRefusal({ name: verb, args }, found, pool, storage) ?? answerOf(found.kind === 'read' ? storage.read(verb, args, ports.node) : storage.perform({ ...request, host: ports.node, hold: null }, 'end'));
    this.#queue({
      kind: 'execution',
      commandId: step.commandId,
      verb,
      args,
      run,
      answered: (answer) => {
        call.answer = answer;
        const asked = call.waiting;
        call.waiting = [];
        asked.forEach((to, i) => this.#answer(key, verb, answer, to, i > 0));
      },
    });
  }

  /** A verb that only reads: unkeyed, and in line with the calls of the command that asks, if one does. */
  read(verb: string, args: Args, commandId: string | null, from: ReturnAddress): void {
    const { ports, pool, storage, verbs, reply } = this.deps;
    const found = verbs.find(verb);
    if (found?.kind !== 'read') return reply(from, refused(BAD_PARAMETER, `there is no verb '${verb}' that only reads`));
    const problem = found.problemWith(args);
    if (problem !== null) return reply(from, refused(BAD_PARAMETER, `${verb}: ${problem}`));
    this.#queue({ kind: 'execution', commandId, verb, args, run: () => domainRefusal({ name: verb, args }, found, pool, storage) ?? answerOf(storage.read(verb, args, ports.node)), answered: (answer) => reply(from, answer) });
  }

  /** Answered when nothing that the command has asked for before is under way any more. */
  drain(commandId: string, from: ReturnAddress): void {
    this.#queue({ kind: 'drain', commandId, from });
  }

  /** A job's time is over: its effect, its answers, and then the command's next job. */
  done(n: number): void {
    const running = this.#running.get(n);
    if (running === undefined) return;
    this.#running.delete(n);
    const { job, failure } = running;
    job.answered(failure === null ? job.run() : refused(failure.code, failure.message));
    if (job.commandId !== null) this.#startNext(job.commandId);
  }

  #queue(job: Job): void {
    if (job.commandId === null) return this.#start(job);
    const line = this.#lines.get(job.commandId) ?? [];
    this.#lines.set(job.commandId, [...line, job]);
    if (line.length === 0) this.#start(job);
  }

  #startNext(commandId: string): void {
    const [, ...line] = this.#lines.get(commandId) ?? [];
    const [next] = line;
    if (next === undefined) {
      this.#lines.delete(commandId);
      return;
    }
    this.#lines.set(commandId, line);
    this.#start(next);
  }

  #start(job: Job): void {
    if (job.kind === 'execution') return this.#execute(job);
    this.deps.reply(job.from, done(null));
    this.#startNext(job.commandId);
  }

  #execute(job: Execution): void {
    const { ports, verbs } = this.deps;
    const plan = verbs.find(job.verb)?.plan(job.args, (purpose) => ports.random(purpose));
    if (plan === undefined) return;
    this.#started += 1;
    const n = this.#started;
    // A synchronous verb has no moment between its acceptance and its answer: a refusal is an answer that comes at once.
    this.#running.set(n, { job, failure: plan.kind === 'refuse' ? plan : plan.failure });
    const over = (): void => this.deps.done(n);
    if (plan.kind === 'refuse') ports.after(0, over);
    else verbs.spend(plan, ports, over);
  }

  #answer(key: string, verb: string, answer: Answer, to: ReturnAddress, repeated: boolean): void {
    const { ports, reply } = this.deps;
    ports.probe({ type: 'hostCall', host: ports.node, key, verb, code: answer.code, repeated });
    reply(to, answer);
  }
}

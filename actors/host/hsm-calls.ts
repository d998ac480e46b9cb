import type { NodePorts } from '../ports.js';
import type { StoragePort } from '../storage-port.js';
import { BAD_PARAMETER } from '../wire.js';
import type { Args, StepRef } from '../wire.js';
import { answerOf, refused, type Answer, type ReturnAddress } from './answer.js';
import type { PlannedFailure, VerbTable } from './verb-table.js';

export interface HsmCallsDeps {
  readonly ports: NodePorts;
  readonly storage: StoragePort;
  readonly verbs: VerbTable;
  /** To call, through the mailbox, {@link HsmCalls.callDone}. */
  readonly callDone: (key: string) => void;
  readonly reply: (to: ReturnAddress, answer: Answer) => void;
}

export interface CallRequest {
  readonly key: string;
  readonly verb: string;
  readonly args: Args;
  readonly step: StepRef;
}

interface Call {
  readonly request: CallRequest;
  /** Who is to be answered: whoever asked first, and those who repeated it. */
  waiting: ReturnAddress[];
  failure: PlannedFailure | null;
  answer: Answer | null;
}

/**
 * The synchronous verbs of a host. A key is executed once, and answered with the same reply for as long as the host lives. The calls of one
 * command run one after another in the order of their arrival, so that what undoes never overtakes what it undoes.
 */
export class HsmCalls {
  readonly #calls = new Map<string, Call>();
  /** Per command, the calls that are not over; the first of them is running. */
  readonly #lines = new Map<string, Call[]>();

  constructor(private readonly deps: HsmCallsDeps) {}

  receive(request: CallRequest, from: ReturnAddress): void {
    const known = this.#calls.get(request.key);
    if (known !== undefined) {
      if (known.answer === null) known.waiting.push(from);
      else this.#answer(known, known.answer, from, true);
      return;
    }
    const verb = this.deps.verbs.find(request.verb);
    if (verb?.kind !== 'hsm') return this.deps.reply(from, refused(BAD_PARAMETER, `there is no HSM verb '${request.verb}'`));
    const problem = verb.problemWith(request.args);
    if (problem !== null) return this.deps.reply(from, refused(BAD_PARAMETER, `${request.verb}: ${problem}`));

    const call: Call = { request, waiting: [from], failure: null, answer: null };
    this.#calls.set(request.key, call);
    const line = this.#lines.get(request.step.commandId) ?? [];
    this.#lines.set(request.step.commandId, [...line, call]);
    if (line.length === 0) this.#start(call);
  }

  /** A call has run: its effect, its answers, and then the command's next call. */
  callDone(key: string): void {
    const call = this.#calls.get(key);
    if (call === undefined || call.answer !== null) return;
    const { ports, storage } = this.deps;
    const { failure, request, waiting } = call;
    const answer = failure === null
      ? answerOf(storage.perform({ ...request, host: ports.node, hold: null }))
      : refused(failure.code, failure.message);
    call.answer = answer;
    call.waiting = [];
    waiting.forEach((to, i) => this.#answer(call, answer, to, i > 0));
    this.#startNext(request.step.commandId);
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

  #start(call: Call): void {
    const { ports, verbs, callDone } = this.deps;
    const { key, verb, args } = call.request;
    const plan = verbs.find(verb)?.plan(args, (purpose) => ports.random(purpose));
    if (plan === undefined) return;
    // A synchronous verb has no moment between its acceptance and its answer: a refusal is an answer that comes at once.
    call.failure = plan.kind === 'refuse' ? plan : plan.failure;
    ports.after(plan.kind === 'refuse' ? 0 : plan.durationUs, () => callDone(key));
  }

  #answer(call: Call, answer: Answer, to: ReturnAddress, repeated: boolean): void {
    const { ports, reply } = this.deps;
    const { key, verb } = call.request;
    ports.probe({ type: 'hostCall', host: ports.node, key, verb, code: answer.code, repeated });
    reply(to, answer);
  }
}

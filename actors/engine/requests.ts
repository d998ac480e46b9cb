import { handlersOf, checkCommandId } from '../../src/model/command.js';
import { sameData, type Data } from '../../src/model/data.js';
import { recordOf, SeatbeltError } from '../../src/model/errors.js';
import type { OperatorRequest } from '../../src/model/operator.js';
import { cancelRefusal } from '../../src/flow/cancel.js';
import { submitted, type CommandState } from '../../src/flow/state.js';
import { NOTHING_STAGED } from '../../src/store/staged-view.js';
import { stored } from '../command/batch.js';
import { newCommand } from '../command/durable-command.js';
import type { EngineContext } from '../engine-context.js';
import { checkedOperation, operateAnswer } from '../command/operation.js';
import type { CancelAnswer, OperateAnswer } from '../messages.js';
import type { NodePorts } from '../ports.js';
import { ENGINE_REFUSED, type EngineRequest, type WireRequest } from '../wire.js';
import type { Archive, Found } from './archive.js';
import type { CommandRegistry } from './registry.js';
import { isFamilyKnown, statusOf } from './status.js';

/** What the requests leave to a turn of the engine's own. Each must do no more than dispatch one message. */
export interface RequestsWake {
  /** A submission is durable: for {@link ClientRequests.submissionCommitted}. */
  submissionCommitted(state: CommandState): void;
  /** For {@link ClientRequests.found}. */
  found(lookUp: LookUp, found: Found): void;
  /** For {@link ClientRequests.cancelAnswered}. */
  cancelAnswered(request: WireRequest, commandId: string, answer: CancelAnswer): void;
  /** For {@link ClientRequests.operateAnswered}. */
  operateAnswered(request: WireRequest, commandId: string, answer: OperateAnswer): void;
}

/** Requests about a command that wait for what the archive says of it. */
export interface LookUp {
  readonly commandId: string;
  readonly requests: WireRequest[];
}

/** What clients ask of an engine: each request is answered, at the latest when what it asks for is durable. */
export class ClientRequests {
  /** Submissions whose first commit is under way, with the requests that wait for it. */
  readonly #submitting = new Map<string, { readonly state: CommandState; readonly requests: WireRequest[] }>();

  /**
   * Commands that are to be submitted unless the archive knows of them. One look is enough for all that submit the same: what a second one sees would be
   * out of date by the time it is told, when the command may have been carried out, and be over.
   */
  readonly #submissionsLookedUp = new Map<string, LookUp>();

  #refusal: SeatbeltError | null = null;
  /** Done when the last request that was looked up is on its way. */
  #lookedUp: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: EngineContext,
    private readonly registry: Pick<CommandRegistry, 'find' | 'actorOf' | 'start'>,
    private readonly archive: Pick<Archive, 'lookUp'>,
    private readonly wake: RequestsWake,
  ) {}

  /** @param found what the archive says of the command that it is about; absent: nobody has looked yet */
  handle(request: WireRequest, found?: Found): void {
    if (this.#refusal !== null) return this.#refuse(request, this.#refusal);
    try {
      const body = checkedBody(request.body);
      switch (body.op) {
        case 'submitCommand':
          return this.#submit(request, body, found);
        case 'commandStatus':
          return this.#status(request, body.commandId, found);
        case 'cancelCommand':
          return this.#cancel(request, body.commandId, found);
        case 'operateCommand':
          return this.#operate(request, body.commandId, checkedOperation(body), found);
      }
    } catch (error) {
      this.#refuse(request, error);
    }
  }

  /** The requests are handled again, with what was looked up for them. */
  found(lookUp: LookUp, found: Found): void {
    this.#isOver(lookUp);
    for (const request of lookUp.requests) this.handle(request, found);
  }

  /** From now on every request is refused with this. */
  refuseAll(why: SeatbeltError): void {
    this.#refusal = why;
  }

  submissionCommitted(state: CommandState): void {
    const waiting = this.#submitting.get(state.id);
    this.#submitting.delete(state.id);
    this.registry.start(newCommand(state));
    for (const request of waiting?.requests ?? []) this.#reply(request, statusOf(state, () => undefined));
  }

  cancelAnswered(request: WireRequest, commandId: string, answer: CancelAnswer): void {
    if (answer.kind !== 'refused') this.#reply(request, { commandId, cancel: answer.kind });
    else this.#refuse(request, new SeatbeltError('CANCEL_REFUSED', `command '${commandId}' cannot be cancelled: ${answer.why}`));
  }

  operateAnswered(request: WireRequest, commandId: string, answer: OperateAnswer): void {
    if (answer.kind === 'done') this.#tellOf(request, answer.state);
    else this.#refuse(request, new SeatbeltError('OPERATOR_REFUSED', `command '${commandId}': ${answer.why}`));
  }

  #submit(request: WireRequest, body: Extract<EngineRequest, { op: 'submitCommand' }>, found: Found | undefined): void {
    const { definitions, journal, ports, epoch } = this.context;
    const id = checkCommandId(body.commandId);
    const definition = definitions.get(body.type);
    if (definition === undefined) throw new SeatbeltError('UNKNOWN_COMMAND_TYPE', `there is no command type '${body.type}'`);
    const params = definition.parseParams(body.params);
    const locks = definition.locks(params);
    const waiting = this.#submitting.get(id);
    const known = waiting?.state ?? this.registry.find(id) ?? found?.command;
    // It may be over, and then the disk alone knows of it.
    if (known === undefined && found === undefined) {
      const lookUp = this.#submissionsLookedUp.get(id);
      if (lookUp === undefined) this.#submissionsLookedUp.set(id, this.#lookUp(request, id, false));
      else lookUp.requests.push(request);
      return;
    }
    if (known !== undefined) {
      if (known.type !== body.type || !sameData(known.params, params)) {
        throw new SeatbeltError('DUPLICATE_COMMAND', `command '${id}' was submitted before, as another type or with other params`);
      }
      // Acknowledged once the first submission is on disk.
      if (waiting !== undefined) waiting.requests.push(request);
      else this.#status(request, id, found);
      return;
    }
    if (found?.expired === true) throw expired(id);
    const state = submitted({
      id,
      type: body.type,
      version: definition.version,
      params,
      handlers: handlersOf(definition, params).map(({ name }) => name),
      parent: null,
      rootId: id,
      ...(epoch === 0 ? {} : { epoch }),
      locks,
      lockWait: definition.lockWait,
      submittedAt: ports.now(),
    });
    this.#submitting.set(id, { state, requests: [request] });
    journal.tell({
      type: 'commit',
      request: {
        changes: [{ type: 'command', state: stored(state) }],
        entities: NOTHING_STAGED,
        probes: [{ type: 'commandSubmitted', commandId: id, commandType: state.type, parentId: null }],
        wake: () => this.wake.submissionCommitted(state),
      },
    });
  }

  /** What of its family is over has to be looked up. */
  #tellOf(request: WireRequest, state: CommandState): void {
    const childOf = (id: string): CommandState | undefined => this.registry.find(id);
    if (isFamilyKnown(state, childOf)) this.#reply(request, statusOf(state, childOf));
    else this.#status({ ...request, body: { op: 'commandStatus', commandId: state.id } }, state.id, undefined);
  }

  #status(request: WireRequest, commandId: string, found: Found | undefined): void {
    const live = this.registry.find(commandId);
    const state = live ?? found?.command;
    if (state === undefined && found !== undefined) throw absent(commandId, found);
    const childOf = (id: string): CommandState | undefined => this.registry.find(id) ?? found?.family.get(id);
    // A child that has ended since somebody looked is looked for again.
    const complete = state !== undefined && (live === undefined || isFamilyKnown(live, childOf));
    if (complete) this.#reply(request, statusOf(state, childOf));
    else this.#lookUp(request, commandId, live !== undefined);
  }

  /** The request is handled again with what is found; those that are looked up keep their order. */
  #lookUp(request: WireRequest, commandId: string, family: boolean): LookUp {
    const lookUp: LookUp = { commandId, requests: [request] };
    const looking = this.archive.lookUp(commandId, family);
    this.#lookedUp = Promise.allSettled([looking, this.#lookedUp]).then(() =>
      looking.then(
        (found) => this.wake.found(lookUp, found),
        (error: unknown) => {
          this.#isOver(lookUp);
          for (const waiting of lookUp.requests) this.#refuse(waiting, error);
        },
      ),
    );
    return lookUp;
  }

  #isOver(lookUp: LookUp): void {
    if (this.#submissionsLookedUp.get(lookUp.commandId) === lookUp) this.#submissionsLookedUp.delete(lookUp.commandId);
  }

  #cancel(request: WireRequest, commandId: string, found: Found | undefined): void {
    const state = this.registry.find(commandId) ?? found?.command;
    if (state === undefined && found === undefined) return void this.#lookUp(request, commandId, false);
    if (state === undefined) throw absent(commandId, found);
    const actor = this.registry.actorOf(commandId);
    if (actor !== undefined) actor.tell({ type: 'cancel', wake: (answer) => this.wake.cancelAnswered(request, commandId, answer) });
    // Of one that is over for this very reason, the answer is the same as it was.
    else if (state.error?.code === 'CANCELLED') this.#reply(request, { commandId, cancel: 'accepted' });
    else throw new SeatbeltError('CANCEL_REFUSED', `command '${commandId}' cannot be cancelled: ${cancelRefusal(state) ?? 'it is over'}`);
  }

  #operate(request: WireRequest, commandId: string, operation: OperatorRequest, found: Found | undefined): void {
    const state = this.registry.find(commandId) ?? found?.command;
    if (state === undefined && found === undefined) return void this.#lookUp(request, commandId, false);
    if (state === undefined) throw absent(commandId, found);
    const actor = this.registry.actorOf(commandId);
    const wake = (answer: OperateAnswer): void => this.wake.operateAnswered(request, commandId, answer);
    if (actor !== undefined) actor.tell({ type: 'operate', request: operation, wake });
    // Of one that is over, only what has been done already can be confirmed.
    else this.operateAnswered(request, commandId, operateAnswer(state, operation, null));
  }

  #reply({ correlation, from }: WireRequest, result: Data): void {
    const { ports, incarnation } = this.context;
    ports.send(from, { kind: 'reply', correlation, from: ports.node, incarnation, code: 0, message: 'OK', result });
  }

  #refuse(request: WireRequest, thrown: unknown): void {
    refuse(this.context.ports, this.context.incarnation, request, thrown);
  }
}

/** Tells who asked why nothing is done for them. */
export function refuse(ports: Pick<NodePorts, 'node' | 'send'>, incarnation: number, { correlation, from }: WireRequest, thrown: unknown): void {
  const error = recordOf(thrown);
  ports.send(from, { kind: 'reply', correlation, from: ports.node, incarnation, code: ENGINE_REFUSED, message: error.message, result: error });
}

function absent(commandId: string, found: Found | undefined): SeatbeltError {
  return found?.expired === true ? expired(commandId) : new SeatbeltError('UNKNOWN_COMMAND', `there is no command '${commandId}'`);
}

/** To run it anew would be to run it twice, and hosts refuse the tasks that it would have. */
function expired(commandId: string): SeatbeltError {
  return new SeatbeltError('COMMAND_EXPIRED', `command '${commandId}' has been over for so long that its records are gone`);
}

const OPERATIONS = { submitCommand: true, commandStatus: true, cancelCommand: true, operateCommand: true } satisfies { readonly [K in EngineRequest['op']]: true };

/** Of a request of the wire, that it is one, about one command. The rest is for its operation to judge: children have ids that no caller may choose. */
function checkedBody(body: unknown): EngineRequest {
  if (typeof body !== 'object' || body === null) throw new SeatbeltError('BAD_REQUEST', `a request says { op, commandId, … }, not ${String(body)}`);
  const { op, commandId } = body as { readonly op?: unknown; readonly commandId?: unknown };
  if (typeof op !== 'string' || !Object.hasOwn(OPERATIONS, op)) throw new SeatbeltError('BAD_REQUEST', `an engine has no operation '${String(op)}'`);
  if (typeof commandId !== 'string') throw new SeatbeltError('BAD_COMMAND_ID', `${op}: commandId: ${JSON.stringify(commandId)} is no id`);
  return body as EngineRequest;
}

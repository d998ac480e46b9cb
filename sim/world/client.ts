import type { NodePorts, Timer } from '../../actors/ports.js';
import type { EngineRequest, WireReply } from '../../actors/wire.js';
import type { Data } from '../../src/model/data.js';
import type { ErrorRecord } from '../../src/model/errors.js';
import type { OperatorRequest } from '../../src/model/operator.js';
import { isHeld, isTerminal, type CommandStatus } from '../../src/flow/state.js';

/** A command as a client wants it done. */
export type Submission = { readonly id: string; readonly type: string; readonly params: Data };

/** An operator's action on a command, or on one of its children, as a client passes it on. */
export type Operation = { readonly commandId: string } & OperatorRequest;

export type ClientMessage =
  | { readonly type: 'submit'; readonly submission: Submission }
  /** Of a command that was acknowledged to an earlier client. */
  | { readonly type: 'watch'; readonly id: string }
  | { readonly type: 'cancel'; readonly id: string }
  | { readonly type: 'operate'; readonly operation: Operation }
  | { readonly type: 'reply'; readonly reply: WireReply }
  | { readonly type: 'unanswered'; readonly correlation: string }
  | { readonly type: 'look'; readonly id: string };

/** Without an answer for so long, the client says it again: an engine that crashed before its first sync has lost the submission, lawfully. */
const RESUBMIT_US = 5_000_000;
/** Between two looks at a command that is not over. */
const WATCH_US = 60_000_000;

/** Over, or going nowhere without an operator: held itself, or by a child that is. */
function standsStill(status: CommandStatus, children: readonly { readonly status: CommandStatus }[]): boolean {
  const still = (one: CommandStatus): boolean => isTerminal(one) || isHeld(one);
  return still(status) || (children.some((child) => isHeld(child.status)) && children.every((child) => still(child.status)));
}

type About = { readonly of: 'command' | 'cancel'; readonly id: string } | { readonly of: 'operation'; readonly operation: Operation };

interface Question {
  readonly about: About;
  readonly timer: Timer;
}

/** A command that is not known to be over, with what is to be submitted until that is acknowledged. */
type Unacknowledged = Submission | null;

/** The engine's client: submits each command with its own id until that is acknowledged, then watches it until it is over or held. */
export function createClient(ports: NodePorts, engine: string, wakeSelf: (message: ClientMessage) => void): (message: ClientMessage) => void {
  const open = new Map<string, Unacknowledged>();
  const asked = new Map<string, Question>();
  let sent = 0;
  ports.onReceive((message) => {
    if (message.kind === 'reply') wakeSelf({ type: 'reply', reply: message });
  });

  return (message) => {
    switch (message.type) {
      case 'submit':
        open.set(message.submission.id, message.submission);
        return ask({ of: 'command', id: message.submission.id });
      case 'watch':
        open.set(message.id, null);
        return ask({ of: 'command', id: message.id });
      case 'cancel':
        return ask({ of: 'cancel', id: message.id });
      case 'operate':
        return ask({ of: 'operation', operation: message.operation });
      case 'reply':
        return answered(message.reply);
      case 'unanswered': {
        const question = asked.get(message.correlation);
        asked.delete(message.correlation);
        if (question !== undefined) ask(question.about);
        return;
      }
      case 'look':
        return ask({ of: 'command', id: message.id });
    }
  };

  function ask(about: About): void {
    const body = bodyOf(about);
    if (body === null) return;
    sent += 1;
    const correlation = `${sent}`;
    const timer = ports.after(RESUBMIT_US, () => wakeSelf({ type: 'unanswered', correlation }));
    asked.set(correlation, { about, timer });
    ports.send(engine, { kind: 'request', correlation, from: ports.node, stamp: null, body });
  }

  function bodyOf(about: About): EngineRequest | null {
    switch (about.of) {
      case 'operation':
        return { op: 'operateCommand', ...about.operation };
      case 'cancel':
        return { op: 'cancelCommand', commandId: about.id };
      case 'command': {
        const { id } = about;
        const submission = open.get(id);
        if (submission === undefined) return null;
        if (submission === null) return { op: 'commandStatus', commandId: id };
        return { op: 'submitCommand', commandId: id, type: submission.type, params: submission.params };
      }
    }
  }

  function answered(reply: WireReply): void {
    const question = asked.get(reply.correlation);
    if (question === undefined) return;
    asked.delete(reply.correlation);
    question.timer.cancel();
    const { about } = question;
    switch (about.of) {
      case 'cancel': {
        const answer = reply.code === 0 ? (reply.result as { readonly cancel: string }).cancel : reply.message;
        return ports.probe({ type: 'cancelAnswered', commandId: about.id, answer });
      }
      case 'operation':
        return operated(about.operation, reply);
      case 'command':
        return told(about.id, reply);
    }
  }

  function told(id: string, { code, message, result }: WireReply): void {
    if (!open.has(id)) return;
    if (code !== 0) {
      open.delete(id);
      ports.probe({ type: 'clientTold', commandId: id, status: null, refusal: message });
      return;
    }
    const { status, children } = result as CommandAnswer;
    ports.probe({ type: 'clientTold', commandId: id, status, refusal: null });
    if (standsStill(status, children)) {
      open.delete(id);
      return;
    }
    watch(id);
  }

  function watch(id: string): void {
    open.set(id, null);
    ports.after(WATCH_US, () => wakeSelf({ type: 'look', id }));
  }

  /** What an operator has set going again is watched again. */
  function operated({ commandId, requestId }: Operation, { code, result }: WireReply): void {
    // A refusal is answered with its error.
    const error = result as ErrorRecord;
    const answer = code === 0 ? ({ done: true, status: (result as CommandAnswer).status } as const) : ({ done: false, error } as const);
    ports.probe({ type: 'operateAnswered', commandId, requestId, answer });
    const root = rootOf(commandId);
    if (answer.done && !open.has(root)) watch(root);
  }
}

/** Only the state of a command is answered with this. */
type CommandAnswer = { readonly status: CommandStatus; readonly children: readonly { readonly status: CommandStatus }[] };

/** A child's id begins with its parent's. */
function rootOf(commandId: string): string {
  return commandId.split('!')[0] ?? commandId;
}

import type { NodePorts, Timer } from '../../actors/ports.js';
import type { EngineRequest, WireReply } from '../../actors/wire.js';
import type { Data } from '../../src/model/data.js';
import { isHeld, isTerminal, type CommandStatus } from '../../src/flow/state.js';

/** A command as a client wants it done. */
export type Submission = { readonly id: string; readonly type: string; readonly params: Data };

export type ClientMessage =
  | { readonly type: 'submit'; readonly submission: Submission }
  /** Of a command that was acknowledged to an earlier client. */
  | { readonly type: 'watch'; readonly id: string }
  | { readonly type: 'cancel'; readonly id: string }
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

interface Question {
  readonly id: string;
  readonly about: 'command' | 'cancel';
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
        return ask(message.submission.id);
      case 'watch':
        open.set(message.id, null);
        return ask(message.id);
      case 'cancel':
        return askToCancel(message.id);
      case 'reply':
        return answered(message.reply);
      case 'unanswered': {
        const question = asked.get(message.correlation);
        asked.delete(message.correlation);
        if (question?.about === 'command') ask(question.id);
        if (question?.about === 'cancel') askToCancel(question.id);
        return;
      }
      case 'look':
        return ask(message.id);
    }
  };

  function ask(id: string): void {
    const submission = open.get(id);
    if (submission === undefined) return;
    if (submission === null) return send(id, 'command', { op: 'commandStatus', commandId: id });
    const { type, params } = submission;
    send(id, 'command', { op: 'submitCommand', commandId: id, type, params });
  }

  function askToCancel(id: string): void {
    send(id, 'cancel', { op: 'cancelCommand', commandId: id });
  }

  function send(id: string, about: Question['about'], body: EngineRequest): void {
    sent += 1;
    const correlation = `${sent}`;
    const timer = ports.after(RESUBMIT_US, () => wakeSelf({ type: 'unanswered', correlation }));
    asked.set(correlation, { id, about, timer });
    ports.send(engine, { kind: 'request', correlation, from: ports.node, stamp: null, body });
  }

  function answered({ correlation, code, message, result }: WireReply): void {
    const question = asked.get(correlation);
    if (question === undefined) return;
    asked.delete(correlation);
    question.timer.cancel();
    const { id } = question;
    if (question.about === 'cancel') {
      const answer = code === 0 ? (result as { readonly cancel: string }).cancel : message;
      ports.probe({ type: 'cancelAnswered', commandId: id, answer });
      return;
    }
    if (!open.has(id)) return;
    if (code !== 0) {
      open.delete(id);
      ports.probe({ type: 'clientTold', commandId: id, status: null, refusal: message });
      return;
    }
    // Only the state of a command is answered with this.
    const { status, children } = result as { readonly status: CommandStatus; readonly children: readonly { readonly status: CommandStatus }[] };
    ports.probe({ type: 'clientTold', commandId: id, status, refusal: null });
    if (standsStill(status, children)) {
      open.delete(id);
      return;
    }
    open.set(id, null);
    ports.after(WATCH_US, () => wakeSelf({ type: 'look', id }));
  }
}

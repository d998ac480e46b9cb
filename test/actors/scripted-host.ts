import type { NodePorts } from '../../actors/ports.js';
import type { Args, HostRequest, Stamp, TaskStatus, WireReply, WireRequest } from '../../actors/wire.js';
import { SeenStores } from '../../actors/host/seen-stores.js';
import { ANOTHER_INCARNATION, FENCED, NOT_SPM, STORE_OLDER, TASK_UNKNOWN } from '../../actors/wire.js';
import type { Data } from '../../src/model/data.js';

export interface HostCall {
  readonly key: string;
  readonly verb: string;
  readonly args: Args;
  readonly stamp: Stamp | null;
  /** The one that the call is meant for. */
  readonly hostIncarnation: number | null;
  /** How often this key was asked for, this time included. */
  readonly time: number;
}

export type HostDrain = Pick<HostCall, 'stamp' | 'hostIncarnation'>;

/** A code, a result, or nothing at all: the reply is lost. */
export type CallReply = { readonly code: number } | { readonly result: Data } | 'silence';

/** What a test decides of a host. By default all goes well at once. */
export interface HostScript {
  readonly call?: (call: HostCall) => CallReply;
  /** Whether it says that no call is under way any more. */
  readonly drain?: (drain: HostDrain) => CallReply;
  readonly read?: (verb: string, args: Args) => CallReply;
  /** The code that a submission is answered with; `silence`: it is taken, and the reply is lost. */
  readonly submit?: (verb: string, taskId: string) => number | 'silence';
  /** The code that a request to fence a task is answered with. Default: as the host knows it. */
  readonly fence?: (taskId: string) => number | 'silence' | undefined;
  /** The generation of the SPM's lease, and whether its tasks are loaded. Default: 1, and they are. */
  readonly term?: () => { readonly generation: number; readonly settled: boolean };
  /** The code that a request to clear a task is answered with. */
  readonly clear?: (taskId: string) => number;
  /** How an accepted task stands when it is asked about. */
  readonly status?: (verb: string, taskId: string) => Partial<TaskStatus>;
  readonly isSpm?: () => boolean;
  /** It makes its own task ids, `u1`, `u2`, …, and remembers none that is over. Its lists say nothing of a term, unless `term` does. */
  readonly ownIds?: boolean;
}

export const RUNNING: Partial<TaskStatus> = { taskState: 'running', taskResult: '' };
export const FAILED: Partial<TaskStatus> = { taskResult: 'cleanSuccess', code: 261 };

/** A host that does as a test tells it, and remembers what it was asked. */
export class ScriptedHost {
  script: HostScript;
  incarnation = 1;
  readonly calls: HostCall[] = [];
  readonly drains: HostDrain[] = [];
  readonly submissions: { readonly taskId: string; readonly verb: string; readonly args: Args; readonly stamp: Stamp | null; readonly task?: string }[] = [];
  readonly stopped: string[] = [];
  /** Ids that it was asked to fence. */
  readonly fences: string[] = [];
  readonly cleared: string[] = [];
  readonly tasks = new Map<string, string>();

  readonly #fenced = new Set<string>();
  readonly #seen = new SeenStores();

  constructor(script: HostScript = {}) {
    this.script = script;
  }

  attach(ports: NodePorts): void {
    ports.onReceive((message) => {
      if (message.kind !== 'request') return;
      const answer = this.#answer(message, ports.node);
      if (answer === null) return;
      const { correlation, from } = message;
      const reply: WireReply = { kind: 'reply', correlation, from: ports.node, incarnation: this.incarnation, code: 0, message: 'scripted', result: null, ...answer };
      ports.send(from, reply);
    });
  }

  #answer({ body: asked, stamp }: WireRequest, node: string): Partial<WireReply> | null {
    const later = stamp === null ? null : this.#seen.witness(stamp);
    if (later !== null) return { code: STORE_OLDER, result: later };
    const body = asked as HostRequest;
    const spm = this.script.isSpm?.() ?? true;
    switch (body.op) {
      case 'ping':
        return {};
      case 'getSpmStatus':
        return { result: { role: spm ? 'SPM' : 'Free', spmId: spm ? node : null, ownerIncarnation: 1, leaseGeneration: 1, leaseVersion: 1 } };
      case 'getAllTasksInfo':
      case 'getTaskStatus':
      case 'getTaskInfo':
      case 'revertTask':
        throw new Error(`no engine asks a host for ${body.op}`);
      case 'startSpm':
      case 'stopSpm':
      case 'fenceHost':
        return {};
      case 'call': {
        const { key, verb, args, hostIncarnation } = body;
        const call = { key, verb, args, stamp, hostIncarnation, time: 1 + this.calls.filter((earlier) => earlier.key === key).length };
        this.calls.push(call);
        return replyOf(this.script.call?.(call) ?? { result: null });
      }
      case 'drainCalls': {
        const drain = { stamp, hostIncarnation: body.hostIncarnation };
        this.drains.push(drain);
        if (body.hostIncarnation !== this.incarnation) return { code: ANOTHER_INCARNATION };
        return replyOf(this.script.drain?.(drain) ?? { result: null });
      }
      case 'read':
        return replyOf(this.script.read?.(body.verb, body.args) ?? { result: null });
      case 'submitTask': {
        if (!spm) return { code: NOT_SPM };
        const { verb, args, step } = body;
        const taskId = body.taskId ?? `u${this.submissions.length + 1}`;
        this.submissions.push({ taskId, verb, args, stamp, ...(step.task === undefined ? {} : { task: step.task }) });
        if (this.#fenced.has(taskId)) return { code: FENCED };
        const code = this.script.submit?.(verb, taskId) ?? 0;
        if (code === 0 || code === 'silence') this.tasks.set(taskId, verb);
        return code === 'silence' ? null : { code, result: this.script.ownIds === true ? { uuid: taskId } : { taskId } };
      }
      case 'getAllTasksStatuses':
        return spm ? { result: { ...(this.script.ownIds === true ? {} : { generation: 1, settled: true }), ...this.script.term?.(), tasks: this.#statuses() } } : { code: NOT_SPM };
      case 'getAllTasksInfo':
        return spm ? { result: { tasks: Array.from(this.tasks, ([taskId, verb]) => ({ taskId, verb })) } } : { code: NOT_SPM };
      case 'stopTask':
        if (!spm) return { code: NOT_SPM };
        this.stopped.push(body.taskId);
        if (this.tasks.has(body.taskId)) return { code: 0 };
        this.#fenced.add(body.taskId);
        return { code: TASK_UNKNOWN };
      case 'fenceTask': {
        if (!spm) return { code: NOT_SPM };
        const { taskId } = body;
        this.fences.push(taskId);
        const answer = this.script.fence?.(taskId);
        if (answer !== undefined) return answer === 'silence' ? null : { code: answer };
        const status = this.#statuses().find((task) => task.taskId === taskId);
        if (status !== undefined) return { result: status };
        this.#fenced.add(taskId);
        return { code: TASK_UNKNOWN };
      }
      case 'clearTask':
        this.cleared.push(body.taskId);
        return { code: this.script.clear?.(body.taskId) ?? (this.tasks.delete(body.taskId) ? 0 : TASK_UNKNOWN) };
    }
  }

  #statuses(): TaskStatus[] {
    return Array.from(this.tasks, ([taskId, verb]) => ({
      taskId,
      taskState: 'finished',
      taskResult: 'success',
      code: 0,
      message: '',
      ...this.script.status?.(verb, taskId),
    }));
  }
}

function replyOf(reply: CallReply): Partial<WireReply> | null {
  return reply === 'silence' ? null : reply;
}

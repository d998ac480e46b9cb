import type { NodePorts } from '../../../actors/ports.js';
import type { HostRequest, TaskStatus, WireReply } from '../../../actors/wire.js';

/** How long a task takes, drawn for each, µs. With a poll every 10 s each is seen about four times, however many there are. */
const SHORTEST = 20_000_000;
const LONGEST = 40_000_000;

/** The SPM of a pool, as cheap as it can be: no queue, no storage, no actor. What is measured beside it is the engine. */
export class PoolHost {
  /** When each task is over, µs. */
  readonly #tasks = new Map<string, number>();

  constructor(private readonly ports: NodePorts) {
    ports.onReceive((message) => {
      // The engine sends its hosts nothing else.
      if (message.kind === 'request') this.#reply(message.from, message.correlation, this.#answer(message.body as HostRequest));
    });
  }

  #answer(body: HostRequest): WireReply['result'] {
    switch (body.op) {
      case 'getSpmStatus':
        return { role: 'SPM', spmId: this.ports.node, ownerIncarnation: 1, leaseGeneration: 1, leaseVersion: 1 };
      case 'submitTask':
        if (body.taskId === null) return null;
        this.#tasks.set(body.taskId, this.ports.now() + Math.round(SHORTEST + (LONGEST - SHORTEST) * this.ports.random('duration')));
        return { taskId: body.taskId };
      case 'getAllTasksStatuses':
        return { generation: 1, settled: true, tasks: this.#statuses() };
      case 'clearTask':
        this.#tasks.delete(body.taskId);
        return null;
      case 'getAllTasksInfo':
      case 'getTaskStatus':
      case 'getTaskInfo':
      case 'revertTask':
      case 'startSpm':
      case 'stopSpm':
      case 'fenceHost':
      case 'getAllTasksInfo':
      case 'stopTask':
      case 'fenceTask':
      case 'call':
      case 'drainCalls':
      case 'read':
      case 'ping':
        return null;
    }
  }

  #statuses(): TaskStatus[] {
    const now = this.ports.now();
    return Array.from(this.#tasks, ([taskId, over]) =>
      over <= now
        ? { taskId, taskState: 'finished', taskResult: 'success', code: 0, message: '' }
        : { taskId, taskState: 'running', taskResult: '', code: 0, message: '' },
    );
  }

  #reply(to: string, correlation: string, result: WireReply['result']): void {
    this.ports.send(to, { kind: 'reply', correlation, from: this.ports.node, incarnation: 1, code: 0, message: '', result });
  }
}

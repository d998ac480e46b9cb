import type { Probe } from '../../actors/probe.js';
import { outcomeText } from './outcome-text.js';
import type { RunResult } from './result.js';

/** What a line of the timeline says. */
export interface Row {
  readonly command: string;
  /** `2 syncImageData`: index and handler name. */
  readonly step: string;
  /** `$2.w1.0`: a task's id without the command's, which its row has already. */
  readonly task: string;
  readonly host: string;
  readonly what: string;
  readonly tone: 'plain' | 'good' | 'bad' | 'notable' | 'dim';
}

type Of<T extends Probe['type']> = Extract<Probe, { type: T }>;

/** Turns probes into rows. It remembers what later probes only refer to: a task's verb, a step's handler, which callbacks had begun. */
export class Chronicle {
  readonly #tasks = new Map<string, { readonly command: string; readonly step: string; readonly verb: string }>();
  readonly #handlers = new Map<string, string>();
  readonly #begun = new Set<string>();
  /** Tasks that a host rolls back: only with these does an end without success mean that something was. */
  readonly #rolledBack = new Set<string>();

  /** The commands and tasks of the processes before, when a run goes on. */
  remember({ commands, tasks }: Pick<RunResult, 'commands' | 'tasks'>): void {
    for (const { id, handlers } of commands) handlers.forEach((handler, index) => this.#handlers.set(`${id} ${index}`, handler));
    for (const { id, commandId, executionIndex, verb } of tasks) this.#tasks.set(id, { command: commandId, step: this.#step(commandId, executionIndex), verb });
  }

  /** The row for a probe, or undefined for what would only repeat another row. @param node where it happened */
  row(probe: Probe, node: string): Row | undefined {
    switch (probe.type) {
      case 'engineCrashed':
        return bare(`CRASH of ${node} (${probe.cause})`, 'bad');
      case 'hostCrashed':
        return bare(`CRASH of ${probe.host} (${probe.cause})`, 'bad');
      case 'enginePaused':
        return bare(`${node} stands still for ${probe.us / 1e6} s`, 'bad');
      case 'hostHung':
        return bare(`${probe.host} hangs for ${probe.us / 1e6} s`, 'bad');
      case 'leaseRevoked':
        return bare(`pool ${probe.pool}: storage takes the SPM's lease away`, 'bad');
      case 'spmMoves':
        return bare(`pool ${probe.pool}: an operator moves the SPM to ${probe.to}`, 'notable');
      case 'faultsEnded':
        return bare('all faults end', 'notable');
      case 'hostStarted':
        return bare(`${probe.host} starts again, incarnation ${probe.incarnation}`, 'notable');
      case 'spmRoleChanged':
        return bare(`${probe.host} is ${probe.role} in pool ${probe.pool}`, 'notable');
      case 'spmExpectedElsewhere':
        return bare(`${probe.host} is to follow ${probe.spmId ?? 'nobody'} as SPM, and storage names ${probe.owner ?? 'nobody'}`, 'dim');
      case 'engineStarted':
        if (probe.incarnation === 1) return bare(`${node} starts`, 'dim');
        return bare(`${node} starts again, incarnation ${probe.incarnation}`, 'notable');
      case 'engineRecovered':
        if (probe.incarnation === 1) return undefined;
        return bare(`RECOVERED ${count(probe.commands, 'command')}, ${count(probe.tasks, 'task')}`, 'notable');
      case 'commandSubmitted':
        return ofCommand(probe.commandId, `${probe.commandType} submitted${probe.parentId === null ? '' : ` by ${probe.parentId}`}`, 'plain');
      case 'storeRolledBack':
        return bare(`${node} refuses its store: it began with commit ${probe.began}, and hosts have seen commit ${probe.seen}`, 'bad');
      case 'commandMigrated':
        return ofCommand(probe.commandId, `goes on with version ${probe.to} of its definition, from version ${probe.from}`, 'notable');
      case 'commandExpired':
        return ofCommand(probe.commandId, 'its records have been kept for long enough, and are gone', 'dim');
      case 'retentionFailed':
        return bare(`records that are to go cannot be read: ${probe.error.message}`, 'bad');
      case 'statusChanged':
        return statusChanged(probe);
      case 'callbackRuns':
        return this.#callbackRuns(probe);
      case 'callbackCommitted':
        return this.#callbackCommitted(probe);
      case 'taskPlaced':
        return this.#taskPlaced(probe);
      case 'hostTaskAccepted':
        this.#verb(probe.taskId, probe.verb, probe.task);
        return undefined;
      case 'hostTaskStarted':
        return this.#ofTask(probe.taskId, 'runs', probe.host, 'plain');
      case 'hostTaskRollingBack':
        this.#rolledBack.add(probe.taskId);
        return this.#ofTask(probe.taskId, 'is rolled back by the host', probe.host, 'bad');
      case 'hostTaskEnded':
        return this.#ofTask(probe.taskId, hostEnd(probe, this.#rolledBack.delete(probe.taskId)), probe.host, probe.result === 'success' ? 'plain' : 'bad');
      case 'hostTaskLost':
        return this.#ofTask(probe.taskId, 'is forgotten', probe.host, 'bad');
      case 'taskEnded':
        if (probe.outcome.kind === 'succeeded') return undefined;
        return this.#ofTask(probe.taskId, `counts as ${outcomeText(probe.outcome)}`, '', 'bad');
      case 'completionIgnored':
        return this.#ofTask(probe.taskId, `completion ignored: ${probe.why}`, '', 'notable');
      case 'taskMissing':
        return this.#ofTask(probe.taskId, 'is not on the list of the SPM', probe.host, 'notable');
      case 'taskUnresolved':
        return this.#ofTask(probe.taskId, probe.why === 'lost' ? 'is gone: what became of it is to be found out' : 'was not answered: whether it is there is to be found out', '', 'notable');
      case 'fenceAnswered':
        return this.#ofTask(probe.taskId, probe.answer === 'fenced' ? 'is fenced' : 'is there all the same', probe.host, 'notable');
      case 'fenceRefused':
        return this.#ofTask(probe.taskId, `cannot be fenced: ${probe.code}`, probe.host, 'bad');
      case 'hostCall':
        return this.#hostCall(probe);
      case 'hostClearRefused':
        return this.#ofTask(probe.taskId, `clearing refused: it is ${probe.state}`, probe.host, 'notable');
      case 'staleRefused':
        return { ...ofCommand(probe.commandId ?? '', 'message from the past refused', 'notable'), host: probe.host };
      case 'messageTooOld':
        return { ...bare(`${probe.op} from ${probe.from} is too old, and not handled`, 'notable'), host: probe.host };
      case 'conflict':
        return ofCommand(probe.commandId, `${probe.entity} has changed meanwhile: the callback runs again`, 'notable');
      case 'lockRefused':
        return ofCommand(probe.owner, `lock ${probe.key} refused: ${inTheWay(probe)}`, 'bad');
      case 'callAwaited':
        return { ...ofCommand(probe.commandId, `waits for ${probe.verb}, which was not answered, to be over`, 'notable'), host: probe.host };
      case 'lockAwaited':
        return ofCommand(probe.commandId, `waits for lock ${probe.key}: ${inTheWay(probe)}`, 'notable');
      case 'operatorActed':
        return ofCommand(probe.commandId, `OPERATOR: ${probe.action}${probe.reason === null ? '' : ` (${probe.reason})`}`, 'notable');
      case 'operateAnswered':
        return probe.answer.done ? undefined : ofCommand(probe.commandId, `operator refused: ${probe.answer.error.message}`, 'bad');
      case 'cancelAnswered':
        return ofCommand(probe.commandId, `cancel: ${probe.answer}`, 'notable');
      case 'spmElected':
        return bare(`pool ${probe.pool}: ${probe.host} is to become SPM${probe.prevId === null ? '' : `; it was ${probe.prevId}`}`, 'notable');
      case 'hostFenced':
        return bare(`pool ${probe.pool}: ${probe.host} is silent, and is to be fenced`, 'notable');
      case 'messageLost':
        // That a node is down has a row of its own.
        return probe.why === 'nobody' ? undefined : bare(`${messageText(probe)} ${LOST[probe.why]}`, 'dim');
      case 'messageDuplicated':
        return bare(`${messageText(probe)} arrives more than once`, 'dim');
      case 'messageDelayed':
        return bare(`${messageText(probe)} takes ${probe.byUs / 1e6} s longer`, 'dim');
      case 'partitionBegan':
        return bare(`NETWORK: ${probe.from} ${probe.oneWay ? 'cannot reach' : 'and'} ${probe.to ?? 'all others'}${probe.oneWay ? '' : ' cannot reach each other'}`, 'bad');
      case 'partitionEnded':
        return bare(`NETWORK: ${probe.from} and ${probe.to ?? 'all others'} can reach each other again`, 'notable');
      case 'taskSubmitted':
      case 'taskCleared':
      case 'hostTaskCleared':
      case 'lockGranted':
      case 'lockReleased':
      case 'clientTold':
        return undefined;
    }
  }

  #callbackRuns(probe: Of<'callbackRuns'>): Row | undefined {
    this.#handlers.set(`${probe.commandId} ${probe.index}`, probe.handler);
    const run = runKey(probe);
    if (this.#begun.has(run)) return ofStep(probe, `${probe.callback} runs again: its first run was not committed`, 'notable');
    this.#begun.add(run);
    return undefined;
  }

  #callbackCommitted(probe: Of<'callbackCommitted'>): Row {
    this.#handlers.set(`${probe.commandId} ${probe.index}`, probe.handler);
    this.#begun.delete(runKey(probe));
    const attempt = attemptText(probe.attempt);
    if (probe.threw !== null) return ofStep(probe, `${probe.callback}${attempt} threw: ${probe.threw.message}`, 'bad');
    const undoing = probe.callback === 'compensate' || probe.callback === 'endWithFailure' || probe.callback === 'compensationEnded';
    return ofStep(probe, `${probe.callback}${attempt}`, undoing ? 'notable' : 'plain');
  }

  #taskPlaced(probe: Of<'taskPlaced'>): Row {
    this.#tasks.set(probe.taskId, { command: probe.commandId, step: this.#step(probe.commandId, probe.executionIndex), verb: probe.verb });
    const rollback = probe.reason === 'ROLLBACK_FLOW' ? ' (rollback)' : '';
    return this.#ofTask(probe.taskId, `created${rollback}${attemptText(probe.attempt)}`, '', 'dim');
  }

  #hostCall({ host, key, verb, code, repeated }: Of<'hostCall'>): Row {
    // A call's key begins with its command and step.
    const [command = '', index = ''] = key.split('/');
    const step = `${index} ${this.#handlers.get(`${command} ${index}`) ?? ''}`.trim();
    const what = `call ${verb} ${repeated ? 'recognised: answered as before' : code === 0 ? 'done' : `failed with ${code}`}`;
    return { command, step, task: '', host, what, tone: repeated ? 'notable' : code === 0 ? 'plain' : 'bad' };
  }

  #step(commandId: string, index: number): string {
    return `${index} ${this.#handlers.get(`${commandId} ${index}`) ?? ''}`.trimEnd();
  }

  /** @param task what the engine calls it, if the host has made its id */
  #verb(taskId: string, verb: string, task = taskId): void {
    if (!this.#tasks.has(taskId)) this.#tasks.set(taskId, this.#tasks.get(task) ?? { command: '', step: '', verb });
  }

  #ofTask(taskId: string, what: string, host: string, tone: Row['tone']): Row {
    const { command, step, verb } = this.#tasks.get(taskId) ?? { command: '', step: '', verb: 'unknown task' };
    const task = taskId.startsWith(command) ? taskId.slice(command.length) : taskId;
    return { command, step, task, host, what: `${verb} ${what}`, tone };
  }
}

const STATUS_TONE: Readonly<Record<string, Row['tone']>> = {
  SUBMITTED: 'plain',
  RUNNING: 'dim',
  COMPLETED: 'good',
  SUCCEEDED: 'good',
  ROLLING_BACK: 'bad',
  ROLLED_BACK: 'notable',
};

function statusChanged({ commandId, status, error }: Of<'statusChanged'>): Row {
  return ofCommand(commandId, error === null ? status : `${status}: ${error.message}`, STATUS_TONE[status] ?? 'bad');
}

const LOST = {
  loss: 'is lost',
  partition: 'is lost: they are cut off',
  dropMessage: 'is lost, as planned',
} as const;

function messageText({ from, to, op }: Of<'messageLost'> | Of<'messageDuplicated'> | Of<'messageDelayed'>): string {
  return `${op} from ${from} to ${to}`;
}

function inTheWay({ holder, held }: Of<'lockRefused'> | Of<'lockAwaited'>): string {
  return held ? `${holder} holds it` : `${holder} comes first`;
}

function bare(what: string, tone: Row['tone']): Row {
  return { command: '', step: '', task: '', host: '', what, tone };
}

function ofCommand(command: string, what: string, tone: Row['tone']): Row {
  return { command, step: '', task: '', host: '', what, tone };
}

function ofStep(probe: Of<'callbackRuns'> | Of<'callbackCommitted'>, what: string, tone: Row['tone']): Row {
  return { command: probe.commandId, step: `${probe.index} ${probe.handler}`, task: probe.task?.slice(probe.commandId.length) ?? '', host: '', what, tone };
}

function runKey(probe: Of<'callbackRuns'> | Of<'callbackCommitted'>): string {
  return [probe.commandId, probe.index, probe.callback, probe.attempt, probe.task ?? ''].join(' ');
}

function hostEnd({ result, code }: Of<'hostTaskEnded'>, rolledBack: boolean): string {
  // Code 0 without success: nobody says why it ended. Its host died, or it was stopped before it had begun.
  const failed = code === 0 ? 'was cut short (code 0)' : `failed with ${code}`;
  switch (result) {
    case 'success':
      return 'done';
    case 'cleanSuccess':
      // That nothing was registered to be taken back is no sign that nothing was done.
      return rolledBack ? `${failed}, rolled back by the host` : `${failed}, nothing to be rolled back by the host`;
    case 'cleanFailure':
      return `${failed}, and the host's rollback failed`;
  }
}

function attemptText(attempt: number): string {
  return attempt === 1 ? '' : ` (attempt ${attempt})`;
}

function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? '' : 's'}`;
}

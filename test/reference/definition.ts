import { z } from 'zod';
import { defineCommand, type CommandBuilder, type CommandDefinition } from '../../src/model/command.js';
import { entityKind } from '../../src/model/entity.js';
import { CallFailed, CallUnknown } from '../../src/model/errors.js';
import { taskHandler, type StepContext, type WorkReport } from '../../src/model/handler.js';
import type { RetryIf } from '../../src/model/retry.js';
import type { TaskRequest } from '../../src/model/task.js';
import { answerOf, runEnd, type CommandScript, type Picky, type RunEnd, type Runs, type StepScript, type TaskScript } from './script.js';

// A script as a command that the engine can run.

type Context = StepContext<unknown, object>;

/** Every committed callback of a command writes one line into this record of its own: what it was shown is compared with what the model says. */
export const TRAIL = entityKind<readonly string[]>('trail');
/** Callbacks that call count in it, so that the commits of commands meet. */
export const COUNTER = entityKind<{ readonly n: number }>('counter');
export const COUNTED = 'all';

export const GONE = 268;
/** What a host says of work that `fails`, or if it is `busy`. */
export const HOST_CODE = { fails: 261, busy: 654 } as const;

/** Scripts by the type of the command; a child's type is that of its parent and its place: `T0s1c0`. */
export function typesOf(type: string, script: CommandScript): readonly (readonly [string, CommandScript])[] {
  const children = script.steps.flatMap(({ children: of }, i) => of.map(({ command }, ordinal) => [childType(type, i, ordinal), command] as const));
  return [[type, script], ...children.flatMap(([childsType, command]) => typesOf(childsType, command))];
}

export function childType(parent: string, step: number, ordinal: number): string {
  return `${parent}s${step}c${ordinal}`;
}

const RETRY_IF: { readonly [P in Picky]: { readonly retryIf?: RetryIf } } = {
  no: {},
  onlyThrown: { retryIf: { only: { codes: ['CALLBACK_THREW'] } } },
  notThrown: { retryIf: { except: { codes: ['CALLBACK_THREW'] } } },
  only261: { retryIf: { only: { hostCodes: [HOST_CODE.fails] } } },
  neither654NorUnknown: { retryIf: { except: { codes: ['CALL_UNKNOWN'], hostCodes: [HOST_CODE.busy] } } },
};

/** The one host: how often the part that may cross a point of no return has been tried so far, and what it says to calls. */
export interface Tries {
  /** A run of the part has begun. A repeated run has the same attempt. */
  began(commandId: string, step: number, attempt: number): void;
  of(commandId: string, step: number, what: 'runs' | 'tasks'): number;
  /** From now on a call `say {of}` is answered so. */
  says(of: string, end: RunEnd): void;
}

export function definitionOf(type: string, script: CommandScript, tries: Tries): CommandDefinition {
  const command = defineCommand({ type, params: z.strictObject({}), locks: () => [{ key: type, mode: 'exclusive' }, { key: 'everybody', mode: 'shared' }] });
  return script.steps
    .reduce((builder, step, i) => builder.step(handlerOf(type, step, i, tries) as never) as typeof builder, command as unknown as CommandBuilder<unknown, object>)
    .build();
}

function handlerOf(type: string, script: StepScript, index: number, tries: Tries) {
  const { attempts, undoAttempts } = script;
  const patience = { backoffMs: 1_000, maxBackoffMs: 60_000, ...RETRY_IF[script.retryIf] };
  const part = script.pivot;
  const created = script.startedTasks.length + script.children.length;
  // They are one run, which must make the same calls at the same places each time.
  const bothCall = script.beforeTask.calls && script.createTask.calls;

  async function run(ctx: Context, callback: string, runs: Runs, shown: string, of = ''): Promise<void> {
    if (callback === part) tries.began(ctx.commandId, index, ctx.attempt);
    const end = runEnd(runs, ctx.attempt);
    // The part that crosses must not do so again.
    if (runs.calls && !(callback === part && ctx.passed)) {
      await ctx.call('host1', 'touch', {});
      const asked = `${ctx.commandId}/${index}/${callback} ${of}`;
      tries.says(asked, end);
      if (end !== 'ok' && end !== 'throws' && !(bothCall && (callback === 'beforeTask' || callback === 'createTask'))) await ctx.call('host1', 'say', { of: asked });
    }
    const line = trailLine(index, callback, ctx.attempt, ctx.passed, `${shown}${runs.calls ? ', counts' : ''}`);
    ctx.entities.put(TRAIL, ctx.commandId, [...(ctx.entities.find(TRAIL, ctx.commandId) ?? []), line]);
    if (runs.calls) ctx.entities.update(COUNTER, COUNTED, ({ n }) => ({ n: n + 1 }));
    switch (end) {
      case 'ok':
        return;
      case 'throws':
        throw new Error('as the script says');
      case 'fails':
      case 'busy':
        throw new CallFailed('touch', 'host1', HOST_CODE[end], 'as the script says');
      case 'unanswered':
        throw new CallUnknown('touch', 'host1', 'no answer');
    }
  }

  const reverts = (ctx: Context): TaskRequest[] => script.reverts.map((task, i) => request(task, 'undo', i, ctx));
  const { endWithFailure, compensate, compensationEnded, beforeRetry } = script;
  return taskHandler<unknown>()<string, string, string>({
    name: `step${index}`,
    effectFree: script.effectFree,
    retry: { attempts, ...patience },
    undoRetry: { attempts: undoAttempts, ...patience },
    ...(script.timeLimitMs === null ? {} : { timeoutMs: script.timeLimitMs }),
    onUndoFailed: script.onUndoFailed,
    ...(part === null
      ? {}
      : { pointOfNoReturn: { part, hasPassed: (ctx: { commandId: string; attempt: number }) => answerOf(script, tries.of(ctx.commandId, index, part === 'task' ? 'tasks' : 'runs'), ctx.attempt) } }),
    beforeTask: async (ctx) => {
      script.startedTasks.forEach((task, i) => ctx.startTask(request(task, 'step', i, ctx)));
      script.children.forEach((child, ordinal) => ctx.startChild({ type: childType(type, index, ordinal), params: {}, ...(child.independent ? { independent: true as const } : {}) }));
      await run(ctx, 'beforeTask', script.beforeTask, '');
      return `before ${index}`;
    },
    createTask: async (ctx) => {
      await run(ctx, 'createTask', script.createTask, `${String(ctx.before)} ${outcomes(ctx.work)}`);
      return script.createdTasks.map((task, i) => request(task, 'step', created + i, ctx));
    },
    ...(beforeRetry === null
      ? {}
      : {
          beforeRetry: async (ctx) => {
            const { args, attempt, outcomes: past } = ctx.failed;
            await run(ctx, 'beforeRetry', beforeRetry, `${String(ctx.before)} #${attempt} ${past.map(({ kind }) => kind).join('>')}`, String(args['ordinal']));
            return script.cleanUps.map((task, i) => request(task, 'cleanUp', i, ctx));
          },
        }),
    endSuccessfully: async (ctx) => {
      await run(ctx, 'endSuccessfully', script.endSuccessfully, outcomes(ctx.work));
      return `output ${index}`;
    },
    ...(endWithFailure === null
      ? {}
      : {
          endWithFailure: async (ctx) => {
            const { beforeCommitted, work } = ctx.failure;
            await run(ctx, 'endWithFailure', endWithFailure, `${beforeCommitted} ${outcomes(work)}`);
            return reverts(ctx);
          },
        }),
    ...(compensate === null
      ? {}
      : {
          compensate: async (ctx) => {
            await run(ctx, 'compensate', compensate, String(ctx.output));
            return reverts(ctx);
          },
        }),
    ...(compensationEnded === null
      ? {}
      : {
          compensationEnded: (ctx) => run(ctx, 'compensationEnded', compensationEnded, `${ctx.revert.of} ${outcomes(ctx.revert.work)} ${ctx.revert.error?.code ?? 'well'}`),
        }),
    ...(script.leaves ? { leaves: () => [{ verb: 'leave', object: `step${index}` }] } : {}),
  });
}

function outcomes(work: readonly WorkReport[]): string {
  return work.map(({ outcome, earlier }) => [...earlier, outcome].map(({ kind }) => kind).join('>')).join(' ');
}

export function trailLine(index: number, callback: string, attempt: number, passed: boolean, shown: string): string {
  return `${index} ${callback} #${attempt}${passed ? ' passed' : ''}: ${shown}`;
}

/** What a task is, for the host. */
export interface TaskArgs extends TaskScript {
  readonly commandId: string;
  readonly step: number;
  readonly ordinal: number;
}

function request(script: TaskScript, verb: 'step' | 'cleanUp' | 'undo', ordinal: number, { commandId, executionIndex: step }: Context): TaskRequest {
  return { verb, args: { ...script, fates: [...script.fates], commandId, step, ordinal }, pool: 'pool1', doneCodes: [GONE] };
}

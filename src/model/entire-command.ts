import { taskHandler, type BeforeContext, type StepContext, type StepFailure, type TaskHandler, type WorkReport } from './handler.js';
import type { TaskRequest } from './task.js';

type MaybePromise<T> = T | Promise<T>;
type Tasks = TaskRequest | readonly TaskRequest[] | undefined | void;

export type ExecuteAction<P> = (ctx: BeforeContext<P, object>) => MaybePromise<void>;
export type EndAction<P> = (ctx: StepContext<P, object> & { readonly work: readonly WorkReport[] }) => MaybePromise<void>;
export type FailAction<P> = (ctx: StepContext<P, object> & { readonly failure: StepFailure }) => MaybePromise<Tasks>;
export type UndoAction<P> = (ctx: StepContext<P, object>) => MaybePromise<Tasks>;

/** A command written the old way: it starts its tasks itself, and ends them all in one go (oVirt's CommandBase without task handlers). */
export interface EntireCommand<P> {
  /** Does the command's work, and starts its tasks with `ctx.startTask`. */
  readonly executeAction: ExecuteAction<P>;
  /** All its tasks ended well. */
  readonly endSuccessfully?: EndAction<P> | undefined;
  /** One of them did not, or `executeAction` threw: undoes what was done. May return revert tasks. */
  readonly endWithFailure?: FailAction<P> | undefined;
  /** Undoes the whole command after it was completed. Without it, a completed command counts as not undone. May return revert tasks. */
  readonly undo?: UndoAction<P> | undefined;
}

/**
 * EntireCommandTaskHandler: such a command as the one step of a flow. The default for a command that is defined without handlers. (In oVirt's design its
 * `compensate` is empty, and a completed command is taken for undone; here that is said only of one that has an `undo`.)
 */
export function entireCommandTaskHandler<P>(command: EntireCommand<P>): TaskHandler<'entireCommand', P, object, undefined, undefined> {
  const { executeAction, endSuccessfully, endWithFailure, undo } = command;
  return taskHandler<P>()({
    name: 'entireCommand',
    beforeTask: async (ctx): Promise<undefined> => {
      await executeAction(ctx);
      return undefined;
    },
    ...(endSuccessfully === undefined
      ? {}
      : {
          endSuccessfully: async (ctx: Parameters<EndAction<P>>[0]): Promise<undefined> => {
            await endSuccessfully(ctx);
            return undefined;
          },
        }),
    ...(endWithFailure === undefined ? {} : { endWithFailure }),
    ...(undo === undefined ? {} : { compensate: undo }),
  });
}

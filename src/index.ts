// seatbelt: define commands.

export { defineCommand, checkCommandId, handlersOf, type CommandBuilder, type CommandDefinition, type CommandSpec } from './model/command.js';
export {
  taskHandler,
  type AnyHandler,
  type BeforeContext,
  type CallOptions,
  type ChildRequest,
  type PivotAnswer,
  type PivotContext,
  type PointOfNoReturn,
  type RevertReport,
  type StepContext,
  type StepFailure,
  type TaskHandler,
  type WorkReport,
} from './model/handler.js';
export { entireCommandTaskHandler, type EntireCommand } from './model/entire-command.js';
export { entityKind, entityKey, type EntityKey, type EntityKind, type EntityRecord, type EntityView } from './model/entity.js';
export { CallFailed, CallUnknown, SeatbeltError, type ErrorCode, type ErrorRecord } from './model/errors.js';
export type { Migration, Migrations } from './model/migration.js';
export { NO_RETRY, UNDO_RETRY, type ErrorMatch, type RetryIf, type RetryPolicy, type RetrySettings } from './model/retry.js';
export type { Data } from './model/data.js';
export type { Effect } from './model/effect.js';
export type { LockMode, LockRequest, LockWait } from './model/lock.js';
export { OPERATOR_ACTIONS, type OperatorAction, type OperatorRequest } from './model/operator.js';
export type { Outcome } from './model/outcome.js';
export type { ExecutionReason, SpmAsyncTask, TaskRequest, TaskState } from './model/task.js';
export type { CommandState, CommandStatus, Existing, HistoryEntry, OperatorEntry, Phase } from './flow/state.js';
export { openStoreDirectory } from './store/directory.js';
export { readHistory, readStore, scanStore, type ScannedEntry, type StoreContents, type StoreScan } from './store/read-store.js';
export { findTask, tasksOfCommand, tasksOfEntity, tasksOfPool, tasksOfStep } from './store/tasks.js';
export type { Disk as StoreDisk, DiskEntry, DiskOp, OpenDisk } from './store/disk.js';
export { BUILT_IN_COMMANDS } from './commands/index.js';
export { Disk, Pool, Snapshot, Vm, type DiskRecord, type PoolRecord, type SnapshotRecord, type VmRecord } from './commands/entities.js';

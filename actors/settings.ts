/** What an engine can be told about its own pace. Defaults are oVirt's where it has an equal. Times in ms. */
export interface EngineSettings {
  /** Between two bulk status requests to a pool (oVirt: AsyncTaskPollingRate). */
  readonly pollingRateMs: number;
  /** How long a host may take to answer an HSM verb before the call is unknown (oVirt: vdsTimeout). */
  readonly callTimeoutMs: number;
  /** The same for requests to the SPM: submit, status, stop, clear. */
  readonly requestTimeoutMs: number;
  /** Before a request that was not refused, only not accepted (not SPM, recovering, no answer, queue full), is made again. */
  readonly resubmitMs: number;
  /**
   * How long an SPM whose tasks are loaded must go on not listing a task that a host had acknowledged, before the task's id is fenced; that answered, the
   * task is `lost`. From 0. Begins anew when the engine or the SPM does.
   */
  readonly unknownGraceMs: number;
  /** How old an acknowledged task may become before it is asked to stop (oVirt: AsyncTaskZombieTaskLifeInMinutes). */
  readonly zombieAfterMs: number;
  /** How long the records of commands that are over are kept. */
  readonly retention: Retention;
}

/** A root command's records go, with its children's, when it has been over for longer, or more have ended since; null: no such limit. */
export interface Retention {
  readonly keepMs: number | null;
  /** From 0. */
  readonly keepCount: number | null;
}

export const DEFAULT_ENGINE_SETTINGS: EngineSettings = {
  pollingRateMs: 10_000,
  callTimeoutMs: 180_000,
  requestTimeoutMs: 180_000,
  resubmitMs: 2_000,
  unknownGraceMs: 60_000,
  zombieAfterMs: 3_000 * 60_000,
  retention: { keepMs: null, keepCount: null },
};

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
  /**
   * In pools whose hosts make their own task ids: no message that was sent longer ago is handled any more, which the engine waits out before it asks what became of a
   * submission that nobody has answered. The network has to keep that promise; it must be shorter than the SPM's lease takes to expire.
   */
  readonly maxMessageAgeMs: number;
  /** How old an acknowledged task may become before it is asked to stop (oVirt: AsyncTaskZombieTaskLifeInMinutes). */
  readonly zombieAfterMs: number;
  /** How often the SPM is asked whether it still is, while it is worked with (oVirt: StoragePoolRefreshTimeInSeconds). */
  readonly poolRefreshMs: number;
  /** How long a host may take to say what it is before that counts as silence. */
  readonly probeTimeoutMs: number;
  /** How many errors in a row, instead of its status, make the engine replace the SPM (oVirt: SPMFailOverAttempts). From 1. */
  readonly spmFailOverAttempts: number;
  /** How often a host is asked how far it is that was told to become SPM (oVirt: 1 s, fixed). */
  readonly spmStartPollMs: number;
  /**
   * How long the SPM must have been silent, whatever it is asked, before it is fenced or, where there is no fence agent, another is tried, to whom storage gives the
   * lease when it has expired (oVirt: TimeoutToResetVdsInSeconds + DelayResetForSpmInSeconds). From 0.
   */
  readonly fenceGraceMs: number;
  /** Whether hosts are to tell when a task is over. They are polled all the same. */
  readonly completionEvents: boolean;
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
  maxMessageAgeMs: 60_000,
  zombieAfterMs: 3_000 * 60_000,
  poolRefreshMs: 10_000,
  probeTimeoutMs: 5_000,
  spmFailOverAttempts: 3,
  spmStartPollMs: 1_000,
  fenceGraceMs: 80_000,
  completionEvents: false,
  retention: { keepMs: null, keepCount: null },
};

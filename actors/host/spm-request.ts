import type { HostRequest } from '../wire.js';

/** A request to whoever is the SPM. */
export type SpmRequest = Extract<
  HostRequest,
  { op: 'submitTask' | 'getAllTasksStatuses' | 'getAllTasksInfo' | 'getTaskStatus' | 'getTaskInfo' | 'stopTask' | 'revertTask' | 'fenceTask' | 'clearTask' }
>;

import { z } from 'zod';
import type { EngineSettings } from '../../../actors/settings.js';
import { defineCommand } from '../../../src/model/command.js';
import { taskHandler } from '../../../src/model/handler.js';
import { SECOND, withRig, type EngineRig } from '../../actors/engine-rig.js';
import type { HostScript } from '../../actors/scripted-host.js';

/** One step with one task, which has so long, ms. */
export const LIMIT_MS = 30 * 60_000;
export const COPY = defineCommand({ type: 'Copy', params: z.strictObject({}) })
  .step(taskHandler<unknown>()({ name: 'copy', timeoutMs: LIMIT_MS, createTask: () => ({ verb: 'copy', args: {}, pool: 'pool1' }), endWithFailure: () => undefined }))
  .build();

/** Polls more often than by default, so that rows take fewer events. */
const SETTINGS: Partial<EngineSettings> = { pollingRateMs: 5_000, unknownGraceMs: 10_000, requestTimeoutMs: 20_000 };

/** A whole engine that is asked for one copy, and a host that does as the row says. */
export function withCopy(host: HostScript, use: (rig: EngineRig) => Promise<void>, settings: Partial<EngineSettings> = {}): Promise<void> {
  return withRig({ commands: [COPY], host, settings: { ...SETTINGS, ...settings } }, async (rig) => {
    rig.submit('c1', 'Copy');
    await use(rig);
  });
}

/** It was stopped, as a host tells it that stops what it is asked to. */
export const untilStopped =
  (rig: () => EngineRig): NonNullable<HostScript['status']> =>
  (_verb, taskId) =>
    rig().host.stopped.includes(taskId) ? { taskState: 'finished', taskResult: 'cleanSuccess', code: 411 } : { taskState: 'running', taskResult: '' };

/** How the command and its task ended, by how many offers of which ids, and what is left of tasks on the engine's disk and on the host. */
export async function ending(rig: EngineRig) {
  const { status, steps } = await rig.command();
  const ids = rig.host.submissions.map(({ taskId }) => taskId);
  const left = [(await rig.stored()).tasks.size, rig.host.tasks.size];
  return { status, outcome: steps[0]?.work[0]?.outcome, offers: ids.length, ids: new Set(ids).size, left };
}

/** How that is when its host has forgotten the task. */
export const LOST = { status: 'ROLLED_BACK', outcome: { kind: 'lost' }, offers: 1, ids: 1, left: [0, 0] };

export const cancelAt = (rig: EngineRig, seconds: number): string => rig.ask({ op: 'cancelCommand', commandId: 'c1' }, seconds * SECOND);

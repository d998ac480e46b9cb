import { z } from 'zod';
import { DEFAULT_ENGINE_SETTINGS as DEFAULT, type EngineSettings } from '../../actors/settings.js';
import { durationSchema, positiveDurationSchema } from './units.js';

const inMs = (micros: number): number => micros / 1000;

const positive = (ms: number) => positiveDurationSchema.prefault(`${ms}ms`);
const fromZero = (ms: number) => durationSchema.prefault(`${ms}ms`);

/** How an engine works, read as what it is started with. What each means is told where {@link EngineSettings} is, and in docs/settings.md. */
export const engineSchema = z
  .strictObject({
    pollingRate: positive(DEFAULT.pollingRateMs),
    callTimeout: positive(DEFAULT.callTimeoutMs),
    requestTimeout: positive(DEFAULT.requestTimeoutMs),
    resubmit: positive(DEFAULT.resubmitMs),
    unknownGrace: fromZero(DEFAULT.unknownGraceMs),
    zombieAfter: positive(DEFAULT.zombieAfterMs),
    /** In pools whose hosts make their own task ids: messages that are older are not handled. Shorter than the SPM's lease takes to expire. */
    maxMessageAge: positive(DEFAULT.maxMessageAgeMs),
    poolRefresh: positive(DEFAULT.poolRefreshMs),
    probeTimeout: positive(DEFAULT.probeTimeoutMs),
    spmFailOverAttempts: z.int().min(1).max(1000).default(DEFAULT.spmFailOverAttempts),
    spmStartPoll: positive(DEFAULT.spmStartPollMs),
    fenceGrace: fromZero(DEFAULT.fenceGraceMs),
    completionEvents: z.boolean().default(DEFAULT.completionEvents),
    /** How long the records of commands that are over are kept; default: for ever. */
    retention: z.strictObject({ keepFor: durationSchema.exactOptional(), keepCount: z.int().min(0).exactOptional() }).prefault({}),
  })
  .transform(
    ({ retention, ...engine }): EngineSettings => ({
      pollingRateMs: inMs(engine.pollingRate),
      callTimeoutMs: inMs(engine.callTimeout),
      requestTimeoutMs: inMs(engine.requestTimeout),
      resubmitMs: inMs(engine.resubmit),
      unknownGraceMs: inMs(engine.unknownGrace),
      zombieAfterMs: inMs(engine.zombieAfter),
      maxMessageAgeMs: inMs(engine.maxMessageAge),
      poolRefreshMs: inMs(engine.poolRefresh),
      probeTimeoutMs: inMs(engine.probeTimeout),
      spmFailOverAttempts: engine.spmFailOverAttempts,
      spmStartPollMs: inMs(engine.spmStartPoll),
      fenceGraceMs: inMs(engine.fenceGrace),
      completionEvents: engine.completionEvents,
      retention: { keepMs: retention.keepFor === undefined ? null : inMs(retention.keepFor), keepCount: retention.keepCount ?? null },
    }),
  );

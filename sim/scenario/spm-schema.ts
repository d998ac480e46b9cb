import { z } from 'zod';
import { latencySchema } from './distribution-schema.js';
import { durationSchema, positiveDurationSchema } from './units.js';

/** How an SPM starts and stops, and keeps its lease. The lease is sanlock's; safelease would be `leaseRenewal: 5s, leaseExpiry: 60s`. */
export const spmSchema = z
  .strictObject({
    leaseRenewal: positiveDurationSchema.prefault('20s'),
    /** From a renewal on, until another host may take the lease. */
    leaseExpiry: positiveDurationSchema.prefault('140s'),
    /** How long a host that is to become SPM waits for a lease that another has. */
    leasePatience: durationSchema.prefault('180s'),
    /** After a restart, until storage knows the host by its id again. */
    hostId: latencySchema.prefault({ min: '20s', max: '30s' }),
    /** With the lease, until it is the SPM. */
    start: latencySchema.prefault({ median: '3s', p95: '10s' }),
    /** As SPM, until it lists the tasks that it has taken over. */
    loading: latencySchema.prefault({ min: '0s', max: '2s' }),
    stop: latencySchema.prefault({ median: '2s', p95: '10s' }),
  })
  .refine(({ leaseRenewal, leaseExpiry }) => leaseRenewal < leaseExpiry, { path: ['leaseRenewal'], error: 'must be shorter than leaseExpiry' })
  .readonly();

export const hostRestartSchema = z
  .strictObject({
    down: durationSchema.prefault('5s'),
    /** How long it then answers everything with 99. */
    recovering: latencySchema.prefault({ median: '5s', p95: '15s' }),
  })
  .readonly();

export const fenceAgentSchema = z
  .strictObject({
    /** Until a host that is to be dead is dead. */
    latency: latencySchema.prefault({ median: '5s', p95: '15s' }),
    /** Until it is up again. */
    boot: latencySchema.prefault({ median: '90s', p95: '180s' }),
    /** Share of the requests that it fails, 0 to 1. */
    failureRate: z.number().min(0).max(1).default(0),
  })
  .readonly();

import { drawFrom, type Distribution } from '../distribution.js';
import type { Latency } from '../latency.js';
import type { Verb } from './verb.js';

/** `modern`: copies to block storage in any order of writes, at 250 MiB/s. `vdsm-3.x`: in their order, at 75 MiB/s. Both have outliers, which the verbs' own speeds have not. */
export const PROFILES = ['modern', 'vdsm-3.x'] as const;
export type Profile = (typeof PROFILES)[number];

const MIB = 2 ** 20;
const SECOND = 1_000_000;

/** A median of 75 MiB/s, and a sigma of 0.3: the 95th percentile is e^(1.645 × 0.3) times the median. */
const ORDERED_WRITES: Distribution = { kind: 'lognormal', median: 75 * MIB, p95: 122.9 * MIB };

/** Those that copy with qemu-img, at a rate that the order of its writes decides. */
const COPIES: ReadonlySet<string> = new Set(['copyImage', 'syncImageData']);

/** Outliers, per thousand: of all that takes time, and of answers. */
const TAIL = 20;
const STUCK = 5;

/** The shipped verbs as fast, and as unreliably so, as those of an installation. Null: as they are. */
export function inProfile(profile: Profile | null, verbs: readonly Verb[]): readonly Verb[] {
  if (profile === null) return verbs;
  return verbs.map((verb) => ({
    ...verb,
    latency: withOutliers(verb.latency),
    answerLatency: verb.answerLatency === null ? null : withOutliers(verb.answerLatency, STUCK),
    onFile: verb.onFile === null ? null : { ...verb.onFile, latency: withOutliers(verb.onFile.latency) },
    rate: profile === 'vdsm-3.x' && COPIES.has(verb.name) ? ORDERED_WRITES : verb.rate,
  }));
}

/** 2 % are from a Pareto tail that begins where the rest all but ends; of a thousand, `stuck` take more than three minutes. */
function withOutliers(latency: Latency, stuck = 0): Latency {
  const tail: Distribution = { kind: 'pareto', minimum: drawFrom(latency, 0.95), alpha: 1.5 };
  const parts = [{ weight: 1000 - TAIL - stuck, of: latency }, { weight: TAIL, of: tail }];
  if (stuck === 0) return { kind: 'mixture', parts };
  return { kind: 'mixture', parts: [...parts, { weight: stuck, of: { kind: 'pareto', minimum: 180 * SECOND, alpha: 1.5 } }] };
}

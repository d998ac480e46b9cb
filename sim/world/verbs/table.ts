import type { ExecutionPlan, PlannedFailure, Transfer, VerbTable } from '../../../actors/host/verb-table.js';
import { GENERAL_FAILURE, type Args } from '../../../actors/wire.js';
import type { Failures } from '../../faults/failures.js';
import type { Bandwidth } from '../bandwidth.js';
import type { Content } from '../content.js';
import { drawFrom, type Distribution } from '../distribution.js';
import { drawLatency, type Latency } from '../latency.js';
import type { Verb } from './verb.js';

/** What a scenario may say about the speed of a verb. What it leaves out is as the verb says. */
export interface VerbSpeed {
  readonly latency?: Latency;
  /** Bytes per second, for verbs that move data. */
  readonly rate?: Distribution;
}

export interface VerbTableSpec {
  readonly verbs: readonly Verb[];
  /** To know how much there is to copy. */
  readonly content: Content;
  /** By the verb's name. */
  readonly speeds: { readonly [verb: string]: VerbSpeed };
  readonly failures: Failures;
  readonly bandwidth: Bandwidth;
}

/** Of a task that its host has forgotten by then: nobody is told. */
const NEVER_BEGUN: PlannedFailure = { code: GENERAL_FAILURE, message: 'forgotten' };

const nothingToMove = (): null => null;

/** The verbs as hosts see them. One table serves all the hosts of a simulation. */
export function createVerbTable({ verbs, content, speeds, failures, bandwidth }: VerbTableSpec): VerbTable {
  const table = new Map(verbs.map((verb) => [verb.name, hostVerb(verb)]));
  return {
    find: (name) => table.get(name),
    spend: (plan, ports, done) => {
      ports.after(plan.durationUs, () => {
        const transfer = plan.transfer();
        if (transfer === null) done();
        else bandwidth.start(ports, transfer, done);
      });
    },
  };

  function hostVerb(verb: Verb) {
    const speed = Object.hasOwn(speeds, verb.name) ? speeds[verb.name] : undefined;
    const latency = speed?.latency ?? verb.latency;
    const rate = speed?.rate ?? verb.rate;
    return { kind: verb.kind, problemWith: (args: Args) => verb.problemWith(args), plan };

    function plan(args: Args, random: (purpose: string) => number): ExecutionPlan {
      const fault = failures.next(verb.name, args, random);
      if (fault?.when === 'refuse') return { kind: 'refuse', code: fault.code, message: fault.message };
      const lost = fault?.kind === 'lost';
      if (fault?.when === 'atStart') return { kind: 'run', durationUs: 0, transfer: nothingToMove, failure: lost ? NEVER_BEGUN : fault, lost };
      const { times } = verb.load(content, args);
      let durationUs = 0;
      for (let i = 0; i < times; i += 1) durationUs += drawLatency(latency, random(`latency:${verb.name}`));
      if (!verb.movesData) return { kind: 'run', durationUs, transfer: nothingToMove, failure: lost ? null : fault, lost };
      const bytesPerSecond = Math.max(1, Math.floor(drawFrom(rate, random(`rate:${verb.name}`))));
      const transfer = (): Transfer | null => {
        const { bytes, domains = [] } = verb.load(content, args);
        return bytes === 0 ? null : { bytes, rate: bytesPerSecond, domains: [...new Set(domains)] };
      };
      return { kind: 'run', durationUs, transfer, failure: lost ? null : fault, lost };
    }
  }
}

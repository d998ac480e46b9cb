import type { ExecutionPlan, HostVerb, Transfer, VerbTable } from '../../../actors/host/verb-table.js';
import type { Args } from '../../../actors/wire.js';
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
  /** Until a submission is answered. */
  readonly answerLatency?: Latency;
  readonly rollbackLatency?: Latency;
}

export interface VerbTableSpec {
  readonly verbs: readonly Verb[];
  /** To know how much there is to copy. */
  readonly content: Content;
  /** By the verb's name. */
  readonly speeds: { readonly [verb: string]: VerbSpeed };
  readonly failures: Failures;
  readonly bandwidth: Bandwidth;
  /** The storage domains whose volumes are files. Default: none. */
  readonly fileDomains?: ReadonlySet<string>;
}

/** What a roll-back takes of the time that the verb takes, if nobody says how long it takes. */
const ROLLBACK_SHARE = 0.5;

const nothingToMove = (): null => null;

/** The verbs as hosts see them. One table serves all the hosts of a simulation. */
export function createVerbTable({ verbs, content, speeds, failures, bandwidth, fileDomains = new Set() }: VerbTableSpec): VerbTable {
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

  function hostVerb(verb: Verb): HostVerb {
    const speed = Object.hasOwn(speeds, verb.name) ? speeds[verb.name] : undefined;
    const rate = speed?.rate ?? verb.rate;
    const answer = speed?.answerLatency ?? verb.answerLatency;
    const rollback = speed?.rollbackLatency ?? verb.rollbackLatency;
    return {
      kind: verb.kind,
      problemWith: (args) => verb.problemWith(args),
      domainsOf: (args) => verb.domainsOf(args),
      plan,
      rollbackUs: (args, random) => {
        const draw = random(`rollback:${verb.name}`);
        return rollback === null ? Math.round(ROLLBACK_SHARE * drawLatency(speed?.latency ?? latencyOf(verb, args), draw)) : drawLatency(rollback, draw);
      },
      rollbackFails: (args) => failures.nextRollback(verb.name, args),
    };

    function plan(args: Args, random: (purpose: string) => number): ExecutionPlan {
      const { fault, hangs, slower } = failures.next(verb.name, args, random);
      if (fault?.when === 'refuse') return { kind: 'refuse', code: fault.code, message: fault.message };
      const answerUs = answer === null ? 0 : drawLatency(answer, random(`answer:${verb.name}`));
      const [failure, lost] = fault?.kind === 'lost' ? [null, fault.when] : [fault === null ? null : { ...fault, when: fault.when }, null];
      if (fault?.when === 'atStart') return { kind: 'run', answerUs, durationUs: 0, transfer: nothingToMove, failure, lost, hangs };
      const latency = speed?.latency ?? latencyOf(verb, args);
      const { times } = verb.load(content, args);
      let drawnUs = 0;
      for (let i = 0; i < times; i += 1) drawnUs += drawLatency(latency, random(`latency:${verb.name}`));
      const durationUs = Math.round(drawnUs * slower.factor) + slower.by;
      if (!verb.movesData) return { kind: 'run', answerUs, durationUs, transfer: nothingToMove, failure, lost, hangs };
      const bytesPerSecond = Math.max(1, Math.floor(drawFrom(rate, random(`rate:${verb.name}`)) / slower.factor));
      const transfer = (): Transfer | null => {
        const { bytes, domains = [] } = verb.load(content, args);
        return bytes === 0 ? null : { bytes, rate: bytesPerSecond, domains: [...new Set(domains)] };
      };
      return { kind: 'run', answerUs, durationUs, transfer, failure, lost, hangs };
    }
  }

  function latencyOf({ latency, onFile }: Verb, args: Args): Latency {
    const domain = onFile === null ? undefined : args[onFile.domain];
    return onFile !== null && typeof domain === 'string' && fileDomains.has(domain) ? onFile.latency : latency;
  }
}

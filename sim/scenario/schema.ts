import { z } from 'zod';
import { SPM_HOST_DEFAULTS } from '../../actors/spm-host.js';
import type { CommandDefinition } from '../../src/model/command.js';
import { OPERATOR_ACTIONS } from '../../src/model/operator.js';
import type { Interference } from '../faults/network-faults.js';
import { PROFILES } from '../world/verbs/profile.js';
import { commandDeclarationSchema } from './define/declaration.js';
import { latencySchema } from './distribution-schema.js';
import { engineSchema } from './engine-schema.js';
import { idSchema, listOf } from './fields.js';
import { delayMessageSchema, dropMessageSchema, duplicateMessageSchema, networkSchema, partitionSchema } from './network-schema.js';
import { inPools, poolSections, poolsOf } from './pools.js';
import { plannedFaults } from './planned-faults.js';
import type { Trigger } from './trigger.js';
import { fenceAgentSchema, hostRestartSchema, spmSchema } from './spm-schema.js';
import { durationSchema, positiveDurationSchema, rateSchema, sizeSchema } from './units.js';
import { verbFaults } from './verb-faults.js';
import { verbSchema } from './verb-schema.js';

/** `spm` is whoever holds the role, in faults. */
const OTHER_NODES: ReadonlySet<string> = new Set(['engine', 'client', 'operator', 'fence-agent', 'spm']);

const hostSchema = z
  .strictObject({
    id: idSchema.refine((id) => !OTHER_NODES.has(id), { error: 'is the name of another node' }),
    /** Default: the only one there is. */
    pool: z.string().exactOptional(),
    /** Holds the SPM role of its pool when the simulation begins. Where no host does, the engine has one elected. */
    spm: z.boolean().default(false),
    /** How many tasks it runs at once as SPM. */
    workers: z.int().min(1).max(1000).default(SPM_HOST_DEFAULTS.workers),
    /** How many more may wait for one of them; what comes then is sent back. */
    queue: z.int().min(0).max(100_000).default(SPM_HOST_DEFAULTS.queueLimit),
  })
  .readonly();

const diskSchema = z
  .strictObject({
    id: idSchema,
    /** Default: a disk of no VM. */
    vm: z.string().exactOptional(),
    domain: z.string(),
    size: sizeSchema,
    /** Of its VM, the oldest first: each has a volume of its own under the active one. */
    snapshots: listOf(idSchema, 100).default([]),
  })
  .refine(({ vm, snapshots }) => vm !== undefined || snapshots.length === 0, { path: ['snapshots'], error: "are a VM's: name the vm that the disk belongs to" })
  .refine(({ snapshots }) => new Set(snapshots).size === snapshots.length, { path: ['snapshots'], error: 'a snapshot is named twice' })
  .readonly();

const templateSchema = z
  .strictObject({
    id: idSchema,
    /** Its own, which nobody writes to any more. */
    disks: listOf(z.strictObject({ id: idSchema, domain: z.string(), size: sizeSchema }).readonly()).refine((disks) => disks.length > 0, 'name its disks'),
  })
  .readonly();

const domainSchema = z
  .strictObject({
    id: idSchema,
    /** Default: the only one there is. */
    pool: z.string().exactOptional(),
    /** What its volumes are: `block`, logical volumes; `file`, files, which are made sooner. */
    type: z.enum(['block', 'file']).default('block'),
    /** Bytes per second, shared among all that is read from it and written to it. Default: as much as is asked for. */
    bandwidth: rateSchema.exactOptional(),
  })
  .readonly();

/** An operator's action. One that does not fit where the command is then is refused, and changes nothing. */
const operatorSchema = z
  .strictObject({
    /** When the client passes it on, virtual µs. */
    at: durationSchema,
    action: z.enum(OPERATOR_ACTIONS),
    /** Default: the command itself; or the id of a child, `c1!0.1.0`. */
    child: z.string().exactOptional(),
    reason: z.string().min(1).max(1000).exactOptional(),
    /** Of the step that `resolve` completes. */
    output: z.json().exactOptional(),
  })
  .refine(({ action, output }) => output === undefined || action === 'resolve', { path: ['output'], error: 'only resolve takes an output' })
  .readonly();

const commandSchema = z
  .strictObject({
    /** When it is submitted, virtual µs. */
    at: durationSchema.prefault('0s'),
    /** When the client asks for it to be cancelled, virtual µs; after `at`. */
    cancelAt: durationSchema.exactOptional(),
    /** What an operator does with it, should it be held. */
    operator: z.array(operatorSchema).max(100).readonly().exactOptional(),
    id: idSchema.exactOptional(),
    type: z.string(),
    /** As the command's own schema wants them; checked against it when the scenario is loaded. */
    params: z.record(z.string(), z.unknown()).readonly().prefault({}),
  })
  .refine(({ at, cancelAt }) => cancelAt === undefined || cancelAt > at, { path: ['cancelAt'], error: 'must be later than at' })
  .readonly();

const FAULTS = {
  ...z.object(plannedFaults).partial().shape,
  ...z.object(verbFaults).partial().shape,
  partition: partitionSchema.exactOptional(),
  dropMessage: dropMessageSchema.exactOptional(),
  duplicateMessage: duplicateMessageSchema.exactOptional(),
  delayMessage: delayMessageSchema.exactOptional(),
};

const faultSchema = z
  .strictObject(FAULTS)
  .transform((named, context) => {
    const [fault, second] = Object.values(named);
    if (fault !== undefined && second === undefined) return fault;
    context.addIssue({ code: 'custom', message: `name one fault: ${Object.keys(FAULTS).join(', ')}` });
    return z.NEVER;
  })
  .readonly();

/** A scenario file. Its input is what a user writes; its output is {@link Scenario} but for the defaults that need a second field. */
export const scenarioSchema = z
  .strictObject({
    /** Default: the file's name without its ending. */
    name: z.string().min(1).max(100).exactOptional(),
    description: z.string().default(''),
    ...poolSections,
    hosts: listOf(hostSchema).prefault([{ id: 'host1', spm: true }, { id: 'host2' }, { id: 'host3' }]),
    domains: listOf(domainSchema).prefault([{ id: 'domain1' }, { id: 'domain2' }]),
    vms: listOf(z.strictObject({ id: idSchema, host: z.string(), state: z.enum(['up', 'down']).default('up') }).readonly()).prefault([]),
    disks: listOf(diskSchema).prefault([]),
    /** What VMs can be made from. */
    templates: listOf(templateSchema).prefault([]),
    /** Offered by repositories outside the pool, such as Glance. */
    images: listOf(z.strictObject({ id: idSchema, repository: idSchema, size: sizeSchema }).readonly()).prefault([]),
    engine: engineSchema.prefault({}),
    /** How an SPM starts and stops, and keeps its lease. Defaults: sanlock's, and those of vdsm's verbs. */
    spm: spmSchema.prefault({}),
    /** How a host comes back that has died by itself: `down` until its service manager starts it again. */
    hostRestart: hostRestartSchema.prefault({}),
    /** What the engine may tell to cut a host's power. Default: there is none, and it has to wait for leases to expire. */
    fenceAgent: fenceAgentSchema.nullable().default(null),
    network: networkSchema.prefault({}),
    /** The disk under the engine's store: when a synced batch, and a scan, are done. */
    disk: z
      .strictObject({ write: latencySchema.prefault({ median: '1ms', p95: '4ms' }), scan: latencySchema.prefault({ median: '2ms', p95: '8ms' }) })
      .readonly()
      .prefault({}),
    /** Which installation the verbs that ship are as fast as, with its outliers. Default: a modern one without outliers. */
    profile: z.enum(PROFILES).nullable().default(null),
    /** What differs from a verb's own latency and from never failing; and verbs of the scenario's own. */
    verbs: z.record(z.string(), verbSchema).readonly().prefault({}),
    /** Types of commands of the scenario's own. */
    define: listOf(commandDeclarationSchema, 100).prefault([]),
    commands: listOf(commandSchema)
      .transform((commands) => commands.map((command, i) => ({ ...command, id: command.id ?? `c${i + 1}` })))
      .readonly()
      .prefault([]),
    faults: listOf(faultSchema).prefault([]),
    /** When all faults end, virtual µs: what is down comes back, nothing fails by chance or by a rule any more, and what is planned for later does not happen. Null: they are not ended. */
    healAt: durationSchema.nullable().default(null),
    /** A run that has not come to rest by then is broken. */
    limit: positiveDurationSchema.prefault('1d'),
  })
  .transform(({ pool, pools, hosts, domains, ...scenario }, context) => {
    const refuse = (path: readonly (string | number)[], message: string): void => context.addIssue({ code: 'custom', path: [...path], message });
    const all = poolsOf({ ...(pool === undefined ? {} : { pool }), ...(pools === undefined ? {} : { pools }) }, refuse);
    return { ...scenario, pools: all, hosts: inPools('hosts', hosts, all, refuse), domains: inPools('domains', domains, all, refuse) };
  })
  .readonly();

/** A scenario with every default filled in: plain data, durations in whole µs unless a name says ms, sizes in bytes, rates in bytes per second. */
export type Scenario = z.output<typeof scenarioSchema> & {
  readonly name: string;
  /** Commands that a module brings, in code. A file has none, and is plain data. */
  readonly definitions?: readonly CommandDefinition[];
};
/** What a user writes. */
export type ScenarioInput = z.input<typeof scenarioSchema>;
export type ScenarioCommand = Scenario['commands'][number];
export type { HostRef } from './planned-faults.js';
export type Fault = Scenario['faults'][number];
/** What happens at a moment, to a node, the network or a lease. */
export type PlannedFault = Extract<Fault, { point: Trigger }>;

export function isPlanned(fault: Fault): fault is PlannedFault {
  return 'point' in fault;
}

/** What becomes of chosen messages, as a rule for the network. */
export type MessageFault = Extract<Fault, { does: Interference }>;

export function isOfMessages(fault: Fault): fault is MessageFault {
  return 'does' in fault;
}

/** What becomes of chosen tasks or calls, as a rule for the hosts. */
export type VerbFault = Exclude<Fault, PlannedFault | MessageFault>;

export function isOfVerbs(fault: Fault): fault is VerbFault {
  return 'verb' in fault;
}

import { BadParams, SeatbeltError } from '../../src/model/errors.js';
import { checkCommandId } from '../../src/model/command.js';
import type { Data } from '../../src/model/data.js';
import { suggestion } from './nearest.js';
import type { Path, Problem } from './problem.js';
import type { Condition } from './condition.js';
import { namesOf } from './pools.js';
import type { Fault, MessageFault, PlannedFault, Scenario, ScenarioCommand, VerbFault } from './schema.js';
import { TASKS_ONLY } from './verb-faults.js';
import type { VerbSettings } from './verb-schema.js';

/** The names that a scenario may use besides its own. */
export interface Vocabulary {
  readonly commandTypes: readonly string[];
  /** The verbs that hosts know. */
  readonly verbs: readonly KnownVerb[];
  /** Params with their defaults. @throws SeatbeltError `BAD_PARAMS`; a `BadParams` says where */
  readonly checkParams: (type: string, params: unknown) => Data;
}

export interface KnownVerb {
  readonly name: string;
  /** `spm`: runs as a task; `hsm` and `read`: are called. */
  readonly kind: 'spm' | 'hsm' | 'read';
  readonly argNames: readonly string[];
  /** Whether a rate says something about it. */
  readonly movesData: boolean;
  /** Whether its arguments may say how its executions go: so it is with those that a scenario declares. */
  readonly scripted: boolean;
}

/** What the schema of a file cannot see: names that must be there, or must not be there twice. In the order of the file's sections. */
export function crossCheck(scenario: Scenario, vocabulary: Vocabulary): readonly Problem[] {
  const pools = scenario.pools.map((pool) => pool.id);
  const hosts = scenario.hosts.map((host) => host.id);
  const domains = scenario.domains.map((domain) => domain.id);
  const vms = scenario.vms.map((vm) => vm.id);
  const nodes = ['engine', 'client', ...hosts, 'spm', ...pools.map((pool) => `spm of ${pool}`)];
  return [
    ...repeated('pools', pools),
    ...repeated('hosts', hosts),
    ...scenario.hosts.flatMap((host, i) => unknownName(['hosts', i, 'pool'], 'pool', host.pool, pools)),
    ...scenario.pools.flatMap((pool) => membersOf(scenario, pool.id)),
    ...repeated('domains', domains),
    ...scenario.domains.flatMap((domain, i) => unknownName(['domains', i, 'pool'], 'pool', domain.pool, pools)),
    ...repeated('vms', vms),
    ...scenario.vms.flatMap((vm, i) => unknownName(['vms', i, 'host'], 'host', vm.host, hosts)),
    ...repeated('disks', scenario.disks.map((disk) => disk.id)),
    ...scenario.disks.flatMap((disk, i) => [
      ...(disk.vm === undefined ? [] : unknownName(['disks', i, 'vm'], 'VM', disk.vm, vms)),
      ...sharedSnapshots(scenario, i),
      ...unknownName(['disks', i, 'domain'], 'storage domain', disk.domain, domains),
      ...outOfReach(['disks', i, 'domain'], scenario, disk),
    ]),
    ...repeated('templates', scenario.templates.map((template) => template.id)),
    ...scenario.templates.flatMap(({ disks }, i) => disks.flatMap((disk, j) => unknownName(['templates', i, 'disks', j, 'domain'], 'storage domain', disk.domain, domains))),
    ...templateDisks(scenario),
    ...repeatedImages(scenario),
    ...Object.entries(scenario.verbs).flatMap(([verb, settings]) => verbProblems(['verbs', verb], verb, settings, vocabulary)),
    ...repeated('commands', scenario.commands.map((command) => command.id)),
    ...scenario.commands.flatMap((command, i) => [
      ...unknownName(['commands', i, 'type'], 'command type', command.type, vocabulary.commandTypes),
      ...badId(['commands', i, 'id'], command.id),
      ...(command.operator ?? []).flatMap((action, j) => operatorProblems(['commands', i, 'operator', j], command, action)),
    ]),
    ...scenario.network.links.flatMap((link, i) => unknownNodes(['network', 'links', i], link, nodes)),
    ...scenario.faults.flatMap((fault, i) => faultProblems(['faults', i, fault.kind], fault, scenario, vocabulary, nodes)),
    ...oldMessages(scenario),
    ...lateHealing(scenario),
  ];
}

/**
 * Params as their commands want them, with defaults filled in, or what is wrong with them. To be called when the types are known to exist.
 */
export function checkParams(
  scenario: Scenario,
  vocabulary: Vocabulary,
): { readonly commands: Scenario['commands']; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const commands = scenario.commands.map((command, i) => {
    try {
      return { ...command, params: vocabulary.checkParams(command.type, command.params) as typeof command.params };
    } catch (error) {
      problems.push(...paramProblems(['commands', i, 'params'], error));
      return command;
    }
  });
  return { commands, problems };
}

function paramProblems(under: Path, error: unknown): readonly Problem[] {
  if (error instanceof BadParams) {
    return error.issues.map(({ path, message }) => ({ path: [...under, ...path], at: 'value', message }));
  }
  if (error instanceof SeatbeltError) return [{ path: under, at: 'value', message: error.message }];
  throw error;
}

function repeated(section: 'pools' | 'hosts' | 'domains' | 'vms' | 'disks' | 'templates' | 'commands', ids: readonly string[]): readonly Problem[] {
  const seen = new Map<string, number>();
  return ids.flatMap((id, i): readonly Problem[] => {
    const first = seen.get(id);
    if (first !== undefined) return [{ path: [section, i, 'id'], at: 'value', message: `'${id}' is the id of ${section}[${first}] already` }];
    seen.set(id, i);
    return [];
  });
}

/** A snapshot is of one VM, whichever of its disks it takes in. */
function sharedSnapshots({ disks }: Scenario, i: number): readonly Problem[] {
  const disk = disks[i];
  return (disk?.snapshots ?? []).flatMap((snapshot, j): readonly Problem[] => {
    const other = disks.slice(0, i).find(({ vm, snapshots }) => vm !== disk?.vm && snapshots.includes(snapshot));
    return other === undefined ? [] : [{ path: ['disks', i, 'snapshots', j], at: 'value', message: `'${snapshot}' is a snapshot of ${other.vm ?? ''} already` }];
  });
}

/** They are disks like any other. */
function templateDisks({ disks, templates }: Scenario): readonly Problem[] {
  const known = new Map(disks.map(({ id }, i) => [id, `disks[${i}]`]));
  return templates.flatMap((template, i) =>
    template.disks.flatMap(({ id }, j): readonly Problem[] => {
      const first = known.get(id);
      known.set(id, first ?? `templates[${i}].disks[${j}]`);
      return first === undefined ? [] : [{ path: ['templates', i, 'disks', j, 'id'], at: 'value', message: `'${id}' is the id of ${first} already` }];
    }),
  );
}

/** One repository has each name once. */
function repeatedImages({ images }: Scenario): readonly Problem[] {
  return images.flatMap(({ id, repository }, i): readonly Problem[] => {
    const first = images.findIndex((image) => image.id === id && image.repository === repository);
    return first === i ? [] : [{ path: ['images', i, 'id'], at: 'value', message: `'${id}' is the id of images[${first}] already` }];
  });
}

/** A pool can do without an SPM at first, but not without hosts. */
function membersOf(scenario: Scenario, pool: string): readonly Problem[] {
  const members = scenario.hosts.flatMap((host, i) => (host.pool === pool ? [{ i, spm: host.spm }] : []));
  const second = members.filter(({ spm }) => spm)[1]?.i;
  const where = scenario.pools.length === 1 ? '' : ` of pool ${pool}`;
  if (members.length === 0) return [{ path: ['hosts'], at: 'value', message: `pool ${pool} has no host` }];
  return second === undefined ? [] : [{ path: ['hosts', second, 'spm'], at: 'value', message: `only one host${where} can hold the SPM role` }];
}

/** A VM runs on a host, which sees the storage domains of its own pool only. */
function outOfReach(path: Path, { vms, hosts, domains }: Scenario, disk: Scenario['disks'][number]): readonly Problem[] {
  const vm = vms.find(({ id }) => id === disk.vm);
  const host = hosts.find(({ id }) => id === vm?.host);
  const domain = domains.find(({ id }) => id === disk.domain);
  if (vm === undefined || host === undefined || domain === undefined || host.pool === domain.pool) return [];
  return [{ path, at: 'value', message: `'${domain.id}' belongs to pool ${domain.pool}, and the host of ${vm.id} to pool ${host.pool}` }];
}

/** What a host was told as SPM must be void by the time that another can be SPM: hosts that make their own task ids do not ask on whose behalf they are told. */
function oldMessages({ pools, engine, spm }: Scenario): readonly Problem[] {
  const own = pools.find(({ clientTaskIds }) => !clientTaskIds);
  if (own === undefined || engine.maxMessageAgeMs * 1000 < spm.leaseExpiry) return [];
  return [{ path: ['engine', 'maxMessageAge'], at: 'value', message: `must be shorter than spm.leaseExpiry: the hosts of pool ${own.id} make their own task ids` }];
}

function lateHealing({ healAt, limit }: Scenario): readonly Problem[] {
  return healAt === null || healAt < limit ? [] : [{ path: ['healAt'], at: 'value', message: 'must be earlier than limit' }];
}

function unknownName(path: Path, what: string, name: string, known: readonly string[], at: Problem['at'] = 'value'): readonly Problem[] {
  return known.includes(name) ? [] : [{ path, at, message: `unknown ${what} '${name}'${suggestion(name, known)}` }];
}

function badId(path: Path, id: string): readonly Problem[] {
  try {
    checkCommandId(id);
    return [];
  } catch (error) {
    if (error instanceof SeatbeltError) return [{ path, at: 'value', message: error.message }];
    throw error;
  }
}

function operatorProblems(path: Path, { id, at }: ScenarioCommand, action: NonNullable<ScenarioCommand['operator']>[number]): readonly Problem[] {
  const early = action.at > at ? [] : [{ path: [...path, 'at'], at: 'value' as const, message: 'must be later than the command' }];
  const stranger = action.child === undefined || action.child.startsWith(`${id}!`) ? [] : [{ path: [...path, 'child'], at: 'value' as const, message: `is no child of '${id}': the id of one begins with '${id}!'` }];
  return [...early, ...stranger];
}

function faultProblems(path: Path, fault: Fault, scenario: Scenario, vocabulary: Vocabulary, nodes: readonly string[]): readonly Problem[] {
  switch (fault.kind) {
    case 'failTask':
    case 'failCall':
    case 'loseTask':
    case 'hangTask':
    case 'slowTask':
    case 'failRollback':
      return verbFaultProblems(path, fault, vocabulary);
    case 'dropMessage':
    case 'duplicateMessage':
    case 'delayMessage':
      return unknownNodes(path, fault, nodes);
    default:
      return plannedProblems(path, fault, scenario, vocabulary, nodes);
  }
}

function plannedProblems(path: Path, fault: PlannedFault, scenario: Scenario, vocabulary: Vocabulary, nodes: readonly string[]): readonly Problem[] {
  const when = fault.point.at === 'condition' ? conditionProblems([...path, 'when'], fault.point.condition, vocabulary) : [];
  return [...when, ...placeProblems(path, fault, scenario, nodes)];
}

/** Hosts and pools that a fault names, or means. */
function placeProblems(path: Path, fault: PlannedFault, { hosts, pools }: Scenario, nodes: readonly string[]): readonly Problem[] {
  const onePool = (key: string, pool: string | null): readonly Problem[] => {
    if (pool !== null) return unknownName([...path, key], 'pool', pool, pools.map(({ id }) => id));
    return pools.length === 1 ? [] : [{ path: [...path, key], at: 'value', message: `say of which pool: ${namesOf(pools)}` }];
  };
  const aHost = (key: string, host: string, among: Scenario['hosts']): readonly Problem[] => unknownName([...path, key], 'host', host, among.map(({ id }) => id));
  switch (fault.kind) {
    case 'crashEngine':
    case 'pauseEngine':
      return [];
    case 'crashHost':
    case 'hangHost':
      return 'spmOf' in fault.host ? onePool('host', fault.host.spmOf) : aHost('host', fault.host.host, hosts);
    case 'loseLease':
      return onePool('pool', fault.pool);
    case 'moveSpm': {
      const pool = fault.pool ?? pools[0]?.id;
      return [...onePool('pool', fault.pool), ...(fault.to === null ? [] : aHost('to', fault.to, hosts.filter((host) => host.pool === pool)))];
    }
    case 'partition': {
      const { from, to } = fault;
      if (from === to) return [{ path: [...path, 'between'], at: 'value', message: `'${from}' cannot be cut off from itself: name two nodes` }];
      return to === null ? unknownName([...path, 'isolate'], 'node', from, nodes) : [from, to].flatMap((name, i) => unknownName([...path, 'between', i], 'node', name, nodes));
    }
  }
}

function unknownNodes(path: Path, { from, to }: Pick<MessageFault, 'from' | 'to'>, nodes: readonly string[]): readonly Problem[] {
  return Object.entries({ from, to }).flatMap(([key, name]) => (name === undefined ? [] : unknownName([...path, key], 'node', name, nodes)));
}

function verbFaultProblems(path: Path, { kind, verb, match }: VerbFault, vocabulary: Vocabulary): readonly Problem[] {
  const known = vocabulary.verbs.find(({ name }) => name === verb);
  if (known === undefined) return unknownName([...path, 'verb'], 'verb', verb, verbNames(vocabulary));
  if ((known.kind === 'spm') !== (kind !== 'failCall')) {
    const ofCalls = kind === 'failTask' || kind === 'failCall' ? 'use failCall' : TASKS_ONLY[kind];
    const message = known.kind === 'spm' ? `'${verb}' runs as a task: use failTask` : `'${verb}' is a call: ${ofCalls}`;
    return [{ path: [...path, 'verb'], at: 'value', message }];
  }
  return Object.keys(match ?? {}).flatMap((name) => unknownName([...path, 'match', name], `argument of ${verb}`, name, known.argNames, 'key'));
}

function verbProblems(path: Path, verb: string, settings: VerbSettings, vocabulary: Vocabulary): readonly Problem[] {
  const known = vocabulary.verbs.find(({ name }) => name === verb);
  if (known === undefined) {
    const hint = suggestion(verb, verbNames(vocabulary)) || '; one of your own has a kind: spm, hsm or read';
    return [{ path, at: 'key', message: `unknown verb '${verb}'${hint}` }];
  }
  const ofTasks = known.kind === 'spm' ? [] : (['answerLatency', 'rollbackLatency'] as const).filter((key) => settings[key] !== undefined);
  return [
    ...(settings.rate === undefined || known.movesData ? [] : [{ path: [...path, 'rate'], at: 'value' as const, message: `${verb} moves no data: give it a latency` }]),
    ...ofTasks.map((key) => ({ path: [...path, key], at: 'key' as const, message: `${verb} is a call, and only a task has this: give it a latency` })),
  ];
}

function verbNames(vocabulary: Vocabulary): readonly string[] {
  return vocabulary.verbs.map(({ name }) => name);
}

function taskVerbNames(vocabulary: Vocabulary): readonly string[] {
  return vocabulary.verbs.flatMap(({ name, kind }) => (kind === 'spm' ? [name] : []));
}

function conditionProblems(path: Path, condition: Condition, vocabulary: Vocabulary): readonly Problem[] {
  switch (condition.of) {
    case 'task':
      return unknownName([...path, 'task'], 'SPM verb', condition.verb, taskVerbNames(vocabulary));
    case 'command':
      return unknownName([...path, 'command'], 'command type', condition.type, vocabulary.commandTypes);
    case 'callback':
      return [];
  }
}

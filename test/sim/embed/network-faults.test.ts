import { describe, expect, it } from 'vitest';
import type { Probe } from '../../../actors/probe.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import { held, type RunResult } from '../../../sim/report/result.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';

const MIGRATION = `
hosts: [{ id: host1, spm: true }, { id: host2 }]
vms: [{ id: vm1, host: host2 }]
disks: [{ id: disk1, vm: vm1, domain: domain1, size: 1 GiB }]
engine: { requestTimeout: 20s, callTimeout: 20s }
commands: [{ at: 1s, id: migrate, type: LiveMigrateVmDisks, params: { pool: pool1, vm: vm1, disks: [disk1], targetDomain: domain2 } }]
`;

async function outcome(more: string, seed = 1): Promise<{ readonly result: RunResult; readonly told: readonly (Probe & { readonly t: number })[] }> {
  const simulation = await Simulation.create(parseScenario(`${MIGRATION}\n${more}`, 'network.yaml', { vocabulary: BUILT_IN_VOCABULARY }), { seed });
  const told: (Probe & { t: number })[] = [];
  simulation.on('probe', ({ t, probe }) => told.push({ ...probe, t }));
  await simulation.run();
  const result = simulation.result();
  await simulation.dispose();
  const broken = result.invariants.filter((invariant) => !invariant.held);
  expect(broken, `seed ${seed}`).toEqual([]);
  expect(held(result)).toBe(true);
  return { result, told };
}

const statusOf = ({ commands }: RunResult): string | undefined => commands.find(({ id }) => id === 'migrate')?.status;

describe('the network of a scenario', () => {
  it.each([1, 2, 3, 4, 5])('may lose a fifth of all messages and repeat another: all invariants hold, seed %i', async (seed) => {
    const { result, told } = await outcome('network: { loss: 0.2, duplication: 0.2 }', seed);
    // A call whose answer stays out ends its attempt, as nobody knows what came of it; and a step that has no further attempt is undone. Nothing else may.
    const why = told.flatMap((probe) => (probe.type === 'statusChanged' && probe.status === 'ROLLING_BACK' ? [probe.error?.code] : []));
    if (statusOf(result) === 'ROLLED_BACK') expect(new Set(why)).toEqual(new Set(['CALL_UNKNOWN']));
    else expect(statusOf(result)).toBe('SUCCEEDED');
    expect(result.network.lost).toBeGreaterThan(5);
    expect(result.network.duplicated).toBeGreaterThan(5);
  });

  it('is as good or bad as it is said of each link and direction', async () => {
    const { result, told } = await outcome('network: { links: [{ from: engine, loss: 1 }, { from: engine, to: host1, loss: 0 }, { from: engine, to: client, loss: 0 }, { to: host2, loss: 0 }, { from: host1, duplication: 1 }] }');
    expect(statusOf(result)).toBe('SUCCEEDED');
    expect(result.network.lost).toBe(0);
    expect(new Set(told.flatMap((probe) => (probe.type === 'messageDuplicated' ? [`${probe.from}>${probe.to}`] : [])))).toEqual(new Set(['host1>engine']));
  });

  it('loses nothing by chance any more once all faults have ended', async () => {
    const { result, told } = await outcome('network: { loss: 0.5 }\nhealAt: 30s');
    expect(statusOf(result)).toBe('SUCCEEDED');
    const lost = told.flatMap((probe) => (probe.type === 'messageLost' && probe.why === 'loss' ? [probe.t] : []));
    expect(lost.length).toBeGreaterThan(0);
    expect(Math.max(...lost)).toBeLessThan(30e6);
  });
});

describe('a fault of single messages', () => {
  it.each([
    ['the request to submit a task', 'dropMessage: { op: submitTask }', 'submitTask'],
    ['the reply to it', 'dropMessage: { op: submitTask, reply: true }', 'reply'],
    ['the first thing that a host says to the engine', 'dropMessage: { from: spm, to: engine }', 'reply'],
  ])('loses %s, and nothing else', async (_, fault, op) => {
    const { result, told } = await outcome(`faults: [{ ${fault} }]`);
    expect(told.flatMap((probe) => (probe.type === 'messageLost' ? [[probe.op, probe.why]] : []))).toEqual([[op, 'dropMessage']]);
    expect(result.network).toMatchObject({ lost: 1, duplicated: 0, delayed: 0 });
    expect(statusOf(result)).toBe('SUCCEEDED');
    expect(result.unused).toEqual([]);
  });

  it('lets a message arrive once more, or later', async () => {
    const { result, told } = await outcome('faults: [{ duplicateMessage: { op: submitTask, nth: every, after: 15s } }, { delayMessage: { op: call, by: 10s } }]');
    expect(statusOf(result)).toBe('SUCCEEDED');
    expect(told.filter(({ type }) => type === 'messageDelayed')).toEqual([expect.objectContaining({ from: 'engine', to: 'host2', op: 'call', byUs: 10e6 })]);
    expect(told.filter(({ type }) => type === 'messageDuplicated').length).toBeGreaterThan(1);
  });

  it('that no message has fitted is told', async () => {
    const { result } = await outcome('faults: [{ dropMessage: { op: ping } }, { dropMessage: { op: submitTask, reply: true, nth: 99 } }]');
    expect(result.unused).toEqual([
      { fault: 0, what: 'dropMessage ping, number 1' },
      { fault: 1, what: 'dropMessage reply to submitTask, number 99' },
    ]);
  });
});

describe('a partition', () => {
  const cuts = (told: readonly Probe[]): readonly string[] => [...new Set(told.flatMap((probe) => (probe.type === 'messageLost' && probe.why === 'partition' ? [`${probe.from}>${probe.to}`] : [])))].sort();

  it.each([
    ['two nodes', 'between: [engine, spm]', ['engine>host1', 'host1>engine']],
    ['one direction', 'oneWay: true, between: [host1, engine]', ['host1>engine']],
    ['one node from all others', 'isolate: engine', ['client>engine', 'engine>client', 'engine>host1', 'engine>host2', 'host1>engine', 'host2>engine']],
    ['what one node sends', 'oneWay: true, isolate: host1', ['host1>engine']],
  ])('cuts off %s, for as long as it says', async (_, who, links) => {
    const { result, told } = await outcome(`faults: [{ partition: { ${who}, when: { task: cloneImageStructure, is: submitted }, for: 45s } }]`);
    expect(statusOf(result)).toBe('SUCCEEDED');
    expect(links).toEqual(expect.arrayContaining([...cuts(told)]));
    expect(cuts(told).length).toBeGreaterThan(0);
    const [began, ended] = ['partitionBegan', 'partitionEnded'].map((type) => told.find((probe) => probe.type === type)?.t ?? NaN);
    expect((ended ?? NaN) - (began ?? NaN)).toBe(45e6);
    expect(result.network.cutOff).toBeGreaterThan(0);
  });

  it('ends when all faults do', async () => {
    const { result, told } = await outcome('faults: [{ partition: { between: [engine, host1], at: 3s, for: 10h } }]\nhealAt: 2min');
    expect(statusOf(result)).toBe('SUCCEEDED');
    const lost = told.flatMap((probe) => (probe.type === 'messageLost' && probe.why === 'partition' ? [probe.t] : []));
    expect(Math.max(...lost)).toBeLessThan(120e6);
  });
});

it.each([
  ['dropMessage: { from: host9 }', "faults[0].dropMessage.from: unknown node 'host9'"],
  ['dropMessage: { op: submitTsk }', 'faults[0].dropMessage.op'],
  ['delayMessage: { op: call }', 'faults[0].delayMessage.by: is missing'],
  ['partition: { at: 1s, between: [host1, host1] }', "'host1' cannot be cut off from itself: name two nodes"],
  ['partition: { at: 1s }', 'say who cannot reach whom, in one way: between or isolate'],
  ['partition: { at: 1s, between: [engine, host1], isolate: host2 }', 'say who cannot reach whom, in one way: between or isolate'],
  ['partition: { isolate: engine }', 'say when, in one way'],
  ['partition: { at: 1s, between: [engine, host7] }', "faults[0].partition.between[1]: unknown node 'host7'"],
  ['partition: { at: 1s, isolate: spm of pool9 }', "faults[0].partition.isolate: unknown node 'spm of pool9'"],
])('%s is refused: %s', (fault, message) => {
  expect(() => parseScenario(`${MIGRATION}\nfaults: [{ ${fault} }]`, 'network.yaml', { vocabulary: BUILT_IN_VOCABULARY })).toThrow(message);
});

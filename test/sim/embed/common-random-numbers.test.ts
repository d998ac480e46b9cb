import { afterEach, expect, it, vi } from 'vitest';
import { Simulation } from '../../../sim/embed/simulation.js';
import { Stream, Streams } from '../../../sim/kernel/streams.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';

const HOSTS = '{ id: host1, pool: pool1, spm: true }, { id: host2, pool: pool1 }';
const DOMAINS = '{ id: hdd, pool: pool1 }, { id: ssd, pool: pool1 }';
const DISK = '{ id: disk1, vm: vm1, domain: hdd, size: 1 GiB }';

function text({ pools = '{ id: pool1 }', hosts = HOSTS, domains = DOMAINS, disks = DISK, faults = '', network = '' } = {}): string {
  return `
pools: [${pools}]
hosts: [${hosts}]
domains: [${domains}]
vms: [{ id: vm1, host: host2 }]
disks: [${disks}]
network: { ${network} }
commands: [{ at: 1s, id: m, type: LiveMigrateVmDisks, params: { pool: pool1, vm: vm1, disks: [disk1], targetDomain: ssd } }]
faults: [${faults}]
`;
}

afterEach(() => vi.restoreAllMocks());

/** All draws of a run, by stream. */
async function drawsOf(scenario: string, seed: number): Promise<ReadonlyMap<string, readonly number[]>> {
  const names = new WeakMap<Stream, string>();
  const drawn = new Map<string, number[]>();
  const get = Streams.prototype.get;
  vi.spyOn(Streams.prototype, 'get').mockImplementation(function (this: Streams, component, purpose) {
    const stream = get.call(this, component, purpose);
    names.set(stream, `${component} / ${purpose}`);
    return stream;
  });
  const next = Stream.prototype.next;
  vi.spyOn(Stream.prototype, 'next').mockImplementation(function (this: Stream) {
    const draw = next.call(this);
    const name = names.get(this) ?? '';
    drawn.set(name, [...(drawn.get(name) ?? []), draw]);
    return draw;
  });
  const simulation = await Simulation.create(parseScenario(scenario, 'crn.yaml', { vocabulary: BUILT_IN_VOCABULARY }), { seed });
  await simulation.run();
  await simulation.dispose();
  vi.restoreAllMocks();
  return drawn;
}

it.each([
  ['a host', text({ hosts: `${HOSTS}, { id: host3, pool: pool1 }` })],
  ['a pool', text({ pools: '{ id: pool1 }, { id: pool2 }', hosts: `${HOSTS}, { id: other, pool: pool2, spm: true }` })],
  ['a storage domain and a disk', text({ domains: `${DOMAINS}, { id: tape, pool: pool1 }`, disks: `${DISK}, { id: disk2, domain: tape, size: 1 GiB }` })],
  ['a rule for tasks', text({ faults: '{ failTask: { verb: deleteImage, nth: 9, code: 261 } }' })],
  ['a rule for messages', text({ faults: '{ dropMessage: { op: ping } }' })],
  ['loss of messages to a node that does not matter', text({ network: 'links: [{ from: engine, to: client, loss: 0.1 }]' })],
])('%s more changes no draw of the other streams: of each, one run has what the other has, as far as that goes', async (_, more) => {
  for (const seed of [1, 2]) {
    const [before, after] = [await drawsOf(text(), seed), await drawsOf(more, seed)];
    expect([...before.keys()]).toEqual(expect.arrayContaining(['host1 / latency:cloneImageStructure', 'host1 / rate:syncImageData', 'host2 / latency:snapshot', 'network / latency engine>host1']));
    for (const [name, draws] of before) {
      const others = after.get(name) ?? [];
      const shared = Math.min(draws.length, others.length);
      expect([name, ...others.slice(0, shared)]).toEqual([name, ...draws.slice(0, shared)]);
      // What a host does for a command is the same, whoever else is there.
      if (/^host\d \/ (?:latency|rate):/.test(name)) expect([name, others.length]).toEqual([name, draws.length]);
    }
  }
});

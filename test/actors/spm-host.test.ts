import { describe, expect, it } from 'vitest';
import type { Args, HostRequest } from '../../actors/wire.js';
import { grantSpm, LoneHost, SECOND, smallWorld, STEP, submitVolume } from './lone-host.js';

const SPM_REQUESTS: readonly HostRequest[] = [
  submitVolume('v1'),
  { op: 'getAllTasksStatuses', pool: 'pool1' },
  { op: 'stopTask', pool: 'pool1', taskId: 'v1' },
  { op: 'clearTask', pool: 'pool1', taskId: 'v1' },
];

/** A host of a pool with two domains, and `far`, which is another pool's and has a disk `d`. */
function nearAndFar(): LoneHost {
  const storage = smallWorld();
  storage.addDomain('far', 'pool2');
  storage.addDisk({ disk: 'd', vm: null, domain: 'far', volumes: [{ id: 'base', parent: null, format: 'raw' }], sizeBytes: 1 });
  return new LoneHost({ storage });
}

describe('the SPM role', () => {
  it('is that of the host that holds the lease, and each names the holder', () => {
    const storage = smallWorld();
    const spm = new LoneHost({ storage });
    const other = new LoneHost({ node: 'host2', storage });
    expect(spm.ask({ op: 'getSpmStatus', pool: 'pool1' }).result).toEqual({ role: 'SPM', spmId: 'host1', ownerIncarnation: 1, leaseGeneration: 1, leaseVersion: 0 });
    expect(other.ask({ op: 'getSpmStatus', pool: 'pool1' }).result).toEqual({ role: 'Free', spmId: 'host1', ownerIncarnation: 1, leaseGeneration: 1, leaseVersion: 0 });
  });

  it.each(SPM_REQUESTS)('is needed for $op: 654 otherwise, and nothing is remembered', (request) => {
    const storage = smallWorld();
    const before = storage.toData();
    expect(new LoneHost({ node: 'host2', storage }).ask(request).code).toBe(654);
    expect(storage.toData()).toEqual(before);
  });

  it('is not kept over a restart of its host', () => {
    expect(new LoneHost({ config: { incarnation: 2, beginsAsSpm: false } }).submitVolume('v1').code).toBe(654);
  });

  it('is settled from the start: absence from the list means something', () => {
    expect(new LoneHost().ask({ op: 'getAllTasksStatuses', pool: 'pool1' }).result).toEqual({ generation: 1, settled: true, tasks: [] });
  });

  it('that was taken away is noticed at the next write: the job has no effect, and the host panics', () => {
    const host = new LoneHost();
    host.submitVolume('v1');
    grantSpm(host.storage, 'host2');
    const before = host.storage.toData();
    host.advance(SECOND);
    expect(host.storage.toData()).toEqual(before);
    expect(host.probes.some(({ type }) => type === 'hostTaskEnded')).toBe(false);
    expect(host.panics).toEqual(['the SPM lease is lost']);
    expect(host.ask({ op: 'getAllTasksStatuses', pool: 'pool1' }).code).toBe(654);
  });

  it.each(SPM_REQUESTS)('that was taken away makes $op answer 654 at once', (request) => {
    const host = new LoneHost();
    grantSpm(host.storage, 'host2');
    const before = host.storage.toData();
    expect(host.ask(request).code).toBe(654);
    expect(host.storage.toData()).toEqual(before);
  });
});

describe('requests from the past', () => {
  it('of an older engine incarnation are refused, also by the next SPM', () => {
    const host = new LoneHost();
    expect(host.submitVolume('v1', 'v1', { incarnation: 2 }).code).toBe(0);
    expect(host.submitVolume('v2', 'v2', { incarnation: 1 }).code).toBe(9001);
    host.storage.releaseLease({ pool: 'pool1', generation: 1 });
    const next = new LoneHost({ node: 'host2', storage: host.storage, config: { beginsAsSpm: true } });
    expect(next.submitVolume('v2', 'v2', { incarnation: 1 }).code).toBe(9001);
    expect(host.probes.filter(({ type }) => type === 'staleRefused')).toEqual([{ type: 'staleRefused', host: 'host1', commandId: null }]);
  });

  it('with a lower fence number are refused for that command only; equal ones are in order', () => {
    const host = new LoneHost();
    const fence = (commandId: string, number: number) => ({ fence: { commandId, number } });
    expect(host.submitVolume('v1', 'v1', fence('c1', 3)).code).toBe(0);
    expect(host.submitVolume('v2', 'v2', fence('c1', 3)).code).toBe(0);
    expect(host.submitVolume('v3', 'v3', fence('c1', 2)).code).toBe(9001);
    expect(host.submitVolume('v4', 'v4', fence('c2', 1)).code).toBe(0);
    expect(host.status('v3')).toBeUndefined();
  });

  it('are told for calls and reads from what the host itself has seen', () => {
    const host = new LoneHost();
    const read: HostRequest = { op: 'read', verb: 'getVmDisk', args: { vm: 'vm1', disk: 'disk1' } };
    const later = host.send(read, { incarnation: 2 });
    host.advance(SECOND);
    expect(host.replyTo(later)?.code).toBe(0);
    expect(host.ask(read, { incarnation: 1 }).code).toBe(9001);
    expect(host.ask({ op: 'getSpmStatus', pool: 'pool1' }, { incarnation: 1 }).code).toBe(9001);
    const call: HostRequest = { op: 'call', key: 'k', verb: 'snapshot', args: {}, step: STEP, hostIncarnation: null };
    expect(host.ask(call, { incarnation: 1 }).code).toBe(9001);
  });
});

it('a ping is answered by any host, with its incarnation', () => {
  expect(new LoneHost({ node: 'host2', config: { incarnation: 7 } }).ask({ op: 'ping' })).toMatchObject({ code: 0, from: 'host2', incarnation: 7 });
});

describe('what is not for this host', () => {
  it('is refused: another pool, an engine request', () => {
    const host = new LoneHost();
    expect(host.ask({ op: 'getSpmStatus', pool: 'pool9' }).code).toBe(309);
    expect(host.ask({ op: 'getAllTasksStatuses', pool: 'pool9' }).code).toBe(309);
    expect(host.replyTo(host.send({ op: 'commandStatus', commandId: 'c1' }))?.code).toBe(1000);
  });

  it.each<[verb: string, args: Args]>([
    ['createVolume', { domain: 'far', disk: 'd', volume: 'v', parent: null, format: 'raw', sizeBytes: 1 }],
    ['deleteVolume', { domain: 'far', disk: 'd', volume: 'v' }],
    ['deleteImage', { domain: 'far', disk: 'd' }],
    ['cloneImageStructure', { disk: 'd', source: 'far', target: 'domain1' }],
    ['syncImageData', { disk: 'disk1', source: 'domain1', target: 'far' }],
    ['copyImage', { disk: 'disk1', source: 'domain1', copy: 'd', target: 'far' }],
    ['mergeSnapshots', { domain: 'far', disk: 'd', ancestor: 'a', successor: 'b' }],
    ['downloadImage', { repository: 'r', image: 'i', domain: 'nowhere', disk: 'd', volume: 'v' }],
  ])('is refused with 358, and leaves no task: %s on a storage domain of another pool, or of none', (verb, args) => {
    const host = nearAndFar();
    expect([host.submit('t', verb, args).code, host.storage.tasks('pool1'), host.storage.ledger.entries]).toEqual([358, [], []]);
  });

  it.each<[verb: string, args: Args]>([
    ['getVolumesList', { domain: 'far', disk: 'd' }],
    ['hibernate', { vm: 'vm1', memory: { domain: 'domain1', disk: 'm', volume: 'v' }, metadata: { domain: 'far', disk: 'd', volume: 'base' } }],
    ['createVm', { vm: 'vm2', disks: [{ domain: 'far', disk: 'd', volume: 'base' }], memory: [] }],
  ])('is answered with 358 after its time: %s of a storage domain of another pool', (verb, args) => {
    const host = nearAndFar();
    const before = host.storage.content.vmDisks.toData();
    const asked = host.send(verb === 'getVolumesList' ? { op: 'read', verb, args } : { op: 'call', key: 'k', verb, args, step: STEP, hostIncarnation: null });
    expect(host.replyTo(asked)).toBeUndefined();
    host.advance(SECOND);
    expect([host.replyTo(asked)?.code, host.storage.content.vmDisks.toData()]).toEqual([358, before]);
  });

  it('is not so of what is its own pool\'s: an absent image there is told from an absent domain', () => {
    const host = nearAndFar();
    expect(host.submit('t', 'deleteImage', { domain: 'domain1', disk: 'd' }).code).toBe(0);
    host.advance(SECOND);
    expect(host.status('t')).toMatchObject({ taskResult: 'cleanSuccess', code: 268 });
  });

  it('is passed over: a reply', () => {
    const host = new LoneHost();
    host.deliver({ kind: 'reply', correlation: 'x', from: 'engine', incarnation: 1, code: 0, message: '', result: null });
    expect(host.replies).toEqual([]);
  });
});

describe('reading', () => {
  it('is answered after its time, with what is so then', () => {
    const host = new LoneHost();
    const reading = host.send({ op: 'read', verb: 'getVmDisk', args: { vm: 'vm1', disk: 'disk1' } });
    expect(host.replyTo(reading)).toBeUndefined();
    host.advance(SECOND);
    expect(host.replyTo(reading)?.result).toEqual({ domain: 'domain1', volume: 'base', replication: null });
    expect(host.storage.ledger.entries).toEqual([]);
  });

  it.each([
    ['a verb that does more', { verb: 'snapshot', args: {} }],
    ['bad arguments', { verb: 'getVmDisk', args: { vm: 'vm1' } }],
  ])('refuses %s with 1000', (_what, request) => {
    expect(new LoneHost().ask({ op: 'read', ...request }).code).toBe(1000);
  });

  it('fails by injection', () => {
    const host = new LoneHost({ rules: [{ verb: 'getVmDisk', nth: 1, code: 16 }, { verb: 'getVmDisk', nth: 2, code: 17, when: 'refuse' }] });
    const read: HostRequest = { op: 'read', verb: 'getVmDisk', args: { vm: 'vm1', disk: 'disk1' } };
    const first = host.send(read);
    const second = host.send(read);
    host.advance(SECOND);
    expect(host.replyTo(second)?.code).toBe(17);
    expect(host.replyTo(first)?.code).toBe(16);
  });

  it('waits for the calls of the command that asks, so that it does not tell of a state that one of them is about to change', () => {
    const host = new LoneHost();
    const fence = { commandId: 'c1', number: 1 };
    host.send({ op: 'submitTask', pool: 'pool1', taskId: 't', verb: 'cloneImageStructure', args: { disk: 'disk1', source: 'domain1', target: 'domain2' }, step: { commandId: 'c1', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 } });
    host.advance(600 * SECOND);
    const step = { commandId: 'c1', executionIndex: 1, reason: 'REGULAR_FLOW', attempt: 1 } as const;
    const call = host.send({ op: 'call', key: 'k', verb: 'diskReplicateStart', args: { vm: 'vm1', disk: 'disk1', target: 'domain2' }, step, hostIncarnation: null }, { fence });
    const reading = host.send({ op: 'read', verb: 'getVmDisk', args: { vm: 'vm1', disk: 'disk1' } }, { fence });
    host.advance(600 * SECOND);
    expect(host.replyTo(call)?.code).toBe(0);
    expect(host.replyTo(reading)?.result).toMatchObject({ replication: 'domain2' });
  });
});

import { describe, expect, it } from 'vitest';
import type { HostRequest } from '../../actors/wire.js';
import { LoneHost, SECOND, smallWorld } from './lone-host.js';
import { performWhole } from '../sim/world/whole-verb.js';

function replicate(
  key: string,
  verb: 'diskReplicateStart' | 'diskReplicateFinish',
  target: string,
  commandId = 'c1',
  hostIncarnation: number | null = 1,
): HostRequest {
  return { op: 'call', key, verb, args: { vm: 'vm1', disk: 'disk1', target }, step: { commandId, executionIndex: 1, reason: 'REGULAR_FLOW', attempt: 1 }, hostIncarnation };
}

/** A host where disk1 has an empty image on domain2 to replicate to. */
function readyHost(options: ConstructorParameters<typeof LoneHost>[0] = {}): LoneHost {
  const storage = smallWorld();
  const args = { disk: 'disk1', source: 'domain1', target: 'domain2' };
  performWhole(storage, { key: 'clone', verb: 'cloneImageStructure', args, step: { commandId: 'c0', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 }, host: 'host1', hold: null });
  return new LoneHost({ storage, ...options });
}

const replication = (host: LoneHost) => host.storage.content.vmDisks.findDisk('vm1', 'disk1')?.replication;
const executions = (host: LoneHost) => host.storage.ledger.entries.flatMap(({ key }) => (key === 'clone' ? [] : [key]));

describe('an HSM call', () => {
  it('is answered after its time, with its effect', () => {
    const host = readyHost();
    const call = host.send(replicate('k1', 'diskReplicateStart', 'domain2'));
    host.advance(SECOND - 1);
    expect([host.replyTo(call), replication(host)]).toEqual([undefined, null]);
    host.advance(1);
    expect(host.replyTo(call)).toMatchObject({ code: 0, incarnation: 1 });
    expect(replication(host)).toBe('domain2');
  });

  it('that pivots leaves what it has changed on shared storage, where the host finds it when it has crashed', () => {
    const host = readyHost();
    host.send(replicate('k1', 'diskReplicateStart', 'domain2'));
    host.advance(SECOND);
    performWhole(host.storage, {
      key: 'sync', verb: 'syncImageData', args: { disk: 'disk1', source: 'domain1', target: 'domain2' },
      step: { commandId: 'c0', executionIndex: 1, reason: 'REGULAR_FLOW', attempt: 1 }, host: 'host1', hold: null,
    });
    const pivot = host.send(replicate('k2', 'diskReplicateFinish', 'domain2'));
    host.advance(SECOND);
    expect(host.replyTo(pivot)?.code).toBe(0);
    const next = new LoneHost({ storage: host.storage, config: { incarnation: 2 } });
    const read = next.send({ op: 'read', verb: 'getVmDisk', args: { vm: 'vm1', disk: 'disk1' } });
    next.advance(SECOND);
    expect(next.replyTo(read)).toMatchObject({ code: 0, incarnation: 2, result: { domain: 'domain2' } });
  });

  it('with the same key is done once and answered alike, while it runs and afterwards', () => {
    const host = readyHost();
    const calls = [host.send(replicate('k1', 'diskReplicateStart', 'domain2'))];
    host.advance(SECOND / 2);
    calls.push(host.send(replicate('k1', 'diskReplicateStart', 'domain2')));
    host.advance(SECOND / 2);
    calls.push(host.send(replicate('k1', 'diskReplicateStart', 'domain2')));
    host.advance(5 * SECOND);
    expect(calls.map((call) => host.replyTo(call)?.code)).toEqual([0, 0, 0]);
    expect(executions(host)).toEqual(['k1']);
    expect(host.probes.flatMap((probe) => (probe.type === 'hostCall' ? [probe.repeated] : []))).toEqual([false, true, true]);
  });

  it('that failed keeps its answer under its key; a new key is a new execution', () => {
    const host = readyHost({ rules: [{ verb: 'diskReplicateStart', nth: 1, code: 55 }] });
    const calls = [host.send(replicate('k1', 'diskReplicateStart', 'domain2'))];
    host.advance(SECOND);
    calls.push(host.send(replicate('k1', 'diskReplicateStart', 'domain2')));
    calls.push(host.send(replicate('k2', 'diskReplicateStart', 'domain2')));
    host.advance(SECOND);
    expect(calls.map((call) => host.replyTo(call)?.code)).toEqual([55, 55, 0]);
    expect(executions(host)).toEqual(['k2']);
  });

  it('that is refused by injection is answered without delay', () => {
    const host = readyHost({ rules: [{ verb: 'diskReplicateStart', code: 16, when: 'refuse' }] });
    const call = host.send(replicate('k1', 'diskReplicateStart', 'domain2'));
    host.advance(0);
    expect(host.replyTo(call)?.code).toBe(16);
  });

  it('waits for the earlier ones of its command, not for those of others', () => {
    const host = readyHost();
    const start = host.send(replicate('k1', 'diskReplicateStart', 'domain2'));
    const cancel = host.send(replicate('k2', 'diskReplicateFinish', 'domain1'));
    const other = host.send(replicate('k3', 'diskReplicateFinish', 'domain1', 'c2'));
    host.advance(SECOND);
    expect([start, cancel, other].map((call) => host.replyTo(call)?.code)).toEqual([0, undefined, 0]);
    host.advance(SECOND);
    expect(host.replyTo(cancel)?.code).toBe(55);
    const last = host.send(replicate('k4', 'diskReplicateStart', 'domain2'));
    host.advance(SECOND);
    expect(host.replyTo(last)?.code).toBe(0);
    expect(executions(host)).toEqual(['k1', 'k3', 'k4']);
  });

  it('needs no SPM role, but the host on which the VM runs', () => {
    const storage = smallWorld();
    storage.addVm('vm2', 'host2');
    const host = new LoneHost({ node: 'host2', storage });
    const call = host.send(replicate('k1', 'diskReplicateStart', 'domain2'));
    host.advance(SECOND);
    expect(host.replyTo(call)?.code).toBe(1);
  });

  it('meant for another incarnation of the host is refused with 9004; for any, it is taken', () => {
    const host = readyHost({ config: { incarnation: 2 } });
    expect(host.ask(replicate('k1', 'diskReplicateStart', 'domain2', 'c1', 1)).code).toBe(9004);
    const call = host.send(replicate('k1', 'diskReplicateStart', 'domain2', 'c1', null));
    host.advance(SECOND);
    expect(host.replyTo(call)).toMatchObject({ code: 0, incarnation: 2 });
  });

  it.each([
    ['a task verb', { verb: 'createVolume', args: {} }],
    ['bad arguments', { verb: 'snapshot', args: { vm: 'vm1', snapshot: 's1', disks: [] } }],
  ])('refuses %s with 1000', (_what, request) => {
    const step = { commandId: 'c1', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 } as const;
    expect(new LoneHost().ask({ op: 'call', key: 'k1', step, hostIncarnation: null, ...request }).code).toBe(1000);
  });
});

describe('a request to drain the calls of a command', () => {
  const of = (commandId: string, number = 1) => ({ fence: { commandId, number } });
  const drain = (hostIncarnation = 1): HostRequest => ({ op: 'drainCalls', hostIncarnation });

  it('is answered when those that came before it are over, and has nothing to do with those of others', () => {
    const host = readyHost();
    host.send(replicate('k1', 'diskReplicateStart', 'domain2'), of('c1'));
    host.send(replicate('k2', 'diskReplicateFinish', 'domain2'), of('c1'));
    const drained = host.send(drain(), of('c1'));
    const later = host.send(replicate('k3', 'diskReplicateStart', 'domain2'), of('c1'));
    expect(host.ask(drain(), of('c2')).code).toBe(0);
    host.advance(2 * SECOND - 1);
    expect(host.replyTo(drained)).toBeUndefined();
    host.advance(1);
    expect([host.replyTo(drained), host.replyTo(later)]).toMatchObject([{ code: 0, incarnation: 1 }, undefined]);
    host.advance(SECOND);
    expect(host.replyTo(later)).toBeDefined();
    expect(host.ask(drain(), of('c1')).code).toBe(0);
  });

  it('with a new fence number leaves nothing that could come later', () => {
    const host = readyHost();
    expect(host.ask(drain(), of('c1', 2)).code).toBe(0);
    expect(host.ask(replicate('k1', 'diskReplicateStart', 'domain2'), of('c1', 1)).code).toBe(9001);
    expect(host.ask(drain(), of('c1', 1)).code).toBe(9001);
    host.advance(5 * SECOND);
    expect([executions(host), replication(host)]).toEqual([[], null]);
  });

  it('meant for another incarnation of the host is refused with 9004, and without a command with 1000', () => {
    const host = readyHost({ config: { incarnation: 2 } });
    expect([host.ask(drain(1), of('c1')).code, host.ask(drain(2), of('c1')).code, host.ask(drain(2)).code]).toEqual([9004, 0, 1000]);
  });
});

import { describe, expect, it } from 'vitest';
import { LoneHost, SECOND, smallWorld, submitVolume } from './lone-host.js';

/** What is left of a host that died, as its next incarnation finds it. */
function afterPowerCut(live: (host: LoneHost) => void, workers = 10): LoneHost {
  const storage = smallWorld();
  live(new LoneHost({ storage, config: { workers } }));
  storage.grantSpm('pool1', 'host1', 2);
  return new LoneHost({ storage, config: { incarnation: 2 } });
}

const ROLLED_BACK = { taskState: 'finished', taskResult: 'cleanSuccess', code: 0 };

describe('an SPM that takes over', () => {
  it('rolls back what was running or queued, and none of it has an effect', () => {
    const host = afterPowerCut((before) => {
      before.submitVolume('v1');
      before.submitVolume('v2');
    }, 1);
    expect(host.status('v1')).toMatchObject(ROLLED_BACK);
    expect(host.status('v2')).toMatchObject(ROLLED_BACK);
    host.advance(10 * SECOND);
    expect(host.storage.ledger.entries).toEqual([]);
    expect(host.probes.filter(({ type }) => type === 'hostTaskEnded')).toMatchObject([
      { taskId: 'v1', result: 'cleanSuccess', code: 0 },
      { taskId: 'v2', result: 'cleanSuccess', code: 0 },
    ]);
  });

  it('keeps the result of what was over', () => {
    const host = afterPowerCut((before) => {
      before.submitVolume('v1');
      before.ask({ ...submitVolume('v1', 'again') });
      before.advance(SECOND);
    });
    expect(host.status('v1')).toMatchObject({ taskState: 'finished', taskResult: 'success', code: 0 });
    expect(host.status('again')).toMatchObject({ taskState: 'finished', taskResult: 'cleanSuccess', code: 212 });
    expect(host.storage.ledger.entries).toHaveLength(1);
  });

  it('answers a repeated submission with the task that it rolled back, and refuses what was cleared', () => {
    const host = afterPowerCut((before) => {
      before.submitVolume('v1');
      before.submitVolume('v2');
      before.advance(SECOND);
      before.clear('v2');
      before.submitVolume('v3');
    });
    expect(host.submitVolume('v3')).toMatchObject({ code: 0 });
    host.advance(10 * SECOND);
    expect(host.status('v3')).toMatchObject(ROLLED_BACK);
    expect(host.submitVolume('v2').code).toBe(9002);
    expect(host.storage.ledger.entries.map(({ key }) => key)).toEqual(['v1', 'v2']);
  });

  it('takes back the effect of one whose end never became durable', () => {
    const storage = smallWorld();
    const before = new LoneHost({ storage });
    before.submitVolume('v1');
    const running = storage.tasks('pool1')[0];
    before.advance(SECOND);
    if (running === undefined) throw new Error('the task is not on storage');
    storage.saveTask({ pool: 'pool1', generation: storage.lease('pool1').generation }, { ...running, state: 'running' });
    storage.grantSpm('pool1', 'host1', 2);
    const host = new LoneHost({ storage, config: { incarnation: 2 } });
    expect(host.status('v1')).toMatchObject(ROLLED_BACK);
    expect(storage.content.images.find('domain1', 'disk-of-v1')).toBeUndefined();
  });

  it('refuses what its predecessor would have refused', () => {
    const host = afterPowerCut((before) => before.submitVolume('v1', 'v1', { incarnation: 3, fence: { commandId: 'c1', number: 7 } }));
    expect(host.submitVolume('v2', 'v2', { incarnation: 2 }).code).toBe(9001);
    expect(host.submitVolume('v2', 'v2', { incarnation: 3, fence: { commandId: 'c1', number: 6 } }).code).toBe(9001);
  });
});

import { describe, expect, it } from 'vitest';
import { DEFAULT_ENGINE_SETTINGS } from '../../../actors/settings.js';
import type { StepRef } from '../../../actors/wire.js';
import { truth } from '../../../sim/invariants/truth.js';
import type { Data } from '../../../src/model/data.js';
import { ThreeSteps } from './definitions.js';
import { ERROR, LEAF, Life, removed } from './life.js';
import { HOST, POOL, Watched } from './watched.js';

const TASK = 'c1$0.w1.1.0';
const STEP: StepRef = { commandId: 'c1', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 };
const VOLUME = { domain: 'hdd', disk: 'd1', volume: 'leaf' };
const MAKE = { ...VOLUME, parent: 'd1-base', format: 'cow', sizeBytes: 1 };
const FAILED = { kind: 'failed', code: 261, message: 'no', takeOver: false } as const;

class Deeds extends Life {
  constructor() {
    super(new Watched([ThreeSteps], [truth]), ThreeSteps);
    this.admitted();
  }

  does(key: string, verb: string, args: { readonly [key: string]: Data }, step = STEP): this {
    this.run.perform(key, verb, args, step);
    return this;
  }

  undoes(key: string, verb: string, args: { readonly [key: string]: Data }): this {
    this.run.storage.recover({ key, verb, args, step: STEP, host: HOST, hold: null }, ['create volume: remove the volume'], false);
    this.run.probe({ type: 'hostCall', host: HOST, key, verb, code: 0, repeated: false });
    return this;
  }

  makes(): this {
    return this.returns({ work: [LEAF] }).does(TASK, 'createVolume', MAKE);
  }

  calls(key: string, verb: string, args: { readonly [key: string]: Data }, reply: { code: number; message: string; result: Data } | null = null): this {
    const call = { host: HOST, verb, args, key, hostIncarnation: 1, reply, reads: 0 };
    this.run.commit({ type: 'call', commandId: 'c1', slot: 'callback', record: { commandId: 'c1', index: 0, callback: 'start', attempt: 1, reads: [], calls: [call] } });
    return this;
  }

  told(status: string): this {
    this.run.probe({ type: 'clientTold', commandId: 'c1', status, refusal: null });
    return this;
  }

  succeeds(): this {
    return this.returns().returns().returns().returns().returns();
  }
}

describe('truth: what is lawful', () => {
  const lawful: Record<string, (life: Deeds) => unknown> = {
    'a success whose work was done': (life) => life.told('SUBMITTED').makes().ends().succeeds().told('RUNNING').told('SUCCEEDED'),
    'a client that hears late of what was removed': (life) => removed(life.makes().ends().succeeds().cleared()).told('SUCCEEDED'),
    'a client that hears of it when nobody knows any more how it was': (life) => {
      removed(life.makes().ends().succeeds().cleared()).run.advance(DEFAULT_ENGINE_SETTINGS.maxMessageAgeMs * 1000);
      life.run.commit();
      life.told('SUCCEEDED');
    },
    'the death of a host that takes with it what a removed command has left': (life) => {
      const { effects, ...made } = { effects: [{ sign: '-', verb: 'createVolume', object: 'volume:hdd/d1/leaf' }] as const, verb: 'createVolume', key: TASK, host: HOST, ...STEP };
      removed(life.makes().ends().succeeds().cleared()).run.storage.ledger.append({ ...made, part: 'undone', cause: 'hostDeath', effects });
      life.run.rest();
    },
    'a call whose answer was committed': (life) =>
      life.calls('c1/0/start/1/0', 'createVolume', MAKE).does('c1/0/start/1/0', 'createVolume', MAKE).calls('c1/0/start/1/0', 'createVolume', MAKE, { code: 0, message: '', result: null }),
    'a call that took effect before its host restarted': (life) =>
      life.calls('k', 'createVolume', MAKE).does('k', 'createVolume', MAKE).calls('k', 'createVolume', MAKE, { code: 9004, message: '', result: null }),
    'a rollback that undid all': (life) => life.makes().undoes(TASK, 'createVolume', MAKE).ends(FAILED).returns(),
    'a rollback by a task of its own': (life) =>
      life.makes().ends().throws().returns({ work: [UNMAKE] }).does('c1$0.c1.1.0', 'deleteVolume', VOLUME).ends(),
    'a rollback that declares what it leaves': (life) =>
      life.makes().ends(FAILED).forge({ status: 'ROLLED_BACK', residue: [{ verb: 'createVolume', object: 'volume:hdd/d1/leaf' }] }),
    'an end that a code declares to be well': (life) => life.returns({ work: [UNMAKE] }).ends({ kind: 'failed', code: 201, message: '', takeOver: false }).succeeds(),
    'a refusal': (life) => new Life(life.run, ThreeSteps, 'c2').happens({ type: 'locksRefused', error: ERROR }),
  };
  const UNMAKE = { kind: 'task', request: { verb: 'deleteVolume', args: VOLUME, pool: POOL, doneCodes: [201] } } as const;

  it.each(Object.entries(lawful))('%s', (_, happen) => {
    const life = new Deeds();
    happen(life);
    expect(life.run.broken).toEqual([]);
  });
});

describe('truth: what is caught', () => {
  const unlawful: readonly [string, (life: Deeds) => unknown, RegExp][] = [
    ['a client that hears late, of what was removed, what never was', (life) => removed(life.makes().ends().succeeds().cleared()).told('ROLLED_BACK'), /a client was told that it is ROLLED_BACK, and it never was on disk/],
    [
      'what is done for a command that was removed',
      (life) => removed(life.makes().ends().succeeds().cleared()).does('k', 'deleteVolume', VOLUME),
      /k: deleteVolume took effect on host1 when nothing was kept of c1 any more/,
    ],
    ['a task that was never done', (life) => life.returns({ work: [LEAF] }).ends(), /truth c1: it counts task c1\$0\.w1\.1\.0 \(createVolume\) as succeeded, and it had no effect/],
    [
      'a task that the host rolled back',
      (life) => life.makes().undoes(TASK, 'createVolume', MAKE).ends(),
      /it counts task c1\$0\.w1\.1\.0 \(createVolume\) as succeeded, and its effect was rolled back/,
    ],
    [
      'an effect that comes a second time',
      (life) => life.makes().does('other', 'deleteVolume', VOLUME).does(TASK, 'createVolume', MAKE),
      /truth c1\$0\.w1\.1\.0: createVolume took effect on host1 a second time/,
    ],
    ['an effect that nobody asked for', (life) => life.does('c1$0.w9.1.0', 'createVolume', MAKE), /c1\$0\.w9\.1\.0: createVolume took effect on host1, and the engine has committed no such task or call/],
    ['an effect of a task before it is committed', (life) => life.does(TASK, 'createVolume', MAKE), /the engine has committed no such task or call/],
    [
      'an effect for another step',
      (life) => life.returns({ work: [LEAF] }).does(TASK, 'createVolume', MAKE, { ...STEP, executionIndex: 1 }),
      /createVolume for step 1 of c1 took effect on host1, and what the engine has committed is createVolume for step 0 of c1/,
    ],
    ['an effect after the end', (life) => life.returns().succeeds().calls('k', 'createVolume', MAKE).does('k', 'createVolume', MAKE), /k: createVolume took effect on host1 after c1 was SUCCEEDED/],
    [
      'a success that leaves what a failed attempt did',
      (life) => life.makes().ends(FAILED).forge({ status: 'SUCCEEDED', steps: [], phase: { at: 'ended' } }),
      /c1: it is SUCCEEDED, and there remains: \+createVolume volume:hdd\/d1\/leaf/,
    ],
    ['a success with a failed task', (life) => life.returns({ work: [LEAF] }).ends(FAILED).forge({ status: 'SUCCEEDED' }), /it is SUCCEEDED, and task c1\$0\.w1\.1\.0 \(createVolume\) ended as failed/],
    ['a success with a step that is not completed', (life) => life.forge({ status: 'SUCCEEDED' }), /it is SUCCEEDED, and step 0 is not completed/],
    ['a rollback that has left something', (life) => life.makes().ends(FAILED).returns(), /c1: it is ROLLED_BACK, and there remains: createVolume volume:hdd\/d1\/leaf/],
    [
      'residue that is not there',
      (life) => life.forge({ status: 'ROLLED_BACK', residue: [{ verb: 'snapshot', object: 'snapshot:vm1/s1' }] }),
      /it is ROLLED_BACK, and there should remain, but does not: snapshot snapshot:vm1\/s1/,
    ],
    ['a rollback that removed what was there before', (life) => life.calls('k', 'deleteImage', {}).does('k', 'deleteImage', { domain: 'hdd', disk: 'd1' }).throws().returns(), /there remains: deleteImage image:hdd\/d1/],
    ['a rejection after an effect', (life) => life.calls('k', 'createVolume', MAKE).does('k', 'createVolume', MAKE).forge({ status: 'REJECTED' }), /it is REJECTED, and createVolume took effect for it on host1/],
    [
      'a good answer to a call that had no effect',
      (life) => life.calls('k', 'createVolume', MAKE, { code: 0, message: '', result: null }),
      /k: createVolume was answered with 0, and had no effect/,
    ],
    [
      'an error in answer to a call that took effect',
      (life) => life.calls('k', 'createVolume', MAKE).does('k', 'createVolume', MAKE).calls('k', 'createVolume', MAKE, { code: 48, message: '', result: null }),
      /k: createVolume was answered with 48, and took effect/,
    ],
    ['a held command that does not say why', (life) => life.forge({ status: 'STUCK' }), /it is STUCK, and does not say why/],
    ['a status that is told to a client and never was', (life) => life.told('SUCCEEDED'), /a client was told that it is SUCCEEDED, and it never was on disk/],
    [
      'a status that is told and not on disk',
      (life) => life.run.probe({ type: 'statusChanged', commandId: 'c1', status: 'ROLLED_BACK', error: null }),
      /it is told to be ROLLED_BACK, and is RUNNING on disk/,
    ],
  ];

  it.each(unlawful)('%s', (_, happen, message) => {
    const life = new Deeds();
    happen(life);
    expect(life.run.broken).toContainEqual(expect.stringMatching(message));
  });
});

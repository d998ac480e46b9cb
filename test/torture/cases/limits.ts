import { failCall, failTask, type FailureCase } from '../failure-case.js';

const BUSY = 40;
const FOR_GOOD = 41;

const dig = (seconds: number): readonly string[] => [`verbs.dig.latency=${seconds}s`];
const run = (type: string): readonly string[] => [`commands.0.type=${type}`];

const cases: readonly Omit<FailureCase, 'scenario'>[] = [
  { name: 'a step is over before its time is', faults: [], ends: 'SUCCEEDED' },
  { name: "a step's time is over before it is", faults: [], settings: dig(90), ends: 'ROLLED_BACK' },
  { name: "a step's time is over, and what it runs is so just then", faults: [], settings: ['verbs.dig.latency=59900ms'], ends: ['SUCCEEDED', 'ROLLED_BACK'] },
  { name: "a step's time is over while its task waits for its next attempt", faults: [failTask('make', { thing: 'x.map' }, 'every')], settings: run('Book'), ends: 'ROLLED_BACK' },
  { name: "a step's time is over while its callback waits for its next attempt", faults: [failCall('book', {}, 'every', BUSY)], settings: run('Book'), ends: 'ROLLED_BACK' },
  { name: "a step's time is over while one of its children is under way", faults: [], settings: [...run('DigBoth'), ...dig(90)], ends: 'ROLLED_BACK, ROLLED_BACK, ROLLED_BACK' },
  { name: "a step's time is over, and what undoes it fails once", faults: [failTask('unmake', { thing: 'x.rope' })], settings: dig(90), ends: 'ROLLED_BACK' },
  { name: 'a call is tried again for the one error that the policy names', faults: [failCall('book', {}, 1, BUSY)], settings: run('Book'), ends: 'SUCCEEDED' },
  { name: 'a call is not tried again for another error', faults: [failCall('book', {}, 1, FOR_GOOD)], settings: run('Book'), ends: 'ROLLED_BACK' },
  { name: 'a task is tried again for an error that the policy does not except', faults: [failTask('make', { thing: 'x.bag' }, 1, BUSY)], settings: run('Book'), ends: 'SUCCEEDED' },
  { name: 'a task is not tried again for an error that the policy excepts', faults: [failTask('make', { thing: 'x.bag' }, 1, FOR_GOOD)], settings: run('Book'), ends: 'ROLLED_BACK' },
];

export const LIMITS: readonly FailureCase[] = cases.map((one) => ({ ...one, scenario: 'test/torture/flows/limits.yaml' }));

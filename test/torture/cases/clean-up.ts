import { failCall, failTask, type FailureCase } from '../failure-case.js';

const copyFails = (nth: number | 'every' = 1, code = 100) => failTask('copy', { thing: 'x.two' }, nth, code);
const checkFails = failTask('check', {});
const ship = ['commands.0.type=Ship'];

const cases: readonly Omit<FailureCase, 'scenario'>[] = [
  { name: 'nothing is to be cleaned up', faults: [], ends: 'SUCCEEDED' },
  { name: 'a failed attempt is cleaned up before the next', faults: [copyFails()], ends: 'SUCCEEDED' },
  { name: 'two tasks are cleaned up beside each other', faults: [copyFails(), failTask('copy', { thing: 'x.one' })], ends: 'SUCCEEDED' },
  { name: 'the clean-up calls in vain, once', faults: [copyFails(), failCall('open', {})], ends: 'SUCCEEDED' },
  { name: 'the task of a clean-up fails once', faults: [copyFails(), failTask('sweep', {})], ends: 'SUCCEEDED' },
  { name: 'the task of a clean-up fails for good', faults: [copyFails(), failTask('sweep', {}, 1, 41)], ends: 'ROLLED_BACK' },
  { name: 'an attempt fails in a way that is not tried again, while another is cleaned up', faults: [copyFails(1, 41), failTask('copy', { thing: 'x.one' })], ends: 'ROLLED_BACK' },
  { name: 'there is no time left for the clean-up', faults: [copyFails('every')], ends: 'ROLLED_BACK' },
  { name: 'a step is undone that was cleaned up, and its handler is told', faults: [copyFails(), checkFails], ends: 'ROLLED_BACK' },
  { name: 'a handler is told of its undo in vain, once', faults: [checkFails, failCall('report', {})], ends: 'ROLLED_BACK' },
  {
    name: 'an undo fails for good, its handler is told, and an operator lets it be tried again',
    faults: [checkFails, ...[1, 2, 3].map((nth) => failTask('unmake', { thing: 'x.one' }, nth))],
    settings: ['commands.0.operator=[{at: 10min, action: retry}]'],
    ends: 'ROLLED_BACK',
  },
  { name: 'it is cancelled while it is cleaned up', faults: [copyFails()], settings: ['commands.0.cancelAt=24s'], ends: null },
  { name: 'nothing fails behind a task without return', faults: [], settings: ship, ends: 'SUCCEEDED' },
  { name: 'a task fails beside the one without return', faults: [failTask('make', { thing: 'x.bill' })], settings: ship, ends: 'SUCCEEDED' },
  { name: 'the task without return fails once', faults: [failTask('send', {})], settings: ship, ends: 'SUCCEEDED' },
  { name: 'the task without return fails for good', faults: [failTask('send', {}, 'every')], settings: ship, ends: 'ROLLED_BACK' },
  { name: 'a step behind the task without return fails twice', faults: [1, 2].map((nth) => failTask('make', { thing: 'x.file' }, nth)), settings: ship, ends: 'SUCCEEDED' },
];

export const CLEAN_UPS: readonly FailureCase[] = cases.map((one) => ({ ...one, scenario: 'test/torture/flows/clean-up.scenario.ts' }));

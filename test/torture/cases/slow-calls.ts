import { failTask, type FailureCase } from '../failure-case.js';

const run = (type: string): readonly string[] => [`commands.0.type=${type}`];
const abandon = ['30s', '5min'].map((at) => ({ at, action: 'abandon', reason: 'by hand' }));
const checkFails = failTask('check', {});

const cases: readonly Omit<FailureCase, 'scenario'>[] = [
  { name: 'a step fails while its call is under way', faults: [], ends: 'ROLLED_BACK' },
  { name: 'all ends well while a call is under way', faults: [], settings: run('Ignore'), ends: 'SUCCEEDED' },
  { name: 'a later step fails while a call is under way', faults: [checkFails], settings: run('Ignore'), ends: 'ROLLED_BACK' },
  { name: 'it is asked whether the point of no return is behind while the call that crosses it is under way', faults: [], settings: run('Cross'), ends: 'SUCCEEDED' },
  {
    name: "an operator's abandon, twice: a call of the undo is under way",
    faults: [],
    settings: [...run('Hold'), `commands.0.operator=${JSON.stringify(abandon)}`],
    ends: 'CLOSED_BY_OPERATOR (hold failed)',
  },
  { name: 'all ends well with a child while a call is under way', faults: [], settings: run('Build'), ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'a child is rolled back after a call that was under way', faults: [checkFails], settings: run('Build'), ends: 'ROLLED_BACK, ROLLED_BACK' },
];

/** A host takes a minute for a call that its engine waits ten seconds for. */
export const SLOW_CALLS: readonly FailureCase[] = cases.map((one) => ({ ...one, scenario: 'test/torture/flows/slow-calls.scenario.ts' }));

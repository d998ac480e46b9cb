import { failTask, type FailureCase } from '../failure-case.js';

/** The machine, its left part, that part's screws, its right part: a family of dependent children. */
const all = (status: string): string => Array(5).fill(status).join(', ');

const cases: readonly Omit<FailureCase, 'scenario'>[] = [
  { name: 'a family succeeds', faults: [], ends: all('SUCCEEDED') },
  { name: 'one of two children fails, while the other is under way', faults: [failTask('make', { thing: 'right' })], ends: all('ROLLED_BACK') },
  { name: 'one of two children fails, when the other is completed', faults: [failTask('check', { thing: 'left' })], ends: all('ROLLED_BACK') },
  { name: 'a grandchild fails', faults: [failTask('make', { thing: 'left.2' })], ends: all('ROLLED_BACK') },
  { name: 'the parent’s own task fails beside its children', faults: [failTask('make', { thing: 'mill.cable' })], ends: null },
  { name: 'the parent fails after its children', faults: [failTask('check', { thing: 'mill' })], ends: all('ROLLED_BACK') },
  {
    name: 'the parent fails after its children, and so does an undo of each generation, once',
    faults: [failTask('check', { thing: 'mill' }), ...['mill.cable', 'left.1', 'mill'].map((thing) => failTask('unmake', { thing }))],
    ends: all('ROLLED_BACK'),
  },
  {
    name: 'a completed child cannot be undone, until an operator lets it be tried again',
    faults: [failTask('check', { thing: 'mill' }), failTask('unmake', { thing: 'right' })],
    settings: ['commands.0.operator=[{at: 10min, action: retry, child: m!1.1.1}]'],
    ends: all('ROLLED_BACK'),
  },
  {
    name: 'a completed child cannot be undone, until an operator gives that up',
    faults: [failTask('check', { thing: 'mill' }), failTask('unmake', { thing: 'left' })],
    settings: ['commands.0.operator=[{at: 10min, action: skip, child: m!1.1.0}]'],
    ends: null,
  },
  ...[
    ['while its children are begun', '13s'],
    ['while its children are under way', '33s'],
    ['when its children are completed', '90s'],
  ].map(([moment = '', at = '']) => ({ name: `a family is cancelled ${moment}`, faults: [], settings: [`commands.0.cancelAt=${at}`], ends: null })),
];

export const FAMILIES: readonly FailureCase[] = cases.map((one) => ({ ...one, scenario: 'test/torture/flows/families.yaml' }));

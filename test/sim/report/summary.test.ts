import { describe, expect, it } from 'vitest';
import { PLAIN } from '../../../sim/report/style.js';
import { summary } from '../../../sim/report/summary.js';
import { report } from './reports.js';

describe('the summary', () => {
  it('says how each command ended, what is left of it, and how to run it again', () => {
    expect(summary(report(), 'npm run -s seatbelt -- run demo --seed 7', PLAIN)).toEqual([
      'good    MoveDisk  SUCCEEDED',
      'undone  MoveDisk  ROLLED_BACK  TASK_FAILED: copy failed',
      '        left on purpose: snapshot snapshot:vm1/s1',
      '',
      'virtual time 1:01.500 in 12 ms, 345 events, 1 recovery',
      'invariants: all 2 held',
      'seed 7, trace 0123456789abcdef',
      'again: npm run -s seatbelt -- run demo --seed 7',
    ]);
  });

  it('names what broke, and what is still locked', () => {
    const [first] = report().commands;
    if (first === undefined) throw new Error('no command');
    const lines = summary(
      report({
        commands: [{ ...first, status: 'ROLLBACK_INCOMPLETE', locks: ['disk/disk1'] }],
        recoveries: 2,
        invariants: [
          { name: 'locks', held: true },
          { name: 'honest status', held: false, detail: 'good: SUCCEEDED\nbut nothing is there' },
        ],
      }),
      'again',
      PLAIN,
    );
    expect(lines).toContain('good  MoveDisk  ROLLBACK_INCOMPLETE');
    expect(lines).toContain('      still locked: disk/disk1');
    expect(lines).toContain('invariants: 1 of 2 BROKEN');
    expect(lines).toContain('  honest status: good: SUCCEEDED\\u000abut nothing is there');
    expect(lines.join('\n')).toContain('2 recoveries');
  });
});

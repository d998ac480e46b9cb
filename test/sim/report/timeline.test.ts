import { describe, expect, it } from 'vitest';
import type { Probe } from '../../../actors/probe.js';
import { COLOURED, PLAIN } from '../../../sim/report/style.js';
import { Timeline } from '../../../sim/report/timeline.js';
import { CRASHED_RUN } from './chronicle-of-a-run.js';
import { report } from './reports.js';

function lines(timeline: Timeline): readonly string[] {
  return [timeline.heading(), ...CRASHED_RUN.flatMap((event) => timeline.line(event) ?? [])];
}

describe('the timeline', () => {
  it('tells a run in aligned lines, with its crashes, recoveries and what was done again', () => {
    expect(lines(new Timeline(PLAIN))).toEqual([
      '     TIME  COMMAND         STEP                      TASK     HOST   WHAT',
      ' 0:00.000                                                            engine starts',
      ' 0:01.004  move                                                      MoveDisk submitted',
      ' 0:01.006  move                                                      RUNNING',
      ' 0:01.008  move            0 copy                                    beforeTask',
      ' 0:01.008  move            0 copy                    $0.w1.0         syncImageData created',
      ' 0:01.010  move            0 copy                    $0.w1.0  host1  syncImageData runs',
      ' 0:09.000                                                            CRASH of engine (syncImageData running)',
      ' 1:00.010  move            0 copy                    $0.w1.0  host1  syncImageData is rolled back by the host',
      ' 1:01.010  move            0 copy                    $0.w1.0  host1  syncImageData failed with 261, rolled back by the host',
      ' 1:10.000                                                            engine starts again, incarnation 2',
      ' 1:10.004                                                            RECOVERED 1 command, 1 task',
      ' 1:10.010  move            0 copy                    $0.w1.0         syncImageData counts as failed (261 low level Image copy failed)',
      ' 1:10.020  move            0 copy                             host1  call snapshot done',
      ' 1:10.021                                                            CRASH of engine (event 100)',
      ' 1:11.000                                                            engine starts again, incarnation 3',
      ' 1:11.001                                                            RECOVERED 1 command, 0 tasks',
      ' 1:11.002  move            0 copy                                    endWithFailure runs again: its first run was not committed',
      ' 1:11.003  move            0 copy                             host1  call snapshot recognised: answered as before',
      ' 1:11.004  move            0 copy                                    endWithFailure',
      ' 1:11.004  move                                                      ROLLED_BACK: copy failed',
    ]);
  });

  it('says the same with colours', () => {
    const coloured = lines(new Timeline(COLOURED));
    expect(coloured.map((line) => line.replaceAll(/\u001b\[\d+m/g, ''))).toEqual(lines(new Timeline(PLAIN)));
    expect(coloured.find((line) => line.includes('CRASH'))).toContain('\u001b[31m');
  });

  it('shows characters that would move the cursor, recolour or split a line instead of sending them', () => {
    const line = new Timeline(PLAIN).line({
      t: 0,
      node: 'engine',
      probe: { type: 'commandSubmitted', commandId: 'a\u001b[2Jb', commandType: 'x\ny\u202ez', parentId: null },
    });
    expect(line).toContain('a\\u001b[2Jb');
    expect(line).toContain('x\\u000ay\\u202ez');
  });

  it('says what a command waits for, and why it did not get it', () => {
    const timeline = new Timeline(PLAIN);
    const lock = { owner: 'move', key: 'disk/d1', holder: 'other', held: true } as const;
    const waits = timeline.line({ t: 0, node: 'engine', probe: { type: 'lockAwaited', commandId: 'move!0.1.0', ...lock } });
    const refused = timeline.line({ t: 0, node: 'engine', probe: { type: 'lockRefused', ...lock, held: false } });
    expect(waits).toMatch(/move!0\.1\.0 +waits for lock disk\/d1: other holds it$/);
    expect(refused).toMatch(/move +lock disk\/d1 refused: other comes first$/);
  });

  it('knows the commands and tasks of the processes before, when a run goes on', () => {
    const timeline = new Timeline(PLAIN);
    const task = { id: 'good$1.w1.1.0', commandId: 'good', executionIndex: 1, verb: 'copy', host: null, state: 'Submitted', result: null } as const;
    timeline.remember(report({ tasks: [task] }));
    expect(timeline.line({ t: 0, node: 'host1', probe: { type: 'hostTaskStarted', host: 'host1', taskId: task.id } })).toMatch(/good +1 remove +\$1\.w1\.1\.0 +host1 +copy runs$/);
  });

  it('says of a task that failed what its host did about that, and of one that nobody ended that it was cut short', () => {
    const timeline = new Timeline(PLAIN);
    const told = (probe: Probe): string | undefined => timeline.line({ t: 0, node: 'host1', probe });
    const ended = (result: 'cleanSuccess' | 'cleanFailure', code: number): string | undefined => told({ type: 'hostTaskEnded', host: 'host1', taskId: 't', result, code });
    const rollsBack = (): string | undefined => told({ type: 'hostTaskRollingBack', host: 'host1', taskId: 't' });
    expect(ended('cleanSuccess', 268)).toMatch(/failed with 268, nothing to be rolled back by the host$/);
    rollsBack();
    expect(ended('cleanSuccess', 261)).toMatch(/failed with 261, rolled back by the host$/);
    rollsBack();
    expect(ended('cleanFailure', 261)).toMatch(/failed with 261, and the host's rollback failed$/);
    expect(ended('cleanSuccess', 0)).toMatch(/was cut short \(code 0\), nothing to be rolled back by the host$/);
  });

  it('tells of faults that are no node', () => {
    const timeline = new Timeline(PLAIN);
    const told = (probe: Probe): string | undefined => timeline.line({ t: 0, node: 'world', probe });
    expect(told({ type: 'spmMoves', pool: 'p', to: 'host2' })).toMatch(/pool p: an operator moves the SPM to host2$/);
    expect(told({ type: 'leaseRevoked', pool: 'p' })).toMatch(/pool p: storage takes the SPM's lease away$/);
    expect(told({ type: 'faultsEnded' })).toMatch(/all faults end$/);
  });

  it('still names a task of which it saw no beginning', () => {
    const line = new Timeline(PLAIN).line({ t: 0, node: 'host1', probe: { type: 'hostTaskStarted', host: 'host1', taskId: 'stray' } });
    expect(line).toMatch(/stray +host1 +unknown task runs$/);
  });
});

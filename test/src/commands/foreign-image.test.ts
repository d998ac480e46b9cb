import { describe, expect, test } from 'vitest';
import { play } from './play.js';

/** Another copy of d1 on the target, which no record tells of. */
const FOREIGN = { disk: 'd1', source: 'hdd', copy: 'd1', target: 'ssd' };

const WORLD = {
  domains: [{ id: 'hdd' }, { id: 'ssd' }],
  disks: [{ id: 'd1', vm: 'vm1', domain: 'hdd', size: '1 GiB' }],
  define: [{ type: 'Foreign', handlers: [{ name: 'copy', effectFree: true, createTask: { verb: 'copyImage', args: FOREIGN } }] }],
};

const FLOWS = [
  { type: 'MoveDisk', state: 'down', verb: 'copyImage', nth: 2, params: { disk: 'd1' } },
  { type: 'LiveMigrateVmDisks', state: 'up', verb: 'cloneImageStructure', nth: 1, params: { vm: 'vm1', disks: ['d1'] } },
];

type Task = { readonly verb: string; readonly nth: number };
type Fate = { readonly faults: readonly object[]; readonly verbs?: object; readonly pool?: object };
const exists = ({ verb, nth }: Task): object => ({ failTask: { verb, nth, code: 212 } });

/** What becomes of the task that would have to be told from somebody else's, if it is sent. */
const FATES: readonly { readonly what: string; readonly of: (task: Task) => Fate }[] = [
  { what: 'fails with 212', of: (task) => ({ faults: [exists(task)] }) },
  {
    what: 'fails with 212, and its SPM dies before that is told',
    of: (task) => ({ faults: [exists(task), { crashHost: { host: 'spm', when: { task: task.verb, is: 'ended', nth: task.nth }, down: '5min' } }] }),
  },
  { what: 'is stopped', of: ({ verb }) => ({ faults: [], verbs: { [verb]: { latency: '1h' } } }) },
  { what: 'is lost', of: ({ verb, nth }) => ({ faults: [{ loseTask: { verb, nth, when: 'atEnd' } }] }) },
  {
    what: 'is never acknowledged',
    of: (task) => ({
      faults: [exists(task), { partition: { between: ['engine', 'spm'], when: { task: task.verb, is: 'submitted', nth: task.nth }, for: '10min' } }],
      pool: { clientTaskIds: false },
    }),
  },
];

describe('an image that stands on the target is somebody else’s, and stays, though what the flow would have begun there', () => {
  for (const { type, state, verb, nth, params } of FLOWS) {
    test.each(FATES)(`$what: ${type}`, async ({ of }) => {
      const { faults, verbs = {}, pool = {} } = of({ verb, nth });
      const move = { at: '120min', cancelAt: '130min', id: 'move', type, params: { pool: 'pool1', targetDomain: 'ssd', ...params } };
      const played = await play({
        ...WORLD,
        pool: { id: 'pool1', ...pool },
        vms: [{ id: 'vm1', host: 'host2', state }],
        verbs,
        faults,
        commands: [{ id: 'foreign', type: 'Foreign' }, move],
      });
      const deletions = played.verbs.filter((done) => done.startsWith('deleteImage'));
      expect([played.command('foreign').status, played.command('move').status, played.entity('disk/d1'), deletions]).toMatchObject([
        'SUCCEEDED',
        'ROLLED_BACK',
        { domain: 'hdd', status: 'OK' },
        [],
      ]);
      expect(played.command('move').error?.message).toMatch(/an image of disk d1 stands on ssd, which the engine does not know of/);
      // Nothing was begun that a fault could have met; and that nobody's record tells of the image is not overlooked.
      expect(played.broken).toHaveLength(1 + faults.length);
      expect(played.broken[0]).toMatch(/^disk-data: disk\/d1 .*ssd/);
    });
  }
});

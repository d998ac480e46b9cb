import { expect } from 'vitest';
import type { Args } from '../../../../actors/wire.js';
import { GIB, grantSpm, LoneHost, SECOND, smallWorld } from '../../../actors/lone-host.js';
import type { Row, RowWithoutEqual, Section } from '../row.js';

const ROLE = 'test/actors/host/spm-role.test.ts';

const SCENARIOS = 'A scenario lets any verb fail so.';

/** A host of a world in which `tree` is an image of two chains, and so no legal one, and `d` has a layer upon its base. */
function aHost(): LoneHost {
  const storage = smallWorld();
  const base = { id: 'base', parent: null, format: 'raw' } as const;
  storage.addDisk({ disk: 'd', vm: null, domain: 'domain1', volumes: [base, { id: 'leaf', parent: 'base', format: 'cow' }], sizeBytes: GIB });
  storage.addDisk({ disk: 'tree', vm: null, domain: 'domain1', volumes: [base, { id: 'other', parent: null, format: 'raw' }], sizeBytes: GIB });
  return new LoneHost({ storage });
}

/** How a task ends, after however many others of the same. */
function ends(verb: string, args: Args, before = 0): unknown {
  const host = aHost();
  for (let i = 0; i <= before; i += 1) host.submit(`t${i}`, verb, args);
  host.advance(10 * SECOND);
  const status = host.status(`t${before}`);
  return [status?.taskResult, status?.code];
}

interface Case {
  readonly what: string;
  readonly verb: string;
  readonly args: Args;
  /** How many of the same come first. */
  readonly before?: number;
}

/** A code with which tasks of ours end by themselves. */
function ended(code: number, text: string, differs: string | null, ...cases: readonly Case[]): Row {
  return {
    id: `vdsm-4.${code}`,
    source: `${code}: ${text}`,
    given: cases.map(({ what }) => what).join('; '),
    when: 'it has run',
    then: `it is finished/cleanSuccess with ${code}`,
    proof: () => expect(cases.map(({ verb, args, before }) => ends(verb, args, before))).toEqual(cases.map(() => ['cleanSuccess', code])),
    ...(differs === null ? {} : { differs }),
  };
}

/** A code that no verb of ours answers. */
function none(codes: string, text: string, doesNotApply: string): RowWithoutEqual {
  return { id: `vdsm-4.${codes.replaceAll(', ', '-')}`, source: `${codes}: ${text}`, fact: codes.includes(',') ? 'Hosts there answer with these codes, each in its case.' : 'Hosts there answer with this code.', doesNotApply };
}

const VOLUME = { domain: 'domain1', disk: 'new', volume: 'v', parent: null, format: 'raw', sizeBytes: GIB } as const;
const MOVE = { disk: 'd', source: 'domain1', target: 'domain2' };

const BY_TASKS: readonly (Row | RowWithoutEqual)[] = [
  ended(
    201,
    'Volume does not exist',
    null,
    { what: 'deleteVolume of one that is not there', verb: 'deleteVolume', args: { domain: 'domain1', disk: 'd', volume: 'v' } },
    { what: 'createVolume upon one that is not there', verb: 'createVolume', args: { ...VOLUME, parent: 'p' } },
    { what: 'mergeSnapshots of one that is not there', verb: 'mergeSnapshots', args: { domain: 'domain1', disk: 'd', ancestor: 'v', successor: 'leaf' } },
  ),
  none('203', 'Volume is busy', `No host holds a volume of ours open against another: the engine locks disks instead. ${SCENARIOS} In a task it becomes 100.`),
  {
    id: 'vdsm-4.204',
    source: '204: Cannot delete volume which has children',
    given: 'deleteVolume of a volume that another is a layer upon',
    when: 'it has run',
    then: 'it is finished/cleanSuccess with 100, for that is no storage exception; the volume is there',
    proof: () => expect(ends('deleteVolume', { domain: 'domain1', disk: 'd', volume: 'base' })).toEqual(['cleanSuccess', 100]),
  },
  none('205, 208, 222', 'creation of a volume, writing of metadata, deletion of a volume', `A simulated volume is made and removed in one instant, in which nothing goes wrong. ${SCENARIOS}`),
  ended(212, 'Volume already exists', null, { what: 'createVolume of one that is there', verb: 'createVolume', args: VOLUME, before: 1 }, { what: 'cloneImageStructure to where the image is', verb: 'cloneImageStructure', args: MOVE, before: 1 }),
  none('252, 253, 260', 'merging snapshots, moving an image, manipulation of the destination', `There they say in which part of a verb something failed; ours tell of what failed itself (201, 212, 262, 268). ${SCENARIOS}`),
  none('261', 'low level image copy failed', `The bytes of a simulated copy do not fail by themselves. ${SCENARIOS} The built-in live-migration-failure does.`),
  ended(
    262,
    'Image is not a legal chain',
    null,
    { what: 'copyImage of an image that is no one chain', verb: 'copyImage', args: { disk: 'tree', source: 'domain1', copy: 'tree', target: 'domain2' } },
    { what: 'mergeSnapshots into a volume that is no layer upon the first', verb: 'mergeSnapshots', args: { domain: 'domain1', disk: 'd', ancestor: 'leaf', successor: 'base' } },
  ),
  ended(
    268,
    'Image does not exist in domain',
    null,
    { what: 'deleteImage where it is not', verb: 'deleteImage', args: { domain: 'domain2', disk: 'd' } },
    { what: 'copyImage from where it is not', verb: 'copyImage', args: { disk: 'd', source: 'domain2', copy: 'd', target: 'domain1' } },
    { what: 'syncImageData to where it is not', verb: 'syncImageData', args: MOVE },
  ),
];

const BY_PLACES: readonly (Row | RowWithoutEqual)[] = [
  none('304, 324, 355', 'master domain: cannot find, wrong, does not validate', 'There is no master domain: what SPMs leave to each other is of the pool, and always there.'),
  {
    id: 'vdsm-4.309',
    source: '309: Unknown pool id',
    given: 'a host of another pool',
    when: 'it is asked for anything that is of a pool',
    then: '309, SPM or not',
    proof: () => {
      const pool = 'pool9';
      const hosts = [new LoneHost(), new LoneHost({ node: 'host2' })];
      const codes = hosts.flatMap((host) => [
        host.ask({ op: 'getSpmStatus', pool }).code,
        host.ask({ op: 'startSpm', pool, prevId: null, prevVersion: -1 }).code,
        host.ask({ op: 'stopSpm', pool, generation: 1 }).code,
        host.ask({ op: 'getAllTasksStatuses', pool }).code,
        host.ask({ op: 'getAllTasksInfo', pool }).code,
        ...(['getTaskStatus', 'getTaskInfo', 'stopTask', 'revertTask', 'clearTask', 'fenceTask'] as const).map((op) => host.ask({ op, pool, taskId: 't' }).code),
      ]);
      expect(new Set(codes)).toEqual(new Set([309]));
    },
  },
  {
    id: 'vdsm-4.358',
    source: '358: SD does not exist',
    given: 'a storage domain that there is not, or that is another pool\'s',
    when: 'a task is submitted that names it; a host is called, or reads, with its name',
    then: 'the submission is refused with 358, and leaves no task; the others are answered with 358',
    proof: [
      { file: 'test/actors/spm-host.test.ts', test: 'is refused with 358, and leaves no task: %s on a storage domain of another pool, or of none' },
      { file: 'test/actors/spm-host.test.ts', test: 'is answered with 358 after its time: %s of a storage domain of another pool' },
      { file: 'test/sim/embed/pools.test.ts', test: 'a disk is not moved to a storage domain of another pool: no host there knows it (358), and nothing is left' },
    ],
  },
  none('397', 'No space left on domain', `Simulated domains have room for whatever comes: no scenario says how large one is. ${SCENARIOS}`),
];

const BY_CONTROL: readonly (Row | RowWithoutEqual)[] = [
  {
    id: 'vdsm-4.400',
    source: '400: Task invalid',
    given: 'an SPM',
    when: 'a task is asked about, or submitted, without a name',
    then: '1000',
    proof: () => {
      const host = new LoneHost();
      expect([host.submit('', 'createVolume', VOLUME).code, host.ask({ op: 'getTaskStatus', pool: 'pool1', taskId: '' }).code, host.clear('')]).toEqual([1000, 1000, 1000]);
    },
    differs: 'There, 400 is for a task whose stored form cannot be read, which ours always can.',
  },
  {
    id: 'vdsm-4.401',
    source: '401: Task id unknown',
    given: 'an SPM that does not have a task',
    when: 'it is asked about it, or to stop, revert, fence or clear it',
    then: '401',
    proof: () => {
      const codes = (['getTaskStatus', 'getTaskInfo', 'stopTask', 'revertTask', 'clearTask', 'fenceTask'] as const).map((op) => new LoneHost().ask({ op, pool: 'pool1', taskId: 't' }).code);
      expect(codes).toEqual([401, 401, 401, 401, 401, 401]);
    },
  },
  none('402', 'Could not clear task', 'Storage forgets a task at once, or refuses it to a host that is not SPM any more (654). A scenario can lose the request to clear a task, or the reply.'),
  {
    id: 'vdsm-4.403-410-411-441',
    source: '403: Task not finished; 410: not allowed in this task state; 411: aborted; 441: cannot move task to requested state',
    given: 'a task in some state',
    when: 'it is to be cleared, stopped or reverted',
    then: 'the answers are those of the control verbs, above; and 411 is the code of a task that was stopped',
    proof: [
      { file: 'test/actors/spm-host-tasks.test.ts', test: 'is refused with 410 while the task waits or runs, and then forgets it' },
      { file: 'test/actors/spm-host-tasks.test.ts', test: 'lets a running job return, and then rolls its effect back' },
    ],
  },
  none('405', 'unable to add task', 'A host that becomes SPM again has forgotten the tasks of its term before, and adds each once (vdsm-1.take-over-reload).'),
  none('406', 'Running Task in progress', 'Nothing of ours has to wait until no task runs: an SPM stops with tasks too (vdsm-2.engine-stop-with-tasks).'),
  none('407, 408, 409, 413', 'Can\'t save, load or persist a task; task directory', 'Storage is there, or its host hangs. That the lease is lost is what a host can hear from it, and then it panics.'),
  none('412', 'unmanaged', 'All tasks are on storage.'),
  none('440, 442', 'invalid Task Manager, has active references', 'They are defects inside a host; ours stops the run at a defect.'),
];

const BY_SPMS: readonly (Row | RowWithoutEqual)[] = [
  none('650', 'Error starting SPM', 'A start that comes to nothing leaves the host Free, which the engine sees when it next asks (vdsm-2.no-lease).'),
  none('651', 'Cannot obtain lock', 'The start of an SPM has no task whose code it could be: the host is Free again after 180 s (vdsm-2.no-lease). The engine knows the code all the same: a host that refused a start with it would be asked again after `poolRefresh`.'),
  none('653', 'Error stopping SPM, SPM has unfinished task(s)', 'A stop neither waits for tasks nor refuses for them, as with the real one, whose text is wrong.'),
  {
    id: 'vdsm-4.654',
    source: '654: Not SPM',
    given: 'a host that is not SPM, stops, waits to be it, or has lost its lease',
    when: 'it is asked for anything of tasks',
    then: '654',
    proof: () => {
      const lost = new LoneHost();
      grantSpm(lost.storage, 'host2');
      const waiting = new LoneHost({ node: 'host2' });
      waiting.ask({ op: 'startSpm', pool: 'pool1', prevId: null, prevVersion: -1 });
      const stopping = new LoneHost();
      stopping.send({ op: 'stopSpm', pool: 'pool1', generation: 1 });
      const codes = [new LoneHost({ node: 'host2' }), lost, waiting, stopping].map((host) => [host.submit('t', 'createVolume', VOLUME).code, host.stop('t'), host.clear('t'), host.ask({ op: 'getAllTasksInfo', pool: 'pool1' }).code]);
      expect(codes).toEqual([1, 2, 3, 4].map(() => [654, 654, 654, 654]));
    },
  },
  {
    id: 'vdsm-4.656',
    source: '656: Operation not allowed while SPM is active',
    given: 'a host that is SPM, or on the way to be',
    when: 'it is told to become SPM',
    then: '656',
    proof: [{ file: ROLE, test: 'refuses that while it is, or is about to be: 656' }],
  },
  none('660, 661, 662', 'release of the lock, acquisition and release of a host id', 'Storage takes a lease back at once, or says that it is lost. A host that storage does not know yet waits for its id (vdsm-2.sanlock), and keeps it for as long as it lives.'),
  none('702, 704', 'inspection of a lease not supported, inquiry of sanlock failed', 'Storage always tells who has a lease.'),
  none('851', 'Resource timeout', `Hosts have no locks of images (vdsm-3.image-locks). ${SCENARIOS} In a task it becomes 100.`),
  none('911, 912', 'Generation or JobStatus mismatch', 'They are of host jobs, which there are none of (vdsm-3.host-jobs).'),
];

export const vdsm4: Section = {
  title: 'Error codes',
  page: 'vdsm-facts.md',
  rows: [
    {
      id: 'vdsm-4.99',
      source: '99: Recovering from crash or Initializing',
      given: 'a host that has restarted; one that is SPM and has not loaded its tasks',
      when: 'it is asked for anything; for anything but the list of its tasks',
      then: '99',
      proof: () => {
        const restarted = new LoneHost({ config: { incarnation: 2, beginsAsSpm: false, recovering: 10 * SECOND } });
        const codes = [restarted.ask({ op: 'ping' }).code, restarted.submit('t', 'createVolume', VOLUME).code];
        const loading = new LoneHost({ node: 'host2' });
        loading.ask({ op: 'startSpm', pool: 'pool1', prevId: null, prevVersion: -1 });
        loading.advance(4 * SECOND);
        codes.push(loading.submit('t', 'createVolume', VOLUME).code, loading.clear('t'), loading.ask({ op: 'getAllTasksInfo', pool: 'pool1' }).code);
        expect(codes).toEqual([99, 99, 99, 99, 99]);
      },
      differs: 'There, an SPM that is loading its tasks answers as if there were none: whoever clears or stops one of them hears that it is not known.',
    },
    ended(100, 'generic', null, { what: 'createVolume upon a volume that has a layer upon it', verb: 'createVolume', args: { ...VOLUME, disk: 'd', parent: 'base' } }),
    ...BY_TASKS,
    ...BY_PLACES,
    ...BY_CONTROL,
    ...BY_SPMS,
  ],
};

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeatbeltError } from '../../../src/model/errors.js';
import { loadScenario } from '../../../sim/scenario/load.js';
import { read, refusal } from './reading.js';
import { vocabulary } from './vocabulary.js';

const WHOLE = `
description: one of each
pool: { id: p }
hosts: [{ id: a }, { id: b, spm: true }]
domains: [{ id: d1 }]
vms: [{ id: vm1, host: a }]
disks: [{ id: disk1, vm: vm1, domain: d1, size: 10 GiB }]
engine: { pollingRate: 5s, zombieAfter: 1h }
network: { latency: { min: 1ms, max: 2 ms } }
disk: { write: 3ms }
verbs:
  syncImageData: { latency: { median: 2s, p95: 8s }, rate: 75 MiB/s, failureRate: 0.5, failureCode: 261 }
commands:
  - { type: MoveDisk, params: { vm: vm1, disks: [disk1] } }
  - { at: 1.5 min, id: second, type: MoveDisk, params: { vm: vm1, disks: [disk1], priority: 1 } }
faults:
  - crashEngine: { at: 60s }
  - crashEngine: { event: 100, down: 1s }
  - crashEngine: { beforePortOperation: 3 }
  - crashEngine: { afterPortOperation: 4 }
  - crashEngine: { when: { task: syncImageData, is: running, nth: 2 }, down: 20s }
  - failTask: { verb: syncImageData, match: { disk: disk1 }, code: 261 }
  - failCall: { verb: snapshot, nth: every, code: 40, when: refuse }
  - loseTask: { verb: deleteImage, when: atStart }
  - loseTask: { verb: syncImageData, match: { disk: disk1 }, nth: every }
  - hangTask: { verb: syncImageData }
  - slowTask: { verb: syncImageData, nth: every, factor: 3, by: 1s }
  - failRollback: { verb: deleteImage, nth: 2 }
`;

describe('a scenario file', () => {
  it('is read into whole µs, bytes and bytes per second, with every default filled in', () => {
    expect(read(WHOLE)).toEqual({
      name: 'file',
      description: 'one of each',
      pools: [{ id: 'p', clientTaskIds: true }],
      profile: null,
      hosts: [
        { id: 'a', pool: 'p', spm: false, workers: 10, queue: 500 },
        { id: 'b', pool: 'p', spm: true, workers: 10, queue: 500 },
      ],
      domains: [{ id: 'd1', pool: 'p', type: 'block' }],
      vms: [{ id: 'vm1', host: 'a', state: 'up' }],
      disks: [{ id: 'disk1', vm: 'vm1', domain: 'd1', size: 10 * 2 ** 30, snapshots: [] }],
      engine: { pollingRateMs: 5_000, callTimeoutMs: 180_000, requestTimeoutMs: 180_000, resubmitMs: 2_000, unknownGraceMs: 60_000, maxMessageAgeMs: 60_000, zombieAfterMs: 3_600_000,
        poolRefreshMs: 10_000, probeTimeoutMs: 5_000, spmFailOverAttempts: 3, spmStartPollMs: 1_000, fenceGraceMs: 80_000, completionEvents: false, retention: { keepMs: null, keepCount: null } },
      network: { latency: { kind: 'uniform', min: 1_000, max: 2_000 }, loss: 0, duplication: 0, links: [] },
      disk: { write: { kind: 'constant', value: 3_000 }, scan: { kind: 'lognormal', median: 2_000, p95: 8_000 } },
      templates: [],
      images: [],
      define: [],
      verbs: {
        syncImageData: { latency: { kind: 'lognormal', median: 2_000_000, p95: 8_000_000 }, rate: { kind: 'constant', value: 75 * 2 ** 20 }, failureRate: 0.5, failureCodes: [{ code: 261, weight: 1 }] },
      },
      commands: [
        { at: 0, id: 'c1', type: 'MoveDisk', params: { vm: 'vm1', disks: ['disk1'], priority: 3 } },
        { at: 90_000_000, id: 'second', type: 'MoveDisk', params: { vm: 'vm1', disks: ['disk1'], priority: 1 } },
      ],
      faults: [
        { kind: 'crashEngine', point: { at: 'time', us: 60_000_000 }, down: 5_000_000 },
        { kind: 'crashEngine', point: { at: 'event', n: 100 }, down: 1_000_000 },
        { kind: 'crashEngine', point: { at: 'before', portOperation: 3 }, down: 5_000_000 },
        { kind: 'crashEngine', point: { at: 'after', portOperation: 4 }, down: 5_000_000 },
        {
          kind: 'crashEngine',
          point: { at: 'condition', condition: { of: 'task', verb: 'syncImageData', is: 'running', nth: 2 } },
          down: 20_000_000,
        },
        { kind: 'failTask', verb: 'syncImageData', match: { disk: 'disk1' }, nth: 1, code: 261, when: 'atEnd' },
        { kind: 'failCall', verb: 'snapshot', match: {}, code: 40, when: 'refuse' },
        { kind: 'loseTask', verb: 'deleteImage', match: {}, nth: 1, lost: 'atStart' },
        { kind: 'loseTask', verb: 'syncImageData', match: { disk: 'disk1' }, lost: 'atEnd' },
        { kind: 'hangTask', verb: 'syncImageData', match: {}, nth: 1, hangs: true },
        { kind: 'slowTask', verb: 'syncImageData', match: {}, slower: { factor: 3, by: 1_000_000 } },
        { kind: 'failRollback', verb: 'deleteImage', match: {}, nth: 2, rollback: 'fails' },
      ],
      fenceAgent: null,
      spm: {
        leaseRenewal: 20_000_000,
        leaseExpiry: 140_000_000,
        leasePatience: 180_000_000,
        hostId: { kind: 'uniform', min: 20_000_000, max: 30_000_000 },
        start: { kind: 'lognormal', median: 3_000_000, p95: 10_000_000 },
        loading: { kind: 'uniform', min: 0, max: 2_000_000 },
        stop: { kind: 'lognormal', median: 2_000_000, p95: 10_000_000 },
      },
      hostRestart: { down: 5_000_000, recovering: { kind: 'lognormal', median: 5_000_000, p95: 15_000_000 } },
      healAt: null,
      limit: 86_400_000_000,
    });
  });

  it('may be empty but for its braces: three hosts, one of them SPM, and nothing to do', () => {
    const scenario = read('{}');
    expect(scenario.hosts).toEqual([
      { id: 'host1', pool: 'pool1', spm: true, workers: 10, queue: 500 },
      { id: 'host2', pool: 'pool1', spm: false, workers: 10, queue: 500 },
      { id: 'host3', pool: 'pool1', spm: false, workers: 10, queue: 500 },
    ]);
    expect(scenario.commands).toEqual([]);
  });

  it('means the same as JSON', () => {
    const asJson = JSON.stringify({ name: 'file', commands: [{ type: 'MoveDisk', params: { vm: 'v', disks: ['d'] } }] });
    expect(read(asJson)).toEqual(read('commands:\n  - type: MoveDisk\n    params:\n      vm: v\n      disks: [d]\n'));
  });

  it.each([
    [
      'a wrong type',
      'commands:\n  - type: MoveDisk\n    params:\n      vm: 5\n      disks: [d]',
      'file.yaml:4:11: commands[0].params.vm: expected string, got number',
    ],
    ['what is missing', 'commands:\n  - at: 1s', 'file.yaml:2:5: commands[0].type: is missing; expected string'],
    [
      'a missing param',
      'commands:\n  - type: MoveDisk\n    params: { disks: [d] }',
      'file.yaml:3:13: commands[0].params.vm: is missing; expected string',
    ],
    ['an unknown key', 'hosts:\n  - id: a\n    sqm: true', "file.yaml:3:5: hosts[0].sqm: unknown key; did you mean 'spm'?"],
    ['a second unknown key', 'polo: 1\nhost: 2', "file.yaml:1:1: polo: unknown key; did you mean 'pool'? (and 1 more)"],
    [
      'a duration without unit',
      'engine: { pollingRate: 10 }',
      'file.yaml:1:24: engine.pollingRate: expected a duration above zero with a unit, such as 250ms, 90s or 5min, got 10',
    ],
    [
      'half a microsecond',
      'commands: [{ at: 0.5us, type: MoveDisk }]',
      'file.yaml:1:18: commands[0].at: expected a duration with a unit, such as 250ms, 90s or 5min, got "0.5us"',
    ],
    ['a roll-back of a call', 'verbs: { snapshot: { rollbackLatency: 1s } }', 'file.yaml:1:22: verbs.snapshot.rollbackLatency: snapshot is a call, and only a task has this: give it a latency'],
    ['a submission of a call', 'verbs: { snapshot: { answerLatency: 1s } }', 'file.yaml:1:22: verbs.snapshot.answerLatency: snapshot is a call, and only a task has this: give it a latency'],
    ['no time between polls', 'engine: { pollingRate: 0s }', 'file.yaml:1:24: engine.pollingRate: expected a duration above zero'],
    [
      'a misspelt part of a latency',
      'network: { latency: { mediam: 1s, p95: 2s } }',
      "file.yaml:1:23: network.latency.mediam: unknown key; did you mean 'median'? (and 1 more)",
    ],
    ['an odd latency', 'network: { latency: soon }', 'file.yaml:1:21: network.latency: expected a latency: a duration such as 5s'],
    [
      'a percentile below the median',
      'disk: { write: { median: 2s, p95: 1s } }',
      'file.yaml:1:35: disk.write.p95: the 95th percentile must not be below the median',
    ],
    ['an unknown host', 'vms: [{ id: v, host: hots1 }]', "file.yaml:1:22: vms[0].host: unknown host 'hots1'; did you mean 'host1'?"],
    [
      'an unknown domain',
      'vms: [{ id: v, host: host1 }]\ndisks: [{ id: d, vm: v, domain: x, size: 1 GiB }]',
      "file.yaml:2:33: disks[0].domain: unknown storage domain 'x'; known: domain1, domain2",
    ],
    ['an unknown VM', 'disks: [{ id: d, vm: v, domain: domain1, size: 1 GiB }]', "file.yaml:1:22: disks[0].vm: unknown VM 'v'"],
    ['an id given twice', 'domains: [{ id: d }, { id: d }]', "file.yaml:1:28: domains[1].id: 'd' is the id of domains[0] already"],
    [
      'a default id given by hand',
      'commands: [{ id: c2, type: MoveDisk, params: { vm: v, disks: [d] } }, { type: MoveDisk, params: { vm: v, disks: [d] } }]',
      "commands[1].id: 'c2' is the id of commands[0] already",
    ],
    [
      'a template with the id of a disk',
      'disks: [{ id: d, domain: domain1, size: 1 GiB }]\ntemplates: [{ id: t, disks: [{ id: d, domain: domain1, size: 1 GiB }] }]',
      "file.yaml:2:36: templates[0].disks[0].id: 'd' is the id of disks[0] already",
    ],
    ['a template without disks', 'templates: [{ id: t, disks: [] }]', 'file.yaml:1:29: templates[0].disks: name its disks'],
    [
      'a template on a domain that is not there',
      'templates: [{ id: t, disks: [{ id: d, domain: x, size: 1 GiB }] }]',
      "file.yaml:1:47: templates[0].disks[0].domain: unknown storage domain 'x'; known: domain1, domain2",
    ],
    [
      'an image twice in one repository',
      'images: [{ id: i, repository: r, size: 1 GiB }, { id: i, repository: s, size: 1 GiB }, { id: i, repository: r, size: 1 GiB }]',
      "file.yaml:1:94: images[2].id: 'i' is the id of images[0] already",
    ],
    ['snapshots of no VM', 'disks: [{ id: d, domain: domain1, size: 1 GiB, snapshots: [s] }]', "file.yaml:1:59: disks[0].snapshots: are a VM's: name the vm"],
    ['a snapshot twice', 'vms: [{ id: v, host: host1 }]\ndisks: [{ id: d, vm: v, domain: domain1, size: 1 GiB, snapshots: [s, s] }]', 'file.yaml:2:66: disks[0].snapshots: a snapshot is named twice'],
    [
      'a snapshot of two VMs',
      'vms: [{ id: v, host: host1 }, { id: w, host: host1 }]\ndisks: [{ id: d, vm: v, domain: domain1, size: 1 GiB, snapshots: [s] }, { id: e, vm: w, domain: domain1, size: 1 GiB, snapshots: [s] }]',
      "file.yaml:2:131: disks[1].snapshots[0]: 's' is a snapshot of v already",
    ],
    ['no host', 'hosts: []', 'file.yaml:1:8: hosts: pool pool1 has no host'],
    ['two SPMs', 'hosts: [{ id: a, spm: true }, { id: b, spm: true }]', 'file.yaml:1:45: hosts[1].spm: only one host can hold the SPM role'],
    ['a pool in two ways', 'pool: { id: p }\npools: [{ id: q }]', 'file.yaml:2:8: pools: there is a pool already: list it here, or leave this out'],
    ['no pool', 'pools: []', 'file.yaml:1:8: pools: must not be empty'],
    ['a pool twice', 'pools: [{ id: p }, { id: p }]\nhosts: [{ id: a, pool: p, spm: true }]\ndomains: []', "file.yaml:1:26: pools[1].id: 'p' is the id of pools[0] already"],
    ['a host of no pool among several', 'pools: [{ id: p }, { id: q }]\nhosts: [{ id: a, spm: true }]\ndomains: []', 'file.yaml:2:9: hosts[0]: say which pool it belongs to: p, q'],
    ['a domain of no pool among several', 'pools: [{ id: p }, { id: q }]\nhosts: []', 'file.yaml:1:1: domains[0]: say which pool it belongs to: p, q (and 1 more)'],
    ['a host of a pool that there is not', 'hosts: [{ id: a, pool: pol1, spm: true }]', "file.yaml:1:24: hosts[0].pool: unknown pool 'pol1'; did you mean 'pool1'?"],
    ['a pool without hosts', 'pools: [{ id: p }, { id: q }]\nhosts: [{ id: a, pool: p, spm: true }]\ndomains: []', 'file.yaml:2:8: hosts: pool q has no host'],
    ['a host without workers', 'hosts: [{ id: a, workers: 0 }]', 'file.yaml:1:27: hosts[0].workers: '],
    [
      'a disk that the host of its VM cannot see',
      `pools: [{ id: p }, { id: q }]
hosts: [{ id: a, pool: p, spm: true }, { id: b, pool: q, spm: true }]
domains: [{ id: d, pool: q }]
vms: [{ id: vm1, host: a }]
disks: [{ id: disk1, vm: vm1, domain: d, size: 1 GiB }]`,
      "file.yaml:5:39: disks[0].domain: 'd' belongs to pool q, and the host of vm1 to pool p",
    ],
    ["another node's name", 'hosts: [{ id: engine, spm: true }]', 'file.yaml:1:15: hosts[0].id: is the name of another node'],
    [
      'an unknown command type',
      'commands: [{ type: MoveDisc }]',
      "file.yaml:1:20: commands[0].type: unknown command type 'MoveDisc'; did you mean 'MoveDisk'?",
    ],
    ['an unknown verb', 'verbs: { syncImage: { latency: 1s } }', "file.yaml:1:10: verbs.syncImage: unknown verb 'syncImage'"],
    ['a fault without kind', 'faults: [{}]', 'file.yaml:1:10: faults[0]: name one fault: crashEngine, pauseEngine, crashHost, hangHost, loseLease, moveSpm, failTask, failCall, loseTask, hangTask, slowTask, failRollback, '],
    [
      'a fault of two kinds',
      'faults: [{ crashEngine: { at: 1s }, failTask: { verb: deleteImage, code: 1 } }]',
      'file.yaml:1:10: faults[0]: name one fault',
    ],
    ['a crash at no time', 'faults: [{ crashEngine: { down: 1s } }]', 'file.yaml:1:25: faults[0].crashEngine: say when, in one way'],
    ['a crash at two times', 'faults: [{ crashEngine: { at: 1s, event: 5 } }]', 'file.yaml:1:25: faults[0].crashEngine: say when, in one way'],
    [
      'a failing task that is a call',
      'faults: [{ failTask: { verb: snapshot, code: 1 } }]',
      "file.yaml:1:30: faults[0].failTask.verb: 'snapshot' is a call: use failCall",
    ],
    ['a hung task that is a call', 'faults: [{ hangTask: { verb: snapshot } }]', "file.yaml:1:30: faults[0].hangTask.verb: 'snapshot' is a call: only a task can hang"],
    ['a slow task that is a call', 'faults: [{ slowTask: { verb: snapshot, by: 1s } }]', "file.yaml:1:30: faults[0].slowTask.verb: 'snapshot' is a call: only a task can be slow"],
    ['a roll-back of a call', 'faults: [{ failRollback: { verb: snapshot } }]', "file.yaml:1:34: faults[0].failRollback.verb: 'snapshot' is a call: only a task is rolled back"],
    ['a slow task that is not slow', 'faults: [{ slowTask: { verb: deleteImage } }]', 'file.yaml:1:22: faults[0].slowTask: say how slow: factor, above 1, or by'],
    ['a slow task that is fast', 'faults: [{ slowTask: { verb: deleteImage, factor: 0.5 } }]', 'file.yaml:1:51: faults[0].slowTask.factor: must be at least 1'],
    ['a lost task that is a call', 'faults: [{ loseTask: { verb: snapshot } }]', "file.yaml:1:30: faults[0].loseTask.verb: 'snapshot' is a call: only a task can be lost"],
    [
      'an argument that a verb lacks',
      'faults: [{ failTask: { verb: deleteImage, match: { vm: v }, code: 1 } }]',
      "file.yaml:1:52: faults[0].failTask.match.vm: unknown argument of deleteImage 'vm'; known: domain, disk",
    ],
    [
      'a condition on a call as on a task',
      'faults: [{ crashEngine: { when: { task: snapshot, is: running } } }]',
      "file.yaml:1:41: faults[0].crashEngine.when.task: unknown SPM verb 'snapshot'",
    ],
    [
      'a state that no task has',
      'faults: [{ crashEngine: { when: { task: deleteImage, is: eating } } }]',
      "file.yaml:1:58: faults[0].crashEngine.when.is: expected 'placed', 'submitted', 'running' or 'ended', got 'eating'",
    ],
    ['a failure rate above one', 'verbs: { deleteImage: { failureRate: 2 } }', 'file.yaml:1:38: verbs.deleteImage.failureRate: must be at most 1'],
    [
      'messages that outlive a lease, to hosts that do not see that they are of its time',
      'pool: { id: p, clientTaskIds: false }\nengine: { maxMessageAge: 60s }\nspm: { leaseRenewal: 5s, leaseExpiry: 60s }',
      'file.yaml:2:26: engine.maxMessageAge: must be shorter than spm.leaseExpiry: the hosts of pool p make their own task ids',
    ],
    ['healing when the run is over', 'healAt: 2h\nlimit: 1h', 'file.yaml:1:9: healAt: must be earlier than limit'],
    ['broken YAML', 'hosts: [{ id: a }', 'file.yaml:1:18: a bracket is not closed'],
    ['a key given twice', 'pool: { id: a }\npool: { id: b }', 'file.yaml:2:1: this key is there already'],
    ['a tag of its own', 'name: !!js/function "x"', 'file.yaml:1:7: scenarios use no tags'],
    ['a date', 'name: !!timestamp 2001-12-14', 'file.yaml:1:7: scenarios use no tags'],
    ['two documents', 'name: a\n---\nname: b', 'file.yaml:2:1: a second document begins here'],
    ['not a number', 'verbs: { deleteImage: { failureRate: .nan } }', 'file.yaml:1:38: only finite numbers can be used'],
    ['a prototype', 'verbs: { __proto__: { failureRate: 1 } }', "file.yaml:1:10: a key named '__proto__'"],
    ['an alias to what contains it', 'commands: &a [{ type: MoveDisk, params: { vm: *a } }]', 'file.yaml:1:47: an alias to what contains it'],
    ['nothing', '', 'file.yaml:1:1: expected object, got null'],
    ['a list', '[]', 'file.yaml:1:1: expected object, got array'],
  ])('is refused for %s, in one line that says where', (_, text, message) => {
    expect(refusal(text)).toContain(message);
    expect(refusal(text)).not.toContain('\n');
  });

  it('is refused, not expanded, when its aliases multiply', () => {
    const names = [...'abcdefgh'];
    const bomb = names.map((name, i) => `${name}: &${name} [${Array(9).fill(i === 0 ? 'x' : `*${names[i - 1]}`).join(',')}]`);
    expect(refusal(bomb.join('\n'))).toContain('its aliases stand for more than a scenario can hold');
  });

  it('is refused, not followed, when it nests without end', () => {
    expect(refusal('['.repeat(200_000))).toMatch(/^file\.yaml:\d+:\d+: /);
  });

  it('is accepted, or refused with a place, whatever it says', () => {
    const someLines = fc.subarray(WHOLE.split('\n')).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), someLines), (text) => {
        try {
          read(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SeatbeltError);
          expect((error as SeatbeltError).message).toMatch(/^file\.yaml:\d+:\d+: /);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('the name of a scenario', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'seatbelt-scenario-'));
    await writeFile(join(directory, 'mine.yaml'), 'description: my own');
    await writeFile(join(directory, 'mine.json'), '{"description": "my own too"}');
    await writeFile(join(directory, 'big.yaml'), `# ${'x'.repeat(2 ** 20)}`);
    await writeFile(join(directory, 'latin.yaml'), Buffer.from([0x23, 0xe9]));
  });

  afterAll(() => rm(directory, { recursive: true }));

  const load = (name: string) => loadScenario(name, { vocabulary, cwd: directory });

  it('may be that of a file, relative to where the user is', async () => {
    await expect(load('mine.yaml')).resolves.toMatchObject({ name: 'mine', description: 'my own' });
    await expect(load('./mine.json')).resolves.toMatchObject({ name: 'mine', description: 'my own too' });
  });

  it.each([
    ['of no file', 'other.yaml', 'UNKNOWN_SCENARIO', 'other.yaml: no such file'],
    ['nearly of a built-in one', 'live-migratoin', 'UNKNOWN_SCENARIO', "did you mean 'live-migration'?"],
    ['of a module', 'scenario.ts', 'BAD_SCENARIO', 'scenario.ts: is a module, and so code'],
    ['of a directory', './', 'BAD_SCENARIO', 'is a directory'],
    ['of a huge file', 'big.yaml', 'BAD_SCENARIO', 'big.yaml: is larger than 1 MiB'],
    ['of a file that is not text', 'latin.yaml', 'BAD_SCENARIO', 'latin.yaml: is not UTF-8 text'],
    ['that leads out of the built-in ones', '..', 'UNKNOWN_SCENARIO', 'no built-in scenario has this name'],
  ])('is refused if it is that %s', async (_, name, code, message) => {
    await expect(load(name)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string });
  });
});

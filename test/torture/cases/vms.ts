import { failCall, failTask, loseTask, type FailureCase } from '../failure-case.js';

const IMPORT = 'import-repo-image';
const TEMPLATE = 'add-vm-from-template';
const HIBERNATE = 'hibernate-vm';

/** By the ids of the commands: debian, fedora. */
const imports: readonly Omit<FailureCase, 'scenario'>[] = [
  { name: 'two images are imported', faults: [], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'the disk of an import cannot be created', faults: [failTask('createVolume', { disk: 'debian$0.disk' })], ends: 'ROLLED_BACK, SUCCEEDED' },
  { name: 'the disk of an import is lost when it is made', faults: [loseTask('createVolume', { disk: 'debian$0.disk' }, 'atEnd')], ends: 'ROLLED_BACK, SUCCEEDED' },
  { name: 'a download fails', faults: [failTask('downloadImage', { image: 'debian' })], ends: 'ROLLED_BACK, SUCCEEDED' },
  { name: 'a download is lost when it is done', faults: [loseTask('downloadImage', { image: 'debian' }, 'atEnd')], ends: 'ROLLED_BACK, SUCCEEDED' },
  {
    name: 'a download fails, and so does the removal of its disk, once',
    faults: [failTask('downloadImage', { image: 'debian' }), failTask('deleteImage', {})],
    ends: 'ROLLED_BACK, SUCCEEDED',
  },
  { name: 'a download is cancelled', faults: [], settings: ['commands.1.cancelAt=15s'], ends: null },
];

/** run, web1, web2. */
const templates: readonly Omit<FailureCase, 'scenario'>[] = [
  { name: 'two VMs are made from a template, and one is started', faults: [], ends: 'SUCCEEDED, SUCCEEDED, SUCCEEDED' },
  { name: 'one of two copies of a template’s disks fails', faults: [failTask('copyImage', { copy: 'web2$0.disk2' })], ends: 'SUCCEEDED, SUCCEEDED, ROLLED_BACK' },
  { name: 'both copies of a template’s disks fail', faults: [1, 2].map((nth) => failTask('copyImage', { copy: `web2$0.disk${nth}` })), ends: 'SUCCEEDED, SUCCEEDED, ROLLED_BACK' },
  { name: 'a copy of a template’s disk is lost when it is done', faults: [loseTask('copyImage', { copy: 'web2$0.disk1' }, 'atEnd')], ends: 'SUCCEEDED, SUCCEEDED, ROLLED_BACK' },
  {
    name: 'a copy of a template’s disk fails, and so does the removal of the other, once',
    faults: [failTask('copyImage', { copy: 'web2$0.disk1' }), failTask('deleteImage', { disk: 'web2$0.disk2' })],
    ends: 'SUCCEEDED, SUCCEEDED, ROLLED_BACK',
  },
  { name: 'a VM from a template cannot be started', faults: [failCall('createVm', {}, 'every')], ends: 'ROLLED_BACK, SUCCEEDED, SUCCEEDED' },
  { name: 'the making of a VM from a template is cancelled', faults: [], settings: ['commands.1.cancelAt=30s'], ends: null },
];

/** sleep, wake. */
const hibernations: readonly Omit<FailureCase, 'scenario'>[] = [
  { name: 'a VM is suspended and goes on', faults: [], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'a volume for the memory cannot be created', faults: [failTask('createVolume', { disk: 'sleep$0.memory' })], ends: 'ROLLED_BACK, ROLLED_BACK' },
  { name: 'a volume for what goes with the memory cannot be created', faults: [failTask('createVolume', { disk: 'sleep$0.metadata' })], ends: 'ROLLED_BACK, ROLLED_BACK' },
  { name: 'the memory cannot be saved', faults: [failCall('hibernate', {}, 'every')], ends: 'ROLLED_BACK, ROLLED_BACK' },
  {
    name: 'the memory cannot be saved, and its volumes cannot be deleted, once each',
    faults: [failCall('hibernate', {}, 'every'), ...['memory', 'metadata'].map((what) => failTask('deleteImage', { disk: `sleep$0.${what}` }))],
    ends: 'ROLLED_BACK, ROLLED_BACK',
  },
  { name: 'the memory is saved, and nobody is told in time', faults: [], settings: ['engine.callTimeout=5s', 'verbs.hibernate.latency=8s'], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'a suspended VM cannot go on', faults: [failCall('createVm', {}, 'every')], ends: 'SUCCEEDED, ROLLED_BACK' },
  { name: 'a suspended VM goes on, and nobody is told in time', faults: [], settings: ['engine.callTimeout=40s', 'verbs.createVm.latency=60s'], ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'the memory of a VM that goes on cannot be deleted, four times', faults: [1, 2, 3, 4].map((nth) => failTask('deleteImage', { disk: 'sleep$0.memory' }, nth)), ends: 'SUCCEEDED, SUCCEEDED' },
  { name: 'a hibernation is cancelled', faults: [], settings: ['commands.0.cancelAt=15s'], ends: null },
];

export const VMS: readonly FailureCase[] = [
  ...imports.map((one) => ({ ...one, scenario: IMPORT })),
  ...templates.map((one) => ({ ...one, scenario: TEMPLATE })),
  ...hibernations.map((one) => ({ ...one, scenario: HIBERNATE })),
];

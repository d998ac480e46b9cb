import type { Section } from '../row.js';

const TEMPLATE = 'test/src/commands/add-vm-from-template.test.ts';
const HIBERNATE = 'test/src/commands/hibernate-vm.test.ts';

export const ovirt3Vms: Section = {
  title: 'Flows on VMs and templates',
  page: 'ovirt-facts.md',
  rows: [
    {
      id: 'ovirt-3.template-copies',
      source: 'AddVmFromTemplate: parallel copyImage per disk',
      given: 'a template of two disks',
      when: 'a VM is made from it',
      then: 'both disks are copied at once, and the VM is down with disks that hold what the template holds',
      proof: [{ file: TEMPLATE, test: 'is down, with disks that hold what the template’s hold' }],
    },
    {
      id: 'ovirt-3.template-lock',
      source: 'AddVmFromTemplate: lock',
      given: 'a VM is being made from a template',
      when: 'another is made from it, and one of the same name',
      then: 'the template is locked in shared mode, so the first is made beside it; the VM exclusively, so the second is refused',
      proof: [{ file: TEMPLATE, test: 'leaves the template to others meanwhile: two are made at once, and of one name only one' }],
    },
    {
      id: 'ovirt-3.template-failure',
      source: 'AddVmFromTemplate: failure ends children, removes VM',
      given: 'copies under way',
      when: 'one of them fails, is refused, is lost, or the command is cancelled',
      then: 'neither copies nor VM are left, on storage or on record',
      proof: [{ file: TEMPLATE, test: '%s: neither VM nor disks are left' }],
    },
    {
      id: 'ovirt-3.template-siblings',
      source: 'AddVmFromTemplate: failure ends children',
      given: 'two copies under way',
      when: 'one of them fails',
      then: 'the other is asked to stop, and nothing is removed before it has',
      proof: [{ file: TEMPLATE, test: 'a sibling of a copy that fails is stopped' }],
      differs: 'oVirt lets the copies beside it run to their ends before the parent ends with failure; here nobody waits for hours for what is going to be deleted',
    },
    {
      id: 'ovirt-3.template-undo-fails',
      source: 'AddVmFromTemplate: failure removes VM',
      given: 'a copy has failed',
      when: 'the removal of another fails for good',
      then: 'VM and disks stay on record, imageLocked and ILLEGAL, and the command is held and says so',
      proof: [{ file: TEMPLATE, test: 'a removal that fails for good: the VM and what is left of it stay on record' }],
      differs: 'oVirt removes the records whatever becomes of the images; here nothing is on storage that no record tells of',
    },
    {
      id: 'ovirt-3.template-of-vm',
      source: 'AddVmTemplate',
      fact: 'The other way round, a template is made from a VM with the same parallel copies',
      doesNotApply: 'templates are given by the scenario; the flow would be AddVmFromTemplate with other names',
    },
    {
      id: 'ovirt-3.hibernate',
      source: 'HibernateVm: two createVolume; end: hibernate verb (HSM)',
      given: 'a running VM',
      when: 'it is hibernated',
      then: 'two volumes are created in parallel, then its host saves its memory there and stops it',
      proof: [{ file: HIBERNATE, test: 'saves the memory on two disks, and stops the VM' }],
    },
    {
      id: 'ovirt-3.hibernate-failure',
      source: 'HibernateVm: failure: revertTasks, VM Up',
      given: 'a VM that is being hibernated',
      when: 'a volume cannot be created, or the host cannot save the memory',
      then: 'the volumes are deleted, and the VM is up',
      proof: [{ file: HIBERNATE, test: '%s: the VM is up, and nothing is left' }],
    },
    {
      id: 'ovirt-3.hibernate-lost-answer',
      source: 'HibernateVm: synchronous call, 180 s cap',
      given: 'both volumes are there, and the host has been asked to save the memory',
      when: 'it does, and the answer does not come in time',
      then: 'the host is asked what the VM is; since it is suspended, so it is on record, with its memory',
      proof: [{ file: HIBERNATE, test: 'done, but not answered in time: the host is asked, and the VM is suspended' }],
      differs: 'oVirt takes the time-out for a failure and reverts the volumes, of a VM whose memory is nowhere else',
    },
    {
      id: 'ovirt-3.resume',
      source: 'HibernateVm: its counterpart',
      given: 'a suspended VM',
      when: 'it is run again',
      then: 'it goes on from its memory, which is then deleted',
      proof: [{ file: HIBERNATE, test: 'lets a suspended one go on where it was, elsewhere too, and its memory is deleted' }],
    },
  ],
};

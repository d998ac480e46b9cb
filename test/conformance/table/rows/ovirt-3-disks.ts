import type { NamedTest } from '../../../lint/named-test.js';
import type { Section } from '../row.js';

const within = (file: string) => (test: string): NamedTest => ({ file: `test/src/commands/${file}.test.ts`, test });
const move = within('move-disk');
const snapshot = within('live-snapshot');
const merge = within('remove-disk-snapshots');
const removal = within('remove-image');

export const ovirt3Disks: Section = {
  title: 'Flows on disks',
  page: 'ovirt-facts.md',
  rows: [
    {
      id: 'ovirt-3.cold-move',
      source: 'Flow catalogue: cold move, success',
      given: 'a disk of a VM that is down, or of none',
      when: 'MoveDisk has copied it',
      then: 'the record says the target, and then the source is deleted, as a step of the same command',
      proof: [move('of %s copies, remaps, and deletes the source')],
      differs: 'oVirt copies by moveImage with op=Copy, and removes the source by a command of its own, of whose failure the move does not tell; here the status tells of both',
    },
    {
      id: 'ovirt-3.cold-move-failure',
      source: 'Flow catalogue: cold move, failure',
      given: 'a copy that fails, is refused, lost or cancelled',
      when: 'the command rolls back',
      then: 'what there may be on the target is deleted, and the disk is unlocked where it was',
      proof: [move('a cold move')],
    },
    {
      id: 'ovirt-3.cold-move-source-stays',
      source: 'Flow catalogue: cold move, failure behind the remap',
      given: 'a record that says the target',
      when: 'the source cannot be deleted',
      then: 'that is tried again, and is STUCK if it fails for good: nothing is undone, and the copy that counts stays',
      proof: [move('whose source can never be deleted is stuck on the target, and never undone')],
      differs: 'oVirt leaves the source behind and says that the move has succeeded',
    },
    {
      id: 'ovirt-3.live-snapshot',
      source: 'Flow catalogue: live snapshot, success',
      given: 'a VM with two disks',
      when: 'CreateAllSnapshotsFromVm runs',
      then: 'the leaves are created in parallel by the SPM, and then, only if the VM runs, its host makes it write to them',
      proof: [snapshot('of a VM that is %s freezes what is there, and tells the host only if the VM runs')],
    },
    {
      id: 'ovirt-3.live-snapshot-failure',
      source: 'Flow catalogue: live snapshot, failure',
      given: 'a volume that cannot be created, or a VM that refuses',
      when: 'the command rolls back',
      then: 'each new volume is deleted, the snapshot record goes, and the active volumes are what they were',
      proof: [snapshot('%s: the new volumes go, and the VM goes on as it was')],
    },
    {
      id: 'ovirt-3.live-snapshot-taken',
      source: 'Flow catalogue: live snapshot, end',
      given: 'a host that has taken the snapshot, and whose answer does not come in time',
      when: 'the command rolls back',
      then: 'the host is asked, and the snapshot that the VM writes to stays, is recorded, and is named as residue',
      proof: [snapshot('taken, but not answered in time: the VM is asked, and the snapshot stays and is named')],
      differs: 'oVirt takes a failed verb for one that did nothing',
    },
    {
      id: 'ovirt-3.cold-merge',
      source: 'Flow catalogue: RemoveDiskSnapshots',
      given: 'a disk with three snapshots',
      when: 'RemoveDiskSnapshots names two of them',
      then: 'there are two steps, each a mergeSnapshots by the SPM, and the chain keeps what each volume held',
      proof: [merge('has one step for each snapshot, in the order of the params, and keeps what each holds')],
      differs: 'vdsm marks volumes illegal while it merges; here a chain is legal throughout, and a volume goes in the instant in which its child holds what it held',
    },
    {
      id: 'ovirt-3.cold-merge-failure',
      source: 'Flow catalogue: RemoveDiskSnapshots, failure',
      given: 'a merge that fails',
      when: 'an earlier one is done',
      then: 'what is merged stays merged, and no step is undone; the merge is tried again, and is STUCK if it fails for good',
      proof: [merge('%s: what is merged stays merged')],
      differs: 'oVirt ends the command as failed; here it is held, tells what is merged, and an operator may have it go on',
    },
    {
      id: 'ovirt-3.remove-image',
      source: 'Flow catalogue: RemoveImage',
      given: 'a disk that no running VM has',
      when: 'its deletion ends well, or the image is found to be gone',
      then: 'the disk is gone from storage, from the records and from its VM',
      proof: [removal('%s: the disk is gone')],
    },
    {
      id: 'ovirt-3.remove-image-uncertain',
      source: 'Flow catalogue: RemoveImage, outcome uncertain',
      given: 'a deletion that fails for good',
      when: 'a host says that the image is whole',
      then: 'the disk is what it was; until storage has been asked, and if anything is gone, it is ILLEGAL and never OK',
      proof: [removal('%s, and storage says that the image is whole: the disk is what it was'), removal('that storage cannot be asked at once whether it is whole settles nothing: it is asked again')],
      differs: 'oVirt does not ask, and leaves every such disk ILLEGAL',
    },
  ],
};

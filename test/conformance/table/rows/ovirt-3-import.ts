import type { Section } from '../row.js';

const IMPORT = 'test/src/commands/import-repo-image.test.ts';

export const ovirt3Import: Section = {
  title: 'Import of an image',
  page: 'ovirt-facts.md',
  rows: [
    {
      id: 'ovirt-3.import',
      source: 'ImportRepoImage: 0 AddImageFromScratch: createVolume; 1 DownloadImage',
      given: 'an image that a repository outside the pool offers',
      when: 'it is imported',
      then: 'a volume is created, then the SPM downloads into it, and there is a disk of no VM with what the repository has',
      proof: [{ file: IMPORT, test: 'makes a disk of no VM, with what the repository has' }],
    },
    {
      id: 'ovirt-3.import-undo',
      source: 'ImportRepoImage: createVolume → RemoveDisk (deleteImage); DownloadImage → none',
      given: 'an import under way',
      when: 'either step fails, is refused, is lost or is cancelled',
      then: 'the disk is removed by deleteImage, with whatever was downloaded; the download has no undo of its own',
      proof: [{ file: IMPORT, test: '%s: neither a disk nor a record is left' }],
    },
    {
      id: 'ovirt-3.import-illegal',
      source: 'ImportRepoImage: failure marks ILLEGAL',
      given: 'a download has failed',
      when: 'its disk cannot be removed',
      then: 'the disk stays on record as ILLEGAL, and the command is held and says what it could not undo',
      proof: [{ file: IMPORT, test: 'the removal fails for good: the disk is ILLEGAL, and the command says that it is there' }],
    },
    {
      id: 'ovirt-3.import-validation',
      source: 'Tests that pin behaviour: ImportRepoImage, validation only',
      given: 'an image that no list of a repository has',
      when: 'it is to be imported',
      then: 'that is refused before anything is done',
      proof: [{ file: IMPORT, test: 'what the engine has not heard of is refused before anything is done' }],
    },
  ],
};

import { copyImage } from './copy.js';
import { downloadImage } from './download.js';
import { createVm, getVm, hibernate } from './hibernate.js';
import { cloneImageStructure, deleteImage, syncImageData } from './images.js';
import { mergeSnapshots } from './merge.js';
import type { Verb } from './verb.js';
import { diskReplicateFinish, diskReplicateStart, getVmDisk, snapshot } from './vm.js';
import { createVolume, deleteVolume, getVolumesList } from './volumes.js';

/** The verbs that ship. Default latencies and rates are those of oVirt installations on block storage. */
export const VERBS: readonly Verb[] = [
  createVolume,
  deleteVolume,
  cloneImageStructure,
  syncImageData,
  deleteImage,
  snapshot,
  diskReplicateStart,
  diskReplicateFinish,
  getVmDisk,
  getVolumesList,
  copyImage,
  mergeSnapshots,
  downloadImage,
  hibernate,
  createVm,
  getVm,
];

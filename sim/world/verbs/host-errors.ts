import { GENERAL_FAILURE, UNKNOWN_DOMAIN } from '../../../actors/wire.js';

/** How simulated verbs fail by themselves, with vdsm's codes. */
export const HOST_ERRORS = {
  noSuchVm: { code: 1, text: 'Virtual machine does not exist' },
  vmExists: { code: 4, text: 'Virtual machine already exists' },
  driveNotFound: { code: 13, text: 'Drive image file could not be found' },
  notConverged: { code: 40, text: 'Resource unavailable' },
  snapshotFailed: { code: 48, text: 'Snapshot failed' },
  replicationError: { code: 55, text: 'Drive replication error' },
  // Inside a task, vdsm keeps the codes of storage exceptions only; "volume has children" (204) and "not shareable" (214) are none and become 100.
  general: { code: GENERAL_FAILURE, text: 'General Exception' },
  noSuchVolume: { code: 201, text: 'Volume does not exist' },
  volumeExists: { code: 212, text: 'Volume already exists' },
  notALegalChain: { code: 262, text: 'Image is not a legal chain' },
  noSuchImage: { code: 268, text: 'Image does not exist in domain' },
  // No codes of vdsm: answered by the verbs that scenarios declare.
  alreadyThere: { code: 9201, text: 'It is there already' },
  notThere: { code: 9202, text: 'It is not there' },
  noSuchDomain: { code: UNKNOWN_DOMAIN, text: 'Storage domain does not exist' },
} as const;

export type HostError = keyof typeof HOST_ERRORS;

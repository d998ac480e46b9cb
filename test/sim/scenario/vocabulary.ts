import { z } from 'zod';
import { defineCommand } from '../../../src/model/command.js';
import { SeatbeltError } from '../../../src/model/errors.js';
import type { Vocabulary } from '../../../sim/scenario/check.js';

/** A command with params of several kinds, for files that name it. */
export const moveDisk = defineCommand({
  type: 'MoveDisk',
  params: z.strictObject({ vm: z.string(), disks: z.array(z.string()).min(1), priority: z.int().default(3) }),
})
  .step({ name: 'copy' })
  .step({ name: 'remove' })
  .build();

const commands = [moveDisk];

/** Two commands' worth of names, so that tests do not depend on what ships. */
export const vocabulary: Vocabulary = {
  commandTypes: ['MoveDisk'],
  verbs: [
    { name: 'syncImageData', kind: 'spm', argNames: ['disk', 'source', 'target'], movesData: true, scripted: false },
    { name: 'deleteImage', kind: 'spm', argNames: ['domain', 'disk'], movesData: false, scripted: false },
    { name: 'snapshot', kind: 'hsm', argNames: ['vm'], movesData: false, scripted: false },
  ],
  checkParams: (type, params) => {
    const command = commands.find((candidate) => candidate.type === type);
    if (command === undefined) throw new SeatbeltError('UNKNOWN_COMMAND_TYPE', type);
    return command.parseParams(params);
  },
};

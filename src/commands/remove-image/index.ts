import { defineCommand } from '../../model/command.js';
import { destroyImage } from './destroy-image.js';
import { removeImageParams } from './params.js';

/** Removes a disk for ever: its image from storage, and its record. */
export const RemoveImage = defineCommand({
  type: 'RemoveImage',
  params: removeImageParams,
  locks: ({ disk }) => [{ key: `disk/${disk}`, mode: 'exclusive' }],
})
  .step(destroyImage)
  .build();

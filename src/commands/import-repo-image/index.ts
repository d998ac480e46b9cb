import { defineCommand } from '../../model/command.js';
import { addImageFromScratch } from './add-image-from-scratch.js';
import { downloadImage } from './download-image.js';
import { importRepoImageParams } from './params.js';

/** Makes a disk of what a repository outside the pool offers. The disk and its volume are new, and nobody else knows them before they are whole. */
export const ImportRepoImage = defineCommand({ type: 'ImportRepoImage', params: importRepoImageParams }).step(addImageFromScratch).step(downloadImage).build();

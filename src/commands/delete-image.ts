import type { TaskRequest } from '../model/task.js';
import { IMAGE_DOES_NOT_EXIST } from './host-codes.js';

/** Where a disk's image is. */
export type ImagePlace = { readonly pool: string; readonly domain: string; readonly disk: string };

/** Removes a disk's image from a domain; one that is gone already is what was wanted. */
export function deleteImage({ pool, domain, disk }: ImagePlace): TaskRequest {
  return { verb: 'deleteImage', args: { domain, disk }, pool, entity: `disk/${disk}`, doneCodes: [IMAGE_DOES_NOT_EXIST] };
}

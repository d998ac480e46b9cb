import type { Strategy } from '../ready-list.js';

/** What became ready first runs first. */
export function fifo(): Strategy {
  return { name: 'fifo', pick: () => 0 };
}

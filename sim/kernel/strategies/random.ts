import type { Strategy } from '../ready-list.js';
import type { Streams } from '../streams.js';

/** Each of the ready events is as likely to run next. Draws only where there is a choice. */
export function random(streams: Streams): Strategy {
  const stream = streams.get('kernel', 'schedule');
  return { name: 'random', pick: (ready) => (ready.length > 1 ? stream.int(0, ready.length - 1) : 0) };
}

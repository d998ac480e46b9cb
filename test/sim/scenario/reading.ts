import { SeatbeltError } from '../../../src/model/errors.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import type { Scenario } from '../../../sim/scenario/schema.js';
import { vocabulary } from './vocabulary.js';

export function read(text: string, set: readonly string[] = []): Scenario {
  return parseScenario(text, 'file.yaml', { vocabulary, set });
}

/** The one line that a bad scenario is refused with. */
export function refusal(text: string, set: readonly string[] = []): string {
  try {
    read(text, set);
  } catch (error) {
    if (error instanceof SeatbeltError && error.code === 'BAD_SCENARIO') return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

import { scenarioJsonSchema } from '../scenario/json-schema.js';
import { EXIT, type CliIo } from './io.js';

/** `seatbelt schema`. @returns the exit code */
export function schema(io: CliIo): number {
  io.stdout.write(`${JSON.stringify(scenarioJsonSchema(), undefined, 2)}\n`);
  return EXIT.held;
}

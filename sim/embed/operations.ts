import { asData } from '../../src/model/data.js';
import type { Scenario } from '../scenario/schema.js';
import type { Operation } from '../world/client.js';

/** The operators' actions that a scenario plans, each with its time (µs). Their request ids follow from their places. */
export function operationsOf(scenario: Scenario): readonly { readonly at: number; readonly request: Operation }[] {
  return scenario.commands.flatMap(({ id, operator = [] }) =>
    operator.map(({ at, child, output, ...wish }, i) => ({
      at,
      request: {
        commandId: child ?? id,
        requestId: `scenario-${i + 1}`,
        ...wish,
        ...(output === undefined ? {} : { output: asData(output, `command ${id}: operator[${i}].output`) }),
      },
    })),
  );
}

import { asData } from '../../src/model/data.js';
import type { Scenario } from '../scenario/schema.js';
import type { Cluster } from './cluster.js';
import { operationsOf } from './operations.js';

/** Lets the cluster's client do what the scenario has planned for it and it has not done yet, now (µs) or later. */
export function planErrands(cluster: Cluster, scenario: Scenario, now: number): void {
  const { agenda } = cluster;
  const { commands } = scenario;
  for (const { at, request } of operationsOf(scenario)) if (!agenda.isAnswered(request)) cluster.operateAt(Math.max(at, now), request);
  for (const errand of agenda.errands(commands, now)) {
    switch (errand.act) {
      case 'submit': {
        const command = commands.find(({ id }) => id === errand.id);
        if (command === undefined) break;
        const { id, type, params } = command;
        cluster.submitAt(errand.at, { id, type, params: asData(params, `command ${id}: params`) });
        break;
      }
      case 'watch':
        cluster.watchAt(errand.at, errand.id);
        break;
      case 'cancel':
        cluster.cancelAt(errand.at, errand.id);
        break;
    }
  }
}

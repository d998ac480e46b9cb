import { expect } from 'vitest';
import { DEFAULT_ENGINE_SETTINGS, type EngineSettings } from '../../../../actors/settings.js';
import { parseScenario } from '../../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../../sim/scenario/vocabulary.js';
import type { Row, RowWithoutEqual, Section } from '../row.js';

interface Setting {
  readonly oVirts: string;
  readonly ours: keyof EngineSettings;
  readonly words: string;
  readonly value: number;
  readonly differs?: string;
}

const SETTINGS: readonly Setting[] = [
  { oVirts: 'AsyncTaskPollingRate', ours: 'pollingRateMs', words: '10 s', value: 10_000 },
  { oVirts: 'AsyncTaskZombieTaskLifeInMinutes', ours: 'zombieAfterMs', words: '3000 min', value: 180_000_000 },
  {
    oVirts: 'UknownTaskPrePollingLapse',
    ours: 'unknownGraceMs',
    words: '60 s',
    value: 60_000,
    differs: 'oVirt counts from when it first has a task without an entity, and takes it for failed at once when that is over; ours counts how long a settled SPM has not listed it, and fences it then',
  },
  { oVirts: 'SPMFailOverAttempts', ours: 'spmFailOverAttempts', words: '3', value: 3 },
  { oVirts: 'vdsTimeout, of a call', ours: 'callTimeoutMs', words: '180 s', value: 180_000 },
  { oVirts: 'vdsTimeout, of a request to the SPM', ours: 'requestTimeoutMs', words: '180 s', value: 180_000 },
  { oVirts: 'StoragePoolRefreshTimeInSeconds', ours: 'poolRefreshMs', words: '10 s', value: 10_000 },
];

const rows = SETTINGS.map(
  ({ oVirts, ours, words, value, differs }): Row => ({
    id: `ovirt-2.config-${ours.replace(/Ms$/, '')}`,
    source: `Configuration: ${oVirts}`,
    given: 'a scenario that says nothing of the engine, and an engine that is embedded without settings',
    when: 'their settings are read',
    then: `${ours.replace(/Ms$/, '')} is ${words}, as there`,
    proof: () => {
      const { engine } = parseScenario('{}', 'empty.yaml', { vocabulary: BUILT_IN_VOCABULARY });
      expect([DEFAULT_ENGINE_SETTINGS[ours], engine[ours]]).toEqual([value, value]);
    },
    ...(differs === undefined ? {} : { differs }),
  }),
);

const WITHOUT_EQUAL: readonly RowWithoutEqual[] = [
  {
    id: 'ovirt-2.config-cache-refresh',
    source: 'Configuration: AsyncTaskStatusCacheRefreshRateInSeconds',
    fact: 'How often the engine looks for statuses in its cache that have grown old',
    doesNotApply: 'nothing is cached: what a poll says is judged when it arrives',
  },
  {
    id: 'ovirt-2.config-cache-life',
    source: 'Configuration: AsyncTaskStatusCachingTimeInMinutes',
    fact: 'How long the engine remembers the status of a task that is cleared',
    doesNotApply: 'nothing is cached: of a task that is over, the snapshot of its command tells how it ended',
  },
  {
    id: 'ovirt-2.config-command-retries',
    source: 'Configuration: SpmCommandFailOverRetries',
    fact: 'After three failures a verb is not tried on yet another SPM',
    doesNotApply: 'with task ids of the engine a repetition does no harm: what was not refused is offered until the time limit of its step or a cancel',
  },
];

export const ovirt2Settings: Section = { title: 'Configuration of the task manager', page: 'ovirt-facts.md', rows: [...rows, ...WITHOUT_EQUAL] };

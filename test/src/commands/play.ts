import { join } from 'node:path';
import type { Probe } from '../../../actors/probe.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import { StoreMirror } from '../../../sim/invariants/store-mirror.js';
import type { CommandResult } from '../../../sim/report/result.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { openStoreDirectory } from '../../../src/store/directory.js';
import type { Data } from '../../../src/model/data.js';
import { temporaryDirectory } from '../store/temporary-directory.js';

/** A run that has come to rest. */
export interface Played {
  readonly command: (id: string) => CommandResult;
  /** What hosts did, in order: `syncImageData`, or with the code that it ended with, `syncImageData 261`. Looking is left out. */
  readonly verbs: readonly string[];
  /** The engine's records at the end. */
  readonly entity: (key: string) => Data | undefined;
  /** Their keys. */
  readonly entities: readonly string[];
  /** Callbacks that were committed, as `compensate 0 ok`. */
  readonly history: (command: CommandResult | undefined) => readonly string[];
  /** The invariants that are broken, and faults that did not happen. */
  readonly broken: readonly string[];
  readonly commands: readonly CommandResult[];
}

/** Plays a scenario, as a file says it, until nothing is left to do. */
export async function play(document: object): Promise<Played> {
  const scenario = parseScenario(JSON.stringify(document), 'play.json', { vocabulary: BUILT_IN_VOCABULARY });
  const db = join(await temporaryDirectory(), 'db');
  const simulation = await Simulation.create(scenario, { db });
  const verbs: string[] = [];
  const record = verbRecorder(verbs);
  simulation.on('probe', ({ probe }) => record(probe));
  try {
    await simulation.run();
  } finally {
    await simulation.dispose();
  }
  const { commands, invariants, unused } = simulation.result();
  const disk = await openStoreDirectory(db);
  const { entities } = new StoreMirror(await disk.scan(''));
  await disk.close();
  return {
    commands,
    command: (id) => {
      const found = commands.find((command) => command.id === id);
      if (found === undefined) throw new Error(`there is no command ${id}`);
      return found;
    },
    verbs,
    entity: (key) => entities.get(key)?.value,
    entities: [...entities.keys()],
    history: (command) => (command?.history ?? []).map(({ callback, index, outcome }) => `${callback} ${index} ${outcome}`),
    broken: [...invariants.filter(({ held }) => !held).map(({ name, detail }) => `${name}: ${detail ?? ''}`), ...unused.map(({ what }) => `did not happen: ${what}`)],
  };
}

const LOOKS = ['getVmDisk', 'getVm', 'getVolumesList'];

function verbRecorder(done: string[]): (probe: Probe) => void {
  const names = new Map<string, string>();
  const add = (verb: string, code: number): void => void done.push(code === 0 ? verb : `${verb} ${code}`);
  return (probe) => {
    if (probe.type === 'hostTaskAccepted') names.set(probe.taskId, probe.verb);
    if (probe.type === 'hostTaskEnded') add(names.get(probe.taskId) ?? '?', probe.code);
    if (probe.type === 'hostCall' && !probe.repeated && !LOOKS.includes(probe.verb)) add(probe.verb, probe.code);
  };
}

import { join } from 'node:path';
import type { Probe } from '../../../actors/probe.js';
import { Simulation } from '../../../sim/embed/simulation.js';
import { StoreMirror } from '../../../sim/invariants/store-mirror.js';
import type { CommandResult } from '../../../sim/report/result.js';
import { BUILT_IN_VOCABULARY } from '../../../sim/scenario/vocabulary.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import type { Data } from '../../../src/model/data.js';
import { openStoreDirectory } from '../../../src/store/directory.js';
import { temporaryDirectory } from '../store/temporary-directory.js';

/** Of a scenario file: what the command `c1` meets. */
export interface Scene {
  readonly faults?: readonly unknown[];
  readonly verbs?: { readonly [verb: string]: unknown };
  readonly engine?: { readonly [setting: string]: string };
  readonly cancelAt?: string;
}

export interface FlowRun {
  readonly command: CommandResult;
  /** What hosts did, in order: `copyImage`, or with the code that it ended with, `copyImage 261`. Looking is left out. */
  readonly verbs: readonly string[];
  /** The engine's records at the end. */
  readonly entity: (key: string) => Data | undefined;
  /** Invariants that are broken, with what is wrong. */
  readonly broken: readonly string[];
}

const LOOKING = ['getVmDisk', 'getVolumesList'];

/** Runs one command, `c1`, on what `world` says there is, until nothing is left to do. */
export async function runFlow(type: string, world: object, params: object, { cancelAt, ...scene }: Scene = {}): Promise<FlowRun> {
  const command = { at: '1s', id: 'c1', type, params: { pool: 'pool1', ...params }, ...(cancelAt === undefined ? {} : { cancelAt }) };
  const scenario = parseScenario(JSON.stringify({ ...world, ...scene, commands: [command] }), 'flow.json', { vocabulary: BUILT_IN_VOCABULARY });
  const db = join(await temporaryDirectory(), 'db');
  const simulation = await Simulation.create(scenario, { db });
  const done: string[] = [];
  const record = verbRecorder(done);
  simulation.on('probe', ({ probe }) => record(probe));
  try {
    await simulation.run();
  } finally {
    await simulation.dispose();
  }
  const result = simulation.result();
  const [of] = result.commands;
  if (of === undefined) throw new Error('there is no such command');
  const disk = await openStoreDirectory(db);
  const { entities } = new StoreMirror(await disk.scan(''));
  await disk.close();
  return {
    command: of,
    verbs: done,
    entity: (key) => entities.get(key)?.value,
    broken: result.invariants.filter(({ held }) => !held).map(({ name, detail }) => `${name}: ${detail ?? ''}`),
  };
}

function verbRecorder(done: string[]): (probe: Probe) => void {
  const names = new Map<string, string>();
  const add = (verb: string, code: number): void => void done.push(code === 0 ? verb : `${verb} ${code}`);
  return (probe) => {
    if (probe.type === 'hostTaskAccepted') names.set(probe.taskId, probe.verb);
    if (probe.type === 'hostTaskEnded') add(names.get(probe.taskId) ?? '?', probe.code);
    if (probe.type === 'hostCall' && !probe.repeated && !LOOKING.includes(probe.verb)) add(probe.verb, probe.code);
  };
}

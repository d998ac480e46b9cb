import type { CommandResult } from '../../../sim/report/result.js';
import { play, type Played } from './play.js';

/** Of a scenario file: what the command `c1` meets. */
export interface Scene {
  readonly faults?: readonly unknown[];
  readonly verbs?: { readonly [verb: string]: unknown };
  readonly engine?: { readonly [setting: string]: string };
  readonly cancelAt?: string;
}

export type FlowRun = Pick<Played, 'verbs' | 'entity' | 'broken'> & { readonly command: CommandResult };

/** Runs one command on what `world` says there is, until nothing is left to do. */
export async function runFlow(type: string, world: object, params: object, { cancelAt, ...scene }: Scene = {}): Promise<FlowRun> {
  const asked = { at: '1s', id: 'c1', type, params: { pool: 'pool1', ...params }, ...(cancelAt === undefined ? {} : { cancelAt }) };
  const { command, verbs, entity, broken } = await play({ ...world, ...scene, commands: [asked] });
  return { command: command('c1'), verbs, entity, broken };
}

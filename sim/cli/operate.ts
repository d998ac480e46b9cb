import { resolve } from 'node:path';
import type { Data } from '../../src/model/data.js';
import type { OperatorAction } from '../../src/model/operator.js';
import { inspect } from './inspect.js';
import type { CliIo } from './io.js';
import { orTellHowToAccept } from './older-store.js';
import type { Services } from './services.js';

export interface OperateOptions {
  readonly db: string;
  readonly reason?: string;
  readonly output?: Data;
  readonly json: boolean;
}

/** `seatbelt operate`: acts, and shows the command as it is then. @returns the exit code. @throws SeatbeltError on bad input, or if it is refused */
export async function operate(action: OperatorAction, command: string, options: OperateOptions, io: CliIo, services: Services): Promise<number> {
  const { db, reason, output, json } = options;
  const wish = { action, ...(reason === undefined ? {} : { reason }), ...(output === undefined ? {} : { output }) };
  await orTellHowToAccept(db, io, () => services.operate(resolve(io.cwd, db), command, wish));
  return inspect(command, { db, json }, io);
}

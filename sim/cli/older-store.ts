import { InvalidArgumentError } from 'commander';
import type { SeenCommits } from '../../actors/wire.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { OlderStore } from '../embed/older-store.js';
import type { CliIo } from './io.js';
import { commandLine } from './shell.js';

/** What an operator names to go on from an older store: `41.3`, the last commit that hosts have seen, and its incarnation. */
export function seenCommits(text: string): SeenCommits {
  const [, commitSeq, incarnation] = /^(\d{1,15})\.(\d{1,15})$/.exec(text) ?? [];
  if (commitSeq === undefined || incarnation === undefined) throw new InvalidArgumentError('Give the commit and the incarnation that the refusal names, as in 41.3.');
  return { commitSeq: Number(commitSeq), incarnation: Number(incarnation) };
}

/** Does it; a refusal for an older store tells how to go on all the same. @param db as the user named it */
export async function orTellHowToAccept<T>(db: string, io: CliIo, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof OlderStore)) throw error;
    const { commitSeq, incarnation } = error.seen;
    const line = commandLine([...io.program, 'resume', '--db', db, '--accept-older-store', `${commitSeq}.${incarnation}`]);
    throw new SeatbeltError(error.code, `${error.message}; or go on without those commits: ${line}`, { cause: error });
  }
}

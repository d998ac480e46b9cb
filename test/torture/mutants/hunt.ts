import { rmSync } from 'node:fs';
import type { Finding } from '../crash-points/campaign.js';
import { copyFor, program } from '../compiled.js';
import { runProcess } from '../processes.js';
import type { HunterMessage } from './hunter.js';
import { plant } from './plant.js';
import type { Mutant } from './mutant.js';

export type Verdict =
  /** @see Finding.problems for what noticed it */
  | { readonly kind: 'caught'; readonly runs: number; readonly finding: Finding }
  /** A run did not end, and the process had to be. */
  | { readonly kind: 'hung'; readonly runs: number }
  | { readonly kind: 'survived'; readonly runs: number };

export interface Hunt {
  readonly seed: number;
  /** At most so many runs. */
  readonly runs: number;
  /** Wall ms after which a single run is taken to be without an end. */
  readonly runLimitMs: number;
}

/**
 * Plants the mutant in a copy of the program, which is gone afterwards, and lets the campaign of crash points look for it.
 * @param place names the copy: two hunts at a time need two
 */
export async function hunt(mutant: Mutant, place: string, { seed, runs: most, runLimitMs }: Hunt): Promise<Verdict> {
  const copy = copyFor(place);
  plant(mutant, copy);
  let runs = 0;
  let finding: Finding | null = null;
  const stop = new AbortController();
  const end = (): void => stop.abort();
  let watchdog = setTimeout(end, runLimitMs);
  try {
    await runProcess(
      program('mutants/hunter.js', copy),
      [String(seed), String(most)],
      (message) => {
        clearTimeout(watchdog);
        watchdog = setTimeout(end, runLimitMs);
        const told = message as HunterMessage;
        runs = told.runs;
        if (told.type === 'caught') finding = told.finding;
      },
      { signal: stop.signal },
    );
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return { kind: 'hung', runs };
  } finally {
    clearTimeout(watchdog);
    rmSync(copy, { recursive: true, force: true });
  }
  return finding === null ? { kind: 'survived', runs } : { kind: 'caught', runs, finding };
}

/** The invariant that noticed, or what else did. */
export function noticedBy(verdict: Verdict): string {
  if (verdict.kind !== 'caught') return verdict.kind;
  return verdict.finding.problems[0]?.split(':')[0] ?? '';
}

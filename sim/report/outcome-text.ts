import type { Outcome } from '../../src/model/outcome.js';

/** How a task or child ended, in words. */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'failed':
      return `failed (${outcome.code} ${outcome.message}${outcome.takeOver ? ', taken over unfinished by a new SPM' : ''})`;
    case 'refused':
      return `refused (${outcome.code} ${outcome.message})`;
    case 'aborted':
      return `aborted (${outcome.reason})`;
    case 'childFailed':
      return `failed (${outcome.error.message})`;
    case 'notSent':
      return 'never sent';
    case 'succeeded':
    case 'lost':
    case 'unknown':
      return outcome.kind;
  }
}

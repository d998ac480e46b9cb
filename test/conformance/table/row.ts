import type { NamedTest } from '../../lint/named-test.js';

/** A statement of the specification, or a fact about the real systems, as something that can be seen to be so. All texts are our own words. */
export interface Row {
  /** Unique for ever, e.g. `vdsm-1.stop-queued`. */
  readonly id: string;
  /** Which sentence, table row or test of the section's page it is: `Control verbs by state: stopTask, queued`. */
  readonly source: string;
  readonly given: string;
  readonly when: string;
  /** What is so here; where ours differs, what ours does. */
  readonly then: string;
  /** Runs the real thing, and throws unless it is so; or names the tests that do. */
  readonly proof: (() => void | Promise<void>) | readonly NamedTest[];
  /** Where ours is another on purpose: what the real one does, and why ours does not. */
  readonly differs?: string;
}

/** A fact that there is nothing of here. */
export interface RowWithoutEqual {
  readonly id: string;
  readonly source: string;
  /** What the real one does. */
  readonly fact: string;
  readonly doesNotApply: string;
}

/** The rows from one section of one page, in its order. */
export interface Section {
  readonly title: string;
  readonly page: 'semantics.md' | 'ovirt-facts.md' | 'vdsm-facts.md';
  readonly rows: readonly (Row | RowWithoutEqual)[];
}

export type RowState = 'holds' | 'differs' | 'does not apply';

export function stateOf(row: Row | RowWithoutEqual): RowState {
  if ('doesNotApply' in row) return 'does not apply';
  return row.differs === undefined ? 'holds' : 'differs';
}

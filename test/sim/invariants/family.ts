import type { ChildItem } from '../../../src/flow/state.js';
import { Child, Leaving, Parent } from './definitions.js';
import { CHILD, Life } from './life.js';
import { Watched } from './watched.js';

/** A parent with two children, which are completed if they are to be. */
export class Family {
  readonly parent: Life;
  readonly first: Life;
  readonly second: Life;

  constructor(definition = Parent, { completed = true } = {}) {
    this.parent = new Life(new Watched([Parent, Leaving, Child]), definition).admitted();
    if (definition === Parent) this.parent.returns().returns();
    this.parent.returns({ work: [CHILD, CHILD] });
    const [first, second] = this.parent.open().map(({ id }) => new Life(this.parent.run, Child, id).admitted());
    if (first === undefined || second === undefined) throw new Error('there are no children');
    this.first = first;
    this.second = second;
    if (completed) for (const child of [first, second]) this.#complete(child);
  }

  #complete(child: Life): void {
    child.returns().returns();
    this.parent.happens({ type: 'childReported', id: child.state.id, report: { is: 'completed', past: false } });
  }

  /** The parent's last step fails, and is undone: its children are next. */
  rollsBack(): this {
    this.parent.returns().throws().returns();
    return this;
  }

  /** The parent's snapshot says this of its first child. */
  claims(child: Partial<ChildItem>): Life {
    const { steps, executionIndex } = this.parent.state;
    return this.parent.forge({
      steps: steps.map((step, i) => (i !== executionIndex ? step : { ...step, work: step.work.map((item) => (item.kind === 'child' && item.id === this.first.state.id ? { ...item, ...child } : item)) })),
    });
  }
}

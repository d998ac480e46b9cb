import type { FaultPart } from '../faults/fault-part.js';
import { tableOfData, type Table } from '../world/table.js';
import { TrackedMap } from '../world/tracked-map.js';

/** A node is out of service until then, µs: it is down, and why; or it is up and stands still. */
export type Outage = { readonly what: 'down'; readonly until: number; readonly cause: string } | { readonly what: 'still'; readonly until: number };

/** Which nodes are out of service, and until when. It outlives the process, so that another one knows who is still to come back. All times are µs. */
export class Outages implements FaultPart {
  readonly #byNode = new TrackedMap<string, Outage>();

  /** @param now the virtual time */
  constructor(private readonly now: () => number) {}

  tables(): readonly Table[] {
    return [tableOfData('outage', this.#byNode)];
  }

  /** Null: it is in service. One that is down is out until {@link over} is called. */
  of(node: string): Outage | null {
    const outage = this.#byNode.get(node);
    return outage === undefined || (outage.what === 'still' && outage.until <= this.now()) ? null : outage;
  }

  down(node: string, cause: string, until: number): void {
    this.#byNode.set(node, { what: 'down', until, cause });
  }

  /** One that stands still already does so until the later of the two. */
  still(node: string, until: number): void {
    const before = this.of(node);
    this.#byNode.set(node, { what: 'still', until: Math.max(until, before?.until ?? 0) });
  }

  /** It is in service. */
  over(node: string): void {
    if (this.#byNode.has(node)) this.#byNode.delete(node);
  }

  /** Who stands still goes on, and who is down is to come back now. */
  heal(): void {
    for (const [node, outage] of [...this.#byNode]) {
      if (outage.what === 'still') this.over(node);
      else this.down(node, outage.cause, this.now());
    }
  }
}

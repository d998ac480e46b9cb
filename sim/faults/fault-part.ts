import type { Table } from '../world/table.js';

/** A part of the simulation that lets faults happen. */
export interface FaultPart {
  /** What of it outlives the process. */
  tables(): readonly Table[];
  /**
   * From now on no fault of its own is in force, and none that is still to come will be: rates are zero, links work, what hangs goes on, what is down comes back. To be
   * called within an event.
   */
  heal(): void;
}

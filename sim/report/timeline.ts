import type { Probe } from '../../actors/probe.js';
import { Chronicle, type Row } from './chronicle.js';
import type { RunResult } from './result.js';
import { clock, printable, type Style } from './style.js';

/** What the simulation tells its listeners. */
export interface ProbeEvent {
  /** Virtual µs. */
  readonly t: number;
  readonly node: string;
  readonly probe: Probe;
}

const HEADINGS = ['TIME', 'COMMAND', 'STEP', 'TASK', 'HOST', 'WHAT'];

/** Wide enough for most, so that lines can be printed as things happen; a column that turns out too narrow grows from there on. The last is free. */
const FIRST_WIDTHS = [9, 14, 24, 7, 5];

/** Writes a run as lines: virtual time, command, step, task, host, what happened. */
export class Timeline {
  readonly #chronicle = new Chronicle();
  readonly #widths = [...FIRST_WIDTHS];

  constructor(private readonly style: Style) {}

  /** To be shown, when a run goes on, what it has come to so far. */
  remember(result: RunResult): void {
    this.#chronicle.remember(result);
  }

  heading(): string {
    return this.style.dim(this.#aligned(HEADINGS));
  }

  /** The line for what happened, or undefined if it is not worth one. To be called for every probe, in order. */
  line({ t, node, probe }: ProbeEvent): string | undefined {
    const row = this.#chronicle.row(probe, node);
    if (row === undefined) return undefined;
    return this.#mark(row, this.#aligned([clock(t), row.command, row.step, row.task, row.host, row.what].map(printable)));
  }

  #aligned(cells: readonly string[]): string {
    return cells
      .map((cell, i) => {
        const before = this.#widths[i];
        if (before === undefined) return cell;
        const width = Math.max(before, cell.length);
        this.#widths[i] = width;
        // Times read best when their points stand below each other.
        return i === 0 ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  }

  #mark(row: Row, line: string): string {
    switch (row.tone) {
      case 'plain':
        return line;
      case 'good':
      case 'bad':
      case 'notable':
      case 'dim':
        return this.style[row.tone](line);
    }
  }
}

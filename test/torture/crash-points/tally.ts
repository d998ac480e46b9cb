import type { Blow } from './blow.js';
import type { Finding } from './campaign.js';
import type { Ran, WorkerMessage } from './worker.js';

type Counted = Record<keyof Ran, number>;

interface OfCase {
  events: number;
  portOperations: number;
  readonly findings: Finding[];
  readonly ran: Counted;
}

const none = (): Counted => ({ inMemory: 0, struck: 0, otherwise: 0, onLevelDb: 0, events: 0 });

/** What the runs of a campaign came to. */
export class Tally {
  readonly #cases = new Map<string, OfCase>();
  readonly #blows = new Map<Blow, Counted>();

  add(message: WorkerMessage): void {
    switch (message.type) {
      case 'case': {
        const { name, events, portOperations } = message;
        Object.assign(this.#of(name), { events, portOperations });
        return;
      }
      case 'ran': {
        const { type: _type, name, blow, ...ran } = message;
        const counted = this.#blows.get(blow) ?? none();
        this.#blows.set(blow, counted);
        for (const sums of [this.#of(name).ran, counted]) for (const key of Object.keys(ran) as (keyof Ran)[]) sums[key] += ran[key];
        return;
      }
      case 'found':
        this.#of(message.finding.case).findings.push(message.finding);
    }
  }

  get cases(): number {
    return this.#cases.size;
  }

  /** In memory and on LevelDB. */
  get runs(): number {
    return this.#sum(({ inMemory, onLevelDb }) => inMemory + onLevelDb);
  }

  get events(): number {
    return this.#sum(({ events }) => events);
  }

  get findings(): number {
    return this.#wrong().length;
  }

  /** A line for each case, one for each kind of blow, and so many findings. */
  lines(blows: readonly Blow[], mostShown: number): readonly string[] {
    const perCase = [...this.#cases].map(([name, { events, portOperations, ran, findings }]) =>
      row([events, portOperations, (events + 2 * portOperations) * blows.length, ran.inMemory, ran.struck, ran.otherwise, ran.onLevelDb, findings.length], name),
    );
    const perBlow = [...this.#blows].map(([blow, ran]) => {
      const wrong = this.#wrong().filter((finding) => finding.blow?.blow === blow).length;
      return row(['', '', '', ran.inMemory, ran.struck, ran.otherwise, ran.onLevelDb, wrong], blow);
    });
    const wrong = this.#wrong();
    const shown = wrong.slice(0, mostShown).map(({ case: name, problems, again }) => `\n${name}\n  ${problems.join('\n  ')}\n  ${again}`);
    return [
      row(['events', 'port ops', 'points', 'runs', 'struck', 'otherwise', 'LevelDB', 'wrong'], 'case'),
      ...perCase,
      '',
      ...perBlow,
      ...shown,
      ...(wrong.length > mostShown ? [`\n… and ${wrong.length - mostShown} more`] : []),
    ];
  }

  #sum(of: (ran: Counted) => number): number {
    return [...this.#blows.values()].reduce((sum, ran) => sum + of(ran), 0);
  }

  #wrong(): readonly Finding[] {
    return [...this.#cases.values()].flatMap(({ findings }) => findings);
  }

  #of(name: string): OfCase {
    const known = this.#cases.get(name) ?? { events: 0, portOperations: 0, findings: [], ran: none() };
    this.#cases.set(name, known);
    return known;
  }
}

function row(cells: readonly (string | number)[], name: string): string {
  return [...cells.map((cell) => String(cell).padStart(9)), name].join('  ');
}

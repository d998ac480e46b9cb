import type { Trial } from './campaign.js';
import type { Flow } from './flows.js';
import { KINDS, MIXES } from './kinds.js';

/** What all trials of a campaign came to. */
export class Tally {
  readonly wrong: Trial[] = [];
  #runs = 0;
  /** `flow / mix`, then the ending. */
  readonly #endings = new Map<string, Map<string, number>>();
  readonly #happened = new Map<string, number>();

  add(trial: Trial): void {
    this.#runs += 1;
    if (trial.problems.length > 0) this.wrong.push(trial);
    const endings = this.#endings.get(`${trial.flow} / ${trial.mix}`) ?? new Map<string, number>();
    this.#endings.set(`${trial.flow} / ${trial.mix}`, endings);
    for (const ending of trial.endings) endings.set(ending, (endings.get(ending) ?? 0) + 1);
    for (const kind of trial.happened) this.#happened.set(kind, (this.#happened.get(kind) ?? 0) + 1);
  }

  get runs(): number {
    return this.#runs;
  }

  /** What a campaign demands that is not so, in words. @param least how often each kind of fault has to have happened */
  failings(flows: readonly Flow[], least: number): readonly string[] {
    const timid = flows.flatMap(({ name, least: demanded }) =>
      Object.entries(demanded).flatMap(([mix, share]) => {
        const succeeded = this.#share(`${name} / ${mix}`, 'SUCCEEDED');
        return succeeded >= share ? [] : [`of ${name}, ${percent(succeeded)} succeeded with ${mix}, and ${percent(share)} have to`];
      }),
    );
    // Nothing but a failure is a reason to fail.
    const groundless = flows.flatMap(({ name }) =>
      (['faults that heal', 'hosts that die'] as const).filter((mix) => this.#share(`${name} / ${mix}`, 'ROLLED_BACK (failure)') > 0).map((mix) => `of ${name}, some rolled back for a failure with ${mix}`),
    );
    const rare = KINDS.filter(({ name }) => (this.#happened.get(name) ?? 0) < least).map(({ name }) => `${name} happened ${this.#happened.get(name) ?? 0} times, and has to ${least} times`);
    return [...timid, ...groundless, ...rare];
  }

  /** Markdown: the share of each ending by flow and mix, and how often each kind of fault has happened. */
  table(flows: readonly Flow[]): readonly string[] {
    const columns = [...new Set([...this.#endings.values()].flatMap((endings) => [...endings.keys()]))].sort();
    const rows = flows.flatMap(({ name }) => MIXES.map((mix) => `${name} / ${mix}`)).map((of) => `| ${of} | ${columns.map((ending) => percent(this.#share(of, ending))).join(' | ')} |`);
    return [
      `| flow / faults | ${columns.join(' | ')} |`,
      `|---|${columns.map(() => '---|').join('')}`,
      ...rows,
      '',
      '| fault | happened |',
      '|---|---|',
      ...KINDS.map(({ name }) => `| ${name} | ${this.#happened.get(name) ?? 0} |`),
    ];
  }

  #share(of: string, ending: string): number {
    const endings = this.#endings.get(of) ?? new Map<string, number>();
    const all = [...endings.values()].reduce((sum, n) => sum + n, 0);
    return all === 0 ? 0 : (endings.get(ending) ?? 0) / all;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

import { tmpdir } from 'node:os';
import type { CliIo } from '../../../sim/cli/io.js';
import { runCli } from '../../../sim/cli/cli.js';
import type { RunnableSimulation, Services } from '../../../sim/cli/services.js';
import type { ProbeEvent } from '../../../sim/report/timeline.js';
import type { RunResult } from '../../../sim/report/result.js';
import type { Pace } from '../../../sim/embed/interface.js';
import { parseScenario } from '../../../sim/scenario/load.js';
import type { Scenario } from '../../../sim/scenario/schema.js';
import { report } from '../report/reports.js';
import { CRASHED_RUN } from '../report/chronicle-of-a-run.js';
import { moveDisk, vocabulary } from '../scenario/vocabulary.js';

export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Stage {
  readonly services?: Services;
  readonly cwd?: string;
  readonly isTTY?: boolean;
  readonly env?: CliIo['env'];
  readonly signal?: AbortSignal;
}

/** Runs a command line as a shell would, and collects what it says. */
export async function cli(argv: readonly string[], stage: Stage = {}): Promise<Finished> {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({ write: (text: string) => (written[name] += text), isTTY: stage.isTTY ?? false });
  const exitCode = await runCli(
    argv,
    {
      stdout: output('stdout'),
      stderr: output('stderr'),
      cwd: stage.cwd ?? tmpdir(),
      env: stage.env ?? {},
      program: ['npm', 'run', '-s', 'seatbelt', '--'],
      signal: stage.signal ?? new AbortController().signal,
    },
    stage.services ?? new StagedSimulations().services,
  );
  return { exitCode, ...written };
}

/** Simulations that play what they are given, and remember how they were treated. */
export class StagedSimulations {
  readonly created: { readonly scenario: Scenario; readonly seed: number; readonly db: string }[] = [];
  readonly resumed: string[] = [];
  /** The paces at which they were run. */
  readonly paces: (Pace | undefined)[] = [];
  disposed = 0;

  constructor(
    private readonly play: { readonly result?: Partial<RunResult>; readonly run?: () => Promise<void>; readonly refuse?: Error } = {},
  ) {}

  get services(): Services {
    return {
      commands: [moveDisk],
      vocabulary,
      createSimulation: (scenario, options) => this.#create(scenario, options),
      resumeSimulation: (db) => this.#resume(db),
      operate: async () => undefined,
      repeats: async () => ({ name: 'determinism', held: true }),
    };
  }

  #resume(db: string): Promise<RunnableSimulation> {
    this.resumed.push(db);
    return this.#create(parseScenario('name: resumed', 'kept.yaml', { vocabulary }), { seed: 7, db });
  }

  async #create(scenario: Scenario, options: { readonly seed: number; readonly db: string }): Promise<RunnableSimulation> {
    if (this.play.refuse !== undefined) throw this.play.refuse;
    this.created.push({ scenario, ...options });
    const listeners: ((event: ProbeEvent) => void)[] = [];
    const { wallTimeMs: _, ...result } = report({ scenario: scenario.name, seed: options.seed, ...this.play.result });
    return {
      now: 0,
      on: (event, listener) => {
        if (event === 'probe') listeners.push(listener as (event: ProbeEvent) => void);
      },
      run: async (pace) => {
        this.paces.push(pace);
        for (const event of CRASHED_RUN) listeners.forEach((listener) => listener(event));
        await this.play.run?.();
      },
      result: () => result,
      dispose: async () => {
        this.disposed += 1;
      },
    };
  }
}

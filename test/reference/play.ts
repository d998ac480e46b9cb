import { StoreMirror } from '../../sim/invariants/store-mirror.js';
import { isHeld, type CommandState } from '../../src/flow/state.js';
import type { TaskStatus } from '../../actors/wire.js';
import { EngineRig } from '../actors/engine-rig.js';
import type { CallReply, HostCall } from '../actors/scripted-host.js';
import { COUNTED, definitionOf, GONE, HOST_CODE, typesOf, type TaskArgs, type Tries } from './definition.js';
import { entriesOf, type Line } from './log.js';
import type { Bond } from './model.js';
import { fateOf, type CommandScript, type Course, type RunEnd, type TaskScript } from './script.js';

/** What became of one command in the real engine. */
export interface Life {
  readonly id: string;
  readonly script: CommandScript;
  readonly log: readonly Line[];
  readonly state: CommandState;
  /** The lines that its committed callbacks wrote. */
  readonly trail: readonly string[];
  /** Whether it is bound to its parent; one without parent is not. */
  readonly bond: Bond;
  /** Null for a root. */
  readonly parent: { readonly id: string; readonly step: number; readonly ordinal: number } | null;
}

export interface Played {
  readonly lives: readonly Life[];
  /** How many callbacks were committed, as the record says that they all count in. */
  readonly counted: number;
  readonly crashes: number;
  readonly events: number;
}

/** The records that say, batch by batch, what became of a command. To decode the others too would cost as much as to play a fifth of the commands. */
const TOLD = /^(command|done|history|task)\//;

/** Lets the real engine, all of it, run these commands at one time, on a simulated disk and network, with one host that does as the scripts say. */
export async function play(course: Course): Promise<Played> {
  const types = course.commands.flatMap(({ script }, i) => typesOf(`T${i}`, script));
  const host = new ScriptHost();
  const definitions = types.map(([type, script]) => definitionOf(type, script, host));
  const logs = new Map<string, Line[]>();
  let batch = 0;
  const mirror = new StoreMirror();
  let crashes = 0;
  const rig = await EngineRig.create({
    commands: definitions,
    entities: { [`counter/${COUNTED}`]: { n: 0 } },
    seed: course.seed,
    host: {
      call: (call) => host.call(call),
      submit: (verb, taskId) => host.submit(verb, taskId, rig.host.submissions.at(-1)?.args as unknown as TaskArgs),
      status: (_verb, taskId) => host.status(taskId, rig.host.stopped.includes(taskId)),
    },
    written: (ops) => {
      batch += 1;
      for (const { commandId, entries } of entriesOf(mirror.apply(ops.filter(({ key }) => TOLD.test(key))))) {
        logs.set(commandId, [...(logs.get(commandId) ?? []), ...entries.map((entry) => ({ batch, entry }))]);
      }
    },
    down: () => {
      crashes += 1;
      rig.startAgain();
      course.commands.forEach((_, i) => {
        if (!mirror.commands.has(`c${i}`)) rig.submit(`c${i}`, `T${i}`, {}, rig.kernel.now + 1_200_000);
      });
    },
  });
  try {
    course.commands.forEach(({ cancelAtMs }, i) => {
      rig.submit(`c${i}`, `T${i}`, {}, 100_000);
      if (cancelAtMs !== null) rig.ask({ op: 'cancelCommand', commandId: `c${i}` }, 100_000 + cancelAtMs * 1000);
    });
    for (const { when, portOperation } of course.crashes) rig.engine.planCrash({ at: when, portOperation });
    await rig.run();
    for (const [round] of course.operator.entries()) {
      const held = [...mirror.commands.values()].filter(({ status, heldBy }) => isHeld(status) && heldBy?.code !== 'CHILD_HELD');
      held.forEach(({ id }, n) => {
        const action = course.operator[(round + n) % course.operator.length] ?? 'retry';
        rig.ask({ op: 'operateCommand', commandId: id, requestId: `round${round}`, action });
      });
      await rig.run();
    }
    const { entities } = await rig.stored();
    const scripts = new Map(types);
    const lives = [...mirror.commands.values()].map((state): Life => {
      const script = scripts.get(state.type);
      const trail = entities.get(`trail/${state.id}`)?.value as readonly string[] | undefined;
      if (script === undefined) throw new Error(`there is no script for ${state.type}`);
      return { id: state.id, script, log: logs.get(state.id) ?? [], state, trail: trail ?? [], bond: bondOf(state), parent: parentOf(state) };
    });
    const counted = entities.get(`counter/${COUNTED}`)?.value as { readonly n: number } | undefined;
    return { lives, counted: counted?.n ?? 0, crashes, events: rig.kernel.executed };
  } finally {
    await rig.dispose();
  }
}

function bondOf({ parent }: CommandState): Bond {
  return parent === null || parent.independent ? 'free' : 'dependent';
}

/** `c0!1.1.2`: the third piece of the work that the first attempt of step 1 started. */
function parentOf({ id, parent }: CommandState): Life['parent'] {
  const [, step, ordinal] = /!(\d+)\.\d+\.(\d+)$/.exec(id) ?? [];
  return parent === null || ordinal === undefined ? null : { id: parent.commandId, step: Number(step), ordinal: Number(ordinal) };
}

/** An id ends with the attempt, and which of the tasks it is. */
const ATTEMPT = /\.(\d+)\.\d+$/;

/** How the one host deals with tasks, and what it knows of how often something was tried. */
class ScriptHost implements Tries {
  readonly #tasks = new Map<string, { readonly script: TaskScript; readonly attempt: number; polls: number }>();
  readonly #says = new Map<string, RunEnd>();
  readonly #tries = new Map<string, Set<string>>();

  began(commandId: string, step: number, attempt: number): void {
    this.#try(`${commandId}/${step}/runs`, String(attempt));
  }

  of(commandId: string, step: number, what: 'runs' | 'tasks'): number {
    return this.#tries.get(`${commandId}/${step}/${what}`)?.size ?? 0;
  }

  says(of: string, end: RunEnd): void {
    this.#says.set(of, end);
  }

  call({ verb, args }: HostCall): CallReply {
    if (verb === 'touch') return { result: null };
    const end = this.#says.get(String(args['of']));
    switch (end) {
      case 'fails':
      case 'busy':
        return { code: HOST_CODE[end] };
      case 'unanswered':
        return 'silence';
      default:
        throw new Error(`nobody has said how the call of ${String(args['of'])} is answered`);
    }
  }

  submit(verb: string, taskId: string, script: TaskArgs): number {
    if (verb === 'step') this.#try(`${script.commandId}/${script.step}/tasks`, taskId);
    const attempt = Number(ATTEMPT.exec(taskId)?.[1]);
    const fate = fateOf(script, attempt);
    if (fate === 'refused') return 1000;
    if (fate === 'refusedAsGone') return GONE;
    if (!this.#tasks.has(taskId)) this.#tasks.set(taskId, { script, attempt, polls: 0 });
    return 0;
  }

  status(taskId: string, stopAsked: boolean): Partial<TaskStatus> {
    const task = this.#tasks.get(taskId);
    if (task === undefined) throw new Error(`${taskId} was never submitted`);
    if (task.polls >= task.script.polls) return ended(task.script, task.attempt);
    if (stopAsked && task.script.heedsStop) return { taskResult: 'cleanSuccess', code: 411 };
    task.polls += 1;
    return { taskState: 'running', taskResult: '' };
  }

  #try(key: string, what: string): void {
    this.#tries.set(key, (this.#tries.get(key) ?? new Set()).add(what));
  }
}

function ended(script: TaskScript, attempt: number): Partial<TaskStatus> {
  switch (fateOf(script, attempt)) {
    case 'well':
      return { taskResult: 'success' };
    case 'fails':
      return { taskResult: 'cleanSuccess', code: HOST_CODE.fails };
    case 'busy':
      return { taskResult: 'cleanSuccess', code: HOST_CODE.busy };
    case 'takenOver':
      return { taskResult: 'cleanSuccess', code: 0 };
    case 'goneAlready':
      return { taskResult: 'cleanFailure', code: GONE };
    case 'refused':
    case 'refusedAsGone':
      throw new Error('a refused task has no status');
  }
}

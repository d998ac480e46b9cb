import { withCleanUps } from '../../src/flow/clean-up.js';
import { isTerminal, type CommandState, type TaskItem, type WorkItem } from '../../src/flow/state.js';
import { stepAt } from '../../src/flow/step.js';
import { engineTask } from './engine-task.js';
import type { Scene } from './invariant.js';

/** What a command that is under way waits for, in words: who reads them wants to know where to look. */
export function waitsFor(scene: Pick<Scene, 'mirror' | 'storage' | 'now'>, state: CommandState): string {
  const { phase } = state;
  const at = phase.at === 'admission' ? '' : ` at step ${state.executionIndex} (${state.steps[state.executionIndex]?.handler ?? 'none'})`;
  return `${state.id} is ${state.status}${at}: ${reasons(scene, state).join(', ')}`;
}

function reasons(scene: Pick<Scene, 'mirror' | 'storage' | 'now'>, state: CommandState): readonly string[] {
  const { mirror, now } = scene;
  const { phase } = state;
  switch (phase.at) {
    case 'admission':
      return [`it waits for its locks${state.locks.flatMap(({ key }) => mirror.holdersOf(key).filter(({ owner }) => owner !== state.rootId).map(({ owner }) => ` (${owner} holds ${key})`)).join('')}`];
    case 'callback':
      return phase.notBefore !== null && phase.notBefore > now() ? [`${phase.callback}, attempt ${phase.attempt}, is due at ${phase.notBefore} µs`] : [`${phase.callback}, attempt ${phase.attempt}, is to run`];
    case 'work': {
      const step = stepAt(state);
      const items = phase.of === 'step' ? step.work : step.revertWork;
      const open = items.flatMap((item): readonly WorkItem[] => (item.kind === 'task' ? withCleanUps(item) : [item])).filter(({ outcome }) => outcome === null);
      return open.map((item) => (item.kind === 'task' ? taskText(scene, item) : `it waits for child ${item.id}, which is ${mirror.commands.get(item.id)?.status ?? 'nowhere'}`));
    }
    case 'children':
      return ['its children are being rolled back'];
    case 'completed':
      return ['it waits for its root'];
    case 'held':
      return ['it is held'];
    case 'ended':
      return ['it is over'];
  }
}

function taskText({ mirror, storage, now }: Pick<Scene, 'mirror' | 'storage' | 'now'>, { id, verb, pool, notBefore, stop }: TaskItem): string {
  if (notBefore !== null) return notBefore > now() ? `task ${id} (${verb}) is due at ${notBefore} µs` : `task ${id} (${verb}) is to be placed`;
  const record = mirror.tasks.get(id);
  const onHosts = storage.tasks(pool).find((task) => engineTask(task) === id);
  const where = onHosts === undefined ? `is on no host of ${pool}` : `is ${onHosts.state} on the hosts of ${pool}`;
  return `task ${id} (${verb}, ${record?.state ?? 'without a record'}${stop === null ? '' : `, to be stopped: ${stop}`}) ${where}`;
}

/** Whether somebody else has to go on first, who is judged by himself: a lock's holder, a child, the root. Those who wait for one another in a circle excuse nobody. */
export function waitsForOthers({ mirror }: Pick<Scene, 'mirror'>, state: CommandState): boolean {
  const seen = new Set([state.id]);
  const goesOn = (other: CommandState): boolean => {
    if (seen.has(other.id)) return false;
    seen.add(other.id);
    const others = awaitedBy(mirror, other);
    return others.length === 0 || others.some(goesOn);
  };
  return awaitedBy(mirror, state).some(goesOn);
}

function awaitedBy(mirror: Scene['mirror'], state: CommandState): readonly CommandState[] {
  const open = (ids: readonly string[]): readonly CommandState[] =>
    ids.flatMap((id) => {
      const other = mirror.commands.get(id);
      return other === undefined || isTerminal(other.status) ? [] : [other];
    });
  switch (state.phase.at) {
    case 'admission':
      return open(state.locks.flatMap(({ key }) => mirror.holdersOf(key).flatMap(({ owner }) => (owner === state.rootId ? [] : [owner]))));
    case 'work':
    case 'children':
      return open((state.steps[state.executionIndex]?.work ?? []).flatMap((item) => (item.kind === 'child' ? [item.id] : [])));
    case 'completed':
      return open([state.rootId]);
    default:
      return [];
  }
}

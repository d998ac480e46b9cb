import type { CallRecord } from '../../src/store/call-record.js';
import type { Probe } from '../../actors/probe.js';
import { ANOTHER_INCARNATION } from '../../actors/wire.js';
import { withCleanUps } from '../../src/flow/clean-up.js';
import { existsOfFamily, type FamilyExisting } from '../../src/flow/family-exists.js';
import { isCallKey } from '../../src/flow/ids.js';
import { isHeld, isTerminal, type ChildItem, type CommandState, type StepState, type TaskItem, type WorkItem } from '../../src/flow/state.js';
import { rootIdOf } from '../../src/store/keys.js';
import type { LedgerEntry, SignedEffect } from '../world/ledger.js';
import { completedFamily, dependentFamily, dependentsOf } from './family.js';
import { placeOf } from './step-places.js';
import type { Broken, Invariant, Scene, Watcher } from './invariant.js';
import { isExempt } from './exemptions.js';
import { isOfLostCommits } from './lost-commits.js';
import type { Batch, Changed } from './store-mirror.js';

/**
 * The status of a command is the truth. The hosts' ledger says what was really done for it; the durable state, what it believes and answers. Every entry
 * of the ledger has to have a committed cause, and whenever a status or an outcome becomes durable, it has to agree with the ledger in that instant.
 */
export const truth: Invariant = {
  number: 9,
  name: 'truth',
  watch: (scene, broken) => new Truth(scene, broken),
};

/** Of one execution, in the order in which they happen. */
const PARTS: readonly LedgerEntry['part'][] = ['begin', 'end', 'undone'];

class Truth implements Watcher {
  /** By command, in the order in which they happened. */
  readonly #entries = new Map<string, LedgerEntry[]>();
  /** By task id or call key: how far the one execution that there may be has come. */
  readonly #executions = new Map<string, LedgerEntry['part']>();
  /** Tasks whose submission the network has repeated, to hosts that do not recognise it. */
  readonly #repeated = new Set<string>();
  /** By key, what was committed before it left. */
  readonly #calls = new Map<string, { readonly commandId: string; readonly step: number; readonly verb: string }>();
  /** By command, all that it ever was. */
  readonly #statuses = new Map<string, Set<string>>();
  /** Of what the engine keeps nothing any more, since when, µs: what it has told before may yet arrive. */
  readonly #leaving: { readonly since: number; readonly ids: readonly string[] }[] = [];

  constructor(
    private readonly scene: Scene,
    private readonly broken: Broken,
  ) {
    for (const { id, status } of scene.mirror.commands.values()) this.#statuses.set(id, new Set([status]));
    for (const entry of scene.storage.ledger.entries) if (!this.#isExpired(entry.commandId)) this.#happenedBefore(entry);
    for (const record of scene.mirror.calls.values()) this.#recordCalls(record);
    for (const state of scene.mirror.commands.values()) this.#agreesFromTheBeginning(state);
  }

  onProbe(probe: Probe): void {
    switch (probe.type) {
      case 'statusChanged': {
        const durable = this.scene.mirror.commands.get(probe.commandId)?.status ?? 'nowhere';
        if (durable !== probe.status) this.broken(probe.commandId, `it is told to be ${probe.status}, and is ${durable} on disk`);
        return;
      }
      case 'clientTold':
        // How it was with one that is gone for longer than any message is under way, nobody can tell.
        if (this.#isExpired(probe.commandId) && !this.#statuses.has(probe.commandId)) return;
        if (probe.status !== null && this.#statuses.get(probe.commandId)?.has(probe.status) !== true) {
          this.broken(probe.commandId, `a client was told that it is ${probe.status}, and it never was on disk`);
        }
        return;
      case 'messageDuplicated':
        if (probe.task !== undefined) this.#repeated.add(probe.task);
        return;
      default:
    }
  }

  onEffects(entries: readonly LedgerEntry[]): void {
    for (const entry of entries) {
      if (this.#isExpired(entry.commandId)) {
        if (entry.cause !== 'hostDeath' && !isOfLostCommits(this.scene, entry)) this.broken(entry.key, `${entry.verb} took effect on ${entry.host} when nothing was kept of ${entry.commandId} any more`);
        continue;
      }
      const isFirst = !this.#executions.has(causeOf(entry));
      this.#happensOnce(entry);
      this.#keep(entry);
      // Nobody does it: it happens to whatever there is, for commands that are over too.
      if (isOfLostCommits(this.scene, entry) || entry.cause === 'hostDeath') continue;
      if (isFirst) this.#hasACause(entry);
      const state = this.scene.mirror.commands.get(entry.commandId);
      if (state !== undefined && (isTerminal(state.status) || state.status === 'COMPLETED')) {
        this.broken(entry.key, `${entry.verb} took effect on ${entry.host} after ${state.id} was ${state.status}`);
      }
    }
  }

  // What an earlier process has left, when a run goes on.

  /** Its cause was looked at when it happened; the record of a call that is over is gone by now. */
  #happenedBefore(entry: LedgerEntry): void {
    // What was repeated then, the network does not tell again.
    if (entry.task !== undefined) this.#repeated.add(entry.task);
    this.#happensOnce(entry);
    this.#keep(entry);
    const { key, commandId, verb } = entry;
    if (isCallKey(key)) this.#calls.set(key, { commandId, step: stepOf(entry), verb });
  }

  /** Whatever the engine had committed when its process died must be borne out by what the hosts had done by then. */
  #agreesFromTheBeginning(state: CommandState): void {
    if (isExempt(this.scene, 'truth', state)) return;
    for (const step of state.steps) {
      for (const item of piecesOf(step)) {
        if (item.kind === 'task' && item.outcome?.kind === 'succeeded') this.#tookEffect(state.id, item);
      }
    }
    this.#claims(state);
  }

  #keep(entry: LedgerEntry): void {
    const known = this.#entries.get(entry.commandId);
    if (known === undefined) this.#entries.set(entry.commandId, [entry]);
    else known.push(entry);
  }

  kept(): number {
    const many = [...this.#entries.values(), ...this.#statuses.values()].reduce((sum, of) => sum + ('size' in of ? of.size : of.length), 0);
    return many + this.#executions.size + this.#repeated.size + this.#calls.size + this.#leaving.length;
  }

  #isExpired(commandId: string): boolean {
    return this.scene.mirror.expired.has(rootIdOf(commandId));
  }

  /** Nothing is done or said in their name from now on. */
  #expire(ids: readonly string[]): void {
    this.#leaving.push({ since: this.scene.now(), ids });
    for (const id of ids) {
      for (const entry of this.#entries.get(id) ?? []) this.#executions.delete(causeOf(entry));
      this.#entries.delete(id);
    }
    const gone = new Set(ids);
    for (const task of this.#repeated) if (gone.has(task.slice(0, task.indexOf('$')))) this.#repeated.delete(task);
    for (const [key, { commandId }] of this.#calls) if (gone.has(commandId)) this.#calls.delete(key);
  }

  /** No message is under way for longer. */
  #forgetStatuses(): void {
    const { scene } = this;
    for (let first = this.#leaving[0]; first !== undefined && first.since + scene.limits.maxMessageAge < scene.now(); first = this.#leaving[0]) {
      this.#leaving.shift();
      for (const id of first.ids) this.#statuses.delete(id);
    }
  }

  onBatch({ commands, calls, expired }: Batch): void {
    for (const { after } of calls) if (after !== undefined) this.#recordCalls(after);
    for (const command of commands) {
      const { before, after } = command;
      if (after === undefined) continue;
      this.#believes(command);
      if (before?.status === after.status) continue;
      const statuses = this.#statuses.get(after.id);
      if (statuses === undefined) this.#statuses.set(after.id, new Set([after.status]));
      else statuses.add(after.status);
      this.#claims(after);
    }
    this.#forgetStatuses();
    if (expired.length > 0) this.#expire(expired.flatMap(({ family }) => family.map(({ id }) => id)));
  }

  // What was done.

  #hasACause(entry: LedgerEntry): void {
    const { commandId, verb, host } = entry;
    const key = causeOf(entry);
    const task = this.scene.mirror.tasks.get(key);
    const cause = task === undefined ? this.#calls.get(key) : { ...task, step: stepOf(task) };
    if (cause === undefined) this.broken(key, `${verb} took effect on ${host}, and the engine has committed no such task or call`);
    else if (cause.commandId !== commandId || cause.step !== stepOf(entry) || cause.verb !== verb) {
      const [done, asked] = [{ commandId, step: stepOf(entry), verb }, cause].map((what) => `${what.verb} for step ${what.step} of ${what.commandId}`);
      this.broken(key, `${done} took effect on ${host}, and what the engine has committed is ${asked}`);
    }
  }

  /** Each part once, in their order: none of them when the roll-back has begun, and no roll-back of nothing. */
  #happensOnce(entry: LedgerEntry): void {
    const { verb, host, part } = entry;
    const key = causeOf(entry);
    const before = this.#executions.get(key);
    if (part === 'undone' && before === undefined) this.broken(key, `${verb} was rolled back on ${host}, and had no effect`);
    else if (before !== undefined && PARTS.indexOf(part) <= PARTS.indexOf(before) && !this.#wroteAgain(entry)) this.broken(key, `${verb} took effect on ${host} a second time`);
    this.#executions.set(key, part);
  }

  /** The engine has sent it once; and what it did the second time, is what stands already. */
  #wroteAgain({ commandId, task, effects }: LedgerEntry): boolean {
    if (task === undefined || !this.#repeated.has(task)) return false;
    const standing = openEffects(this.#entries.get(commandId) ?? []);
    return effects.every(({ sign, object }) => sign === '+' && standing.some((other) => other.sign === '+' && other.object === object));
  }

  // What the engine believes.

  #recordCalls({ commandId, index, calls }: CallRecord): void {
    const step = this.scene.mirror.commands.get(commandId)?.steps[index]?.number ?? index;
    for (const call of calls) {
      if (call === null) continue;
      const { key, verb, reply } = call;
      if (!this.#calls.has(key)) this.#calls.set(key, { commandId, step, verb });
      // Another incarnation of the host knows nothing of the call: it may have run before.
      if (reply === null || reply.code === ANOTHER_INCARNATION || this.scene.storage.onlyReads(verb)) continue;
      // It may be gone by now, with its host.
      const happened = this.#executions.has(key);
      if ((reply.code === 0) !== happened) this.broken(key, `${verb} was answered with ${reply.code}, and ${happened ? 'took effect' : 'had no effect'}`);
    }
  }

  /** How work ended, when that becomes durable. */
  #believes({ before, after }: Changed<CommandState>): void {
    const index = before?.executionIndex;
    if (before === undefined || after === undefined || index === undefined || after.version !== before.version) return;
    const [old, now] = [before.steps[index], after.steps[index]];
    if (old === undefined || now === undefined) return;
    const open = new Set(piecesOf(old).flatMap(({ id, outcome }) => (outcome === null ? [id] : [])));
    for (const item of piecesOf(now)) {
      if (!open.has(item.id) || item.outcome === null) continue;
      const well = item.outcome.kind === 'succeeded';
      if (item.kind === 'task') {
        if (well) this.#tookEffect(after.id, item);
        continue;
      }
      const child = this.scene.mirror.commands.get(item.id);
      if (child === undefined) continue;
      const status = well ? (item.independent ? 'SUCCEEDED' : 'COMPLETED') : null;
      const closed = child.status === 'CLOSED_BY_OPERATOR';
      // One that an operator has closed counts by whether its steps are done.
      const done = child.steps.length === child.handlers.length && child.steps.every(({ completed }) => completed);
      const fits = status === null ? child.status === 'ROLLED_BACK' || child.status === 'REJECTED' || closed : child.status === status || (closed && done);
      if (!fits) this.broken(after.id, `it counts ${item.id} as ${item.outcome.kind}, which is ${child.status}`);
    }
    this.#believesOfChildren(after, dependentsOf(old), dependentsOf(now));
  }

  /** That one is held, or has been rolled back. */
  #believesOfChildren(state: CommandState, old: readonly ChildItem[], now: readonly ChildItem[]): void {
    for (const { id, undo, held } of now) {
      const before = old.find((item) => item.id === id);
      const status = this.scene.mirror.commands.get(id)?.status;
      if (undo === 'rolledBack' && before?.undo !== undo && status !== 'ROLLED_BACK') this.broken(state.id, `it counts ${id} as rolled back, which is ${status ?? 'nowhere'}`);
      // It may have been released meanwhile.
      if (held !== undefined && before?.held?.status !== held.status && this.#statuses.get(id)?.has(held.status) !== true) {
        this.broken(state.id, `it counts ${id} as ${held.status}, which it never was`);
      }
    }
  }

  #tookEffect(commandId: string, { id, verb, doneCodes }: TaskItem): void {
    // What a declared code ended well was so already.
    if (doneCodes.length > 0 || this.#executions.get(id) === 'end') return;
    this.broken(commandId, `it counts task ${id} (${verb}) as succeeded, and ${this.#executions.get(id) === 'undone' ? 'its effect was rolled back' : 'it had no effect'}`);
  }

  // What the engine says.

  #claims(state: CommandState): void {
    if (isHeld(state.status) && state.heldBy === null) this.broken(state.id, `it is ${state.status}, and does not say why`);
    if (isExempt(this.scene, 'truth', state)) return;
    switch (state.status) {
      case 'COMPLETED':
      case 'SUCCEEDED':
        return this.#succeeded(state);
      case 'ROLLED_BACK':
        return this.#rolledBack(state);
      case 'CLOSED_BY_OPERATOR':
        return this.#closed(state);
      case 'REJECTED': {
        const [first] = this.#entriesOf(state);
        if (first !== undefined) this.broken(state.id, `it is REJECTED, and ${first.verb} took effect for it on ${first.host}`);
        return;
      }
      default:
    }
  }

  /** Every piece of every step took effect, and nothing remains but what these pieces and the calls did. */
  #succeeded(state: CommandState): void {
    const counted = new Set<string>();
    state.steps.forEach((step, index) => {
      if (!step.completed) this.broken(state.id, `it is ${state.status}, and step ${index} is not completed`);
      for (const item of step.work) {
        const ended = item.outcome?.kind ?? 'nothing';
        if (item.kind === 'child') {
          if (!item.independent && ended !== 'succeeded') this.broken(state.id, `it is ${state.status}, and child ${item.id} ended as ${ended}`);
          continue;
        }
        if (ended === 'succeeded') this.#tookEffect(state.id, item);
        else this.broken(state.id, `it is ${state.status}, and task ${item.id} (${item.verb}) ended as ${ended}`);
        for (const cleanUp of item.cleanedUp ?? []) if (cleanUp.outcome?.kind === 'succeeded') this.#tookEffect(state.id, cleanUp);
        for (const key of keysThatCount(item)) counted.add(key);
      }
      // They were given up because what they were for may have been done: by any of their attempts.
      for (const item of step.superseded ?? []) for (const key of everyAttempt(item)) counted.add(key);
    });
    const entries = this.#entriesOf(state);
    const dropped = droppedSteps(state);
    const expected = openEffects(entries.filter((entry) => counted.has(causeOf(entry)) || this.#calls.has(entry.key) || dropped.has(stepOf(entry))));
    this.#remains(state, entries, expected.map(signed), signed);
  }

  /** What completed children have done that stay is the command's, and has to be declared like its own. */
  #rolledBack(state: CommandState): void {
    const family = [state, ...completedFamily(this.scene.mirror, state)];
    const dropped = droppedSteps(state);
    const entries = family.flatMap((member) => this.#entriesOf(member)).filter((entry) => entry.commandId !== state.id || !dropped.has(stepOf(entry)));
    this.#remains(state, entries, state.residue.map(plain), plain);
  }

  /** What remains is of steps that are listed as existing, or that an operator has dealt with by hand; and what is listed as done was done. */
  #closed(state: CommandState): void {
    const exists = existsOfFamily(state, (id) => this.scene.mirror.commands.get(id));
    for (const member of [state, ...dependentFamily(this.scene.mirror, state)]) this.#lists(state, exists, member);
  }

  /** @param exists the list of `state` @param member itself, or one of its dependent children that is not rolled back */
  #lists(closed: CommandState, exists: readonly FamilyExisting[], state: CommandState): void {
    const own = exists.filter(({ commandId }) => commandId === state.id);
    const listed = new Set(own.map(({ index }) => index));
    const byHand = (index: number): boolean => state.steps[index]?.undo === 'resolved' || state.steps[index]?.closed === 'resolved';
    const residue = new Set(state.residue.map(plain));
    const dropped = droppedSteps(state);
    const entries = this.#entriesOf(state).flatMap((entry) => {
      const executionIndex = placeOf(state, stepOf(entry));
      return dropped.has(stepOf(entry)) ? [] : entry.effects.map((effect) => ({ ...effect, executionIndex }));
    });
    const unlisted = standing(entries).filter((effect) => !listed.has(effect.executionIndex) && !byHand(effect.executionIndex) && !residue.has(plain(effect)));
    if (unlisted.length > 0) {
      this.broken(closed.id, `it is ${closed.status}, and there remains what it does not list${state === closed ? '' : ` of ${state.id}`}: ${unlisted.map((effect) => `${signed(effect)} (step ${effect.executionIndex})`).join(', ')}`);
    }
    for (const { index, why } of own) {
      if (why !== 'completed' && why !== 'blocked') continue;
      for (const item of state.steps[index]?.work ?? []) if (item.kind === 'task' && item.outcome?.kind === 'succeeded') this.#tookEffect(state.id, item);
    }
  }

  /** What a namesake that only lost commits knew has made goes by the names that this one gives too, and so may be removed by it. */
  #madeByLostCommits(): ReadonlySet<string> {
    if (this.scene.epoch === 0) return new Set();
    const lost = this.scene.storage.ledger.entries.filter((entry) => isOfLostCommits(this.scene, entry));
    return new Set(lost.flatMap(({ effects }) => effects.map(({ object }) => object)));
  }

  /** But for those of a namesake that only lost commits knew. */
  #entriesOf(state: CommandState): readonly LedgerEntry[] {
    return (this.#entries.get(state.id) ?? []).filter((entry) => !isOfLostCommits(this.scene, entry));
  }

  #remains(state: CommandState, entries: readonly LedgerEntry[], expected: readonly string[], name: (effect: SignedEffect) => string): void {
    const undone = this.#madeByLostCommits();
    const open = openEffects(entries).filter(({ object }) => !undone.has(object)).map(name);
    const surplus = open.filter((effect) => !expected.includes(effect));
    const missing = expected.filter((effect) => !open.includes(effect));
    if (surplus.length > 0) this.broken(state.id, `it is ${state.status}, and there remains: ${surplus.join(', ')}`);
    if (missing.length > 0) this.broken(state.id, `it is ${state.status}, and there should remain, but does not: ${missing.join(', ')}`);
  }
}

/**
 * A repetition may find that its predecessor, whose end nobody saw, had done it already: then both count, if the step declares such codes. Where it is
 * cleaned up before a retry, what that undoes counts with it.
 */
function keysThatCount(item: TaskItem): readonly string[] {
  return item.doneCodes.length === 0 && item.cleanedUp === undefined ? [item.id] : everyAttempt(item);
}

function everyAttempt(item: TaskItem): readonly string[] {
  return withCleanUps(item).flatMap(({ id, past }) => [...past.map((attempt) => attempt.id), id]);
}

/** The task or call that it was done for, as the engine calls that. */
function causeOf({ key, task }: LedgerEntry): string {
  return task ?? key;
}

/** All that a step waits for or has waited for, and what was cleaned up before its retries. */
function piecesOf({ work, revertWork }: StepState): readonly WorkItem[] {
  return [...work, ...revertWork].flatMap((item): readonly WorkItem[] => (item.kind === 'task' ? withCleanUps(item) : [item]));
}

/** The number of the step that something was done for. */
function stepOf({ executionIndex, number = executionIndex }: { readonly executionIndex: number; readonly number?: number }): number {
  return number;
}

/** What they did stays, as a migration has declared. */
function droppedSteps({ migrations = [] }: CommandState): ReadonlySet<number> {
  return new Set(migrations.flatMap(({ dropped }) => dropped.map(({ number }) => number)));
}

/** What remains of all the entries: on one object, `-` cancels an earlier `+`, and `+` an earlier `-`. */
function openEffects(entries: readonly LedgerEntry[]): readonly SignedEffect[] {
  return standing(entries.flatMap(({ effects }) => effects));
}

function standing<E extends SignedEffect>(effects: readonly E[]): readonly E[] {
  const open = new Map<string, E>();
  for (const effect of effects) {
    const before = open.get(effect.object);
    if (before === undefined) open.set(effect.object, effect);
    else if (before.sign !== effect.sign) open.delete(effect.object);
  }
  return [...open.values()];
}

function signed({ sign, verb, object }: SignedEffect): string {
  return `${sign}${verb} ${object}`;
}

/** As residue names it. */
function plain({ verb, object }: { readonly verb: string; readonly object: string }): string {
  return `${verb} ${object}`;
}

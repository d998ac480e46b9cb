import { describe, expect, it } from 'vitest';
import { ENGINE_REFUSED } from '../../actors/wire.js';
import { OPERATOR_ACTIONS, type OperatorAction } from '../../src/model/operator.js';
import { EngineRig, SECOND } from '../actors/engine-rig.js';
import { SITUATIONS, type Situation } from '../golden/situations.js';

// An operator's action that does not fit, in each status and each way to be held: refused with what is wrong and what is possible, and nothing is changed.

function situation(name: string): Situation {
  const found = SITUATIONS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`there is no situation '${name}'`);
  return found;
}

type Then = (rig: EngineRig, of: Situation) => Promise<unknown>;
const asItIs: Then = () => Promise.resolve();

/** What is said of each action that is refused; all others are possible. */
type Refused = { readonly [action in OperatorAction]?: string };

const notHeld = (status: string): Refused =>
  Object.fromEntries(OPERATOR_ACTIONS.map((action) => [action, `it is ${status}, and an operator acts on held commands only`]));
const every = (why: string): Refused => Object.fromEntries(OPERATOR_ACTIONS.map((action) => [action, why]));
const inTheMiddle = 'it is PARKED in the middle of a step, whose end this program cannot stand in for';

const changed = 'it was submitted with Flow version 1 [a, b], this program has version 7 [a, b]';

const rejected: Then = async (rig) => {
  rig.ask({ op: 'cancelCommand', commandId: 'c1' });
  await rig.runFor(5 * SECOND);
};
/** The program has lost the type of one of the children. */
const withoutFlow: Then = async (rig, { options }) => {
  rig.restart((options.commands ?? []).filter(({ type }) => type !== 'Flow'));
  await rig.runFor(5 * SECOND);
};

describe('an action of an operator that does not fit', () => {
  it.each<readonly [name: string, id: string, status: string, refused: Refused, then: Then]>([
    ['waiting-for-locks', 'c1', 'SUBMITTED', notHeld('SUBMITTED'), asItIs],
    ['running', 'c1', 'RUNNING', notHeld('RUNNING'), asItIs],
    ['rolling-back', 'c1', 'ROLLING_BACK', notHeld('ROLLING_BACK'), asItIs],
    ['child-completed', 'c1!0.1.0', 'COMPLETED', notHeld('COMPLETED'), asItIs],
    ['succeeded', 'c1', 'SUCCEEDED', notHeld('SUCCEEDED'), asItIs],
    ['rolled-back', 'c1', 'ROLLED_BACK', notHeld('ROLLED_BACK'), asItIs],
    ['waiting-for-locks', 'c1', 'REJECTED', notHeld('REJECTED'), rejected],
    ['operated', 'c1', 'CLOSED_BY_OPERATOR', notHeld('CLOSED_BY_OPERATOR'), asItIs],
    ['rollback-incomplete', 'c1', 'ROLLBACK_INCOMPLETE', {}, asItIs],
    ['stuck', 'c1', 'STUCK', {}, asItIs],
    ['nondeterministic', 'c1', 'PARKED', { skip: inTheMiddle, resolve: inTheMiddle }, asItIs],
    ['parked', 'c1', 'PARKED', { retry: changed, skip: inTheMiddle, resolve: inTheMiddle, abandon: 'task c1$0.w1.1.0 (copy) is not over' }, asItIs],
    ['children', 'c1', 'PARKED', every("child c1!0.1.0 (Flow) is PARKED: there is no command type 'Flow' in this program: act on that command"), withoutFlow],
  ])('%s: %s is %s', async (name, id, status, refused, then) => {
    const of = situation(name);
    const rig = await EngineRig.create(of.options);
    try {
      await of.reach(rig);
      await then(rig, of);
      const before = (await rig.stored()).commands;
      expect(before.get(id)).toMatchObject({ status });
      const possible = OPERATOR_ACTIONS.filter((action) => refused[action] === undefined);
      const isRefused = async (action: OperatorAction, why: string, output?: string): Promise<void> => {
        const asked = rig.ask({ op: 'operateCommand', commandId: id, requestId: `r-${action}`, action, ...(output === undefined ? {} : { output }) });
        await rig.runFor(SECOND);
        const { code, message, result } = rig.replies.get(asked) ?? { code: 0, message: 'no answer', result: null };
        expect([code, message, result]).toEqual([ENGINE_REFUSED, expect.stringContaining(why) as string, expect.objectContaining({ code: 'OPERATOR_REFUSED' })]);
        expect(message).toContain(`'${id}'`);
        const instead = output === undefined ? `possible: ${possible.length === 0 ? 'nothing' : possible.join(', ')}` : `without it, ${action} is possible`;
        expect(message.endsWith(`; ${instead}`), message).toBe(true);
        expect((await rig.stored()).commands).toEqual(before);
      };
      for (const action of OPERATOR_ACTIONS) {
        const why = refused[action];
        if (why !== undefined) await isRefused(action, why);
        else if (action !== 'resolve' || status !== 'STUCK') await isRefused(action, 'an output can be given only where resolve completes a step, of a command that is STUCK', 'x');
      }
    } finally {
      await rig.dispose();
    }
  });
});

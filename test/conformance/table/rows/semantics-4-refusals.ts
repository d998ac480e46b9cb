import { expect } from 'vitest';
import { FENCED, NOT_SPM, QUEUE_FULL, RECOVERING, STALE } from '../../../../actors/wire.js';
import { SECOND } from '../../../actors/engine-rig.js';
import type { HostScript } from '../../../actors/scripted-host.js';
import { cancelAt, ending, LIMIT_MS, untilStopped, withCopy } from '../one-copy.js';
import type { Row, Section } from '../row.js';

/** What says nothing of the task, however often it is said: a code, or no answer at all though the host has taken it. */
const SAYS_NOTHING = [
  ['654', '654, that it is not the SPM', NOT_SPM],
  ['99', '99, that it is recovering', RECOVERING],
  ['9003', '9003, that its queue is full', QUEUE_FULL],
  ['stale', '9001: the fence number of the request was old when it arrived', STALE],
  ['silence', 'nothing: request or reply is lost', 'silence'],
] as const;

type Nothing = (typeof SAYS_NOTHING)[number][2];

const SOURCE = 'Not a refusal: 654, 99, no SPM, full queue, transport errors';
const NEVER_RAN = { status: 'ROLLED_BACK', outcome: { kind: 'notSent' }, left: [0, 0] };

/** The step's time is up, or the command is cancelled. */
const ENDINGS = [
  ['timeout', 'the time limit of the step is over', 'timeout', null],
  ['cancel', 'the command is cancelled', 'cancelled', 60],
] as const;

/** A host that says this to the first offers, as many as it says. */
function afterwards(said: Nothing, times: number): HostScript {
  let offers = 0;
  return { submit: () => ((offers += 1) <= times ? said : 0) };
}

const again = SAYS_NOTHING.map(
  ([id, what, said]): Row => ({
    id: `semantics-4.no-refusal-${id}`,
    source: SOURCE,
    given: 'a task that is offered',
    when: `the answer is ${what}, three times`,
    then: 'the very same id is offered each time, and the command goes on with what that comes to',
    proof: () =>
      withCopy(afterwards(said, 3), async (rig) => {
        await rig.run();
        expect(await ending(rig)).toEqual({ status: 'SUCCEEDED', outcome: { kind: 'succeeded' }, offers: 4, ids: 1, left: [0, 0] });
      }),
  }),
);

/** Whoever took it, silently, has to stop it; of all others, none has it. */
const given = SAYS_NOTHING.flatMap(([id, what, said]) =>
  ENDINGS.map(
    ([end, when, reason, at]): Row => ({
      id: `semantics-4.no-refusal-${id}-${end}`,
      source: 'Not a refusal: the same id is offered until the step\'s timeout or a cancel',
      given: `a task that is offered, and whose offers are answered with ${what}`,
      when,
      then: said === 'silence' ? `it is offered no more: the host that has it all the same stops it, and then it is aborted (${reason})` : 'it is offered no more, its id is fenced, and with that it was never sent',
      proof: () =>
        withCopy({}, async (rig) => {
          rig.host.script = { submit: () => said, status: untilStopped(() => rig) };
          if (at !== null) cancelAt(rig, at);
          await rig.runFor((at ?? LIMIT_MS / 1000) * SECOND - 10 * SECOND);
          expect([(await rig.command()).status, rig.host.submissions.length > 1, rig.host.fences]).toEqual(['RUNNING', true, []]);
          await rig.runFor(60 * SECOND);
          const offers = rig.host.submissions.length;
          rig.host.script = { status: untilStopped(() => rig) };
          await rig.run();
          const outcome = said === 'silence' ? { kind: 'aborted', reason } : NEVER_RAN.outcome;
          expect(await ending(rig)).toEqual({ ...NEVER_RAN, outcome, offers, ids: 1 });
          expect(rig.host.fences.length).toBeGreaterThan(0);
        }),
    }),
  ),
);

const noSpm: readonly Row[] = [
  {
    id: 'semantics-4.no-refusal-no-spm',
    source: SOURCE,
    given: 'a pool of which no host is the SPM',
    when: 'a task is to be offered, and ten minutes later there is one',
    then: 'it waits, and is offered then',
    proof: () =>
      withCopy({ isSpm: () => false }, async (rig) => {
        await rig.runFor(600 * SECOND);
        expect([rig.host.submissions, (await rig.command()).status]).toEqual([[], 'RUNNING']);
        rig.host.script = {};
        await rig.run();
        expect(await ending(rig)).toMatchObject({ status: 'SUCCEEDED', offers: 1 });
      }),
  },
  ...ENDINGS.map(
    ([end, when, , at]): Row => ({
      id: `semantics-4.no-refusal-no-spm-${end}`,
      source: 'Not a refusal: until the step\'s timeout or a cancel',
      given: 'a task that waits for an SPM',
      when,
      then: 'it is given up, without anybody having to answer: it was never sent',
      proof: () =>
        withCopy({ isSpm: () => false }, async (rig) => {
          if (at !== null) cancelAt(rig, at);
          await rig.runFor((at ?? LIMIT_MS / 1000) * SECOND + 30 * SECOND);
          expect(await ending(rig)).toMatchObject({ status: 'ROLLED_BACK', outcome: { kind: 'notSent' }, offers: 0 });
          rig.host.script = {};
          await rig.run();
          expect(await ending(rig)).toEqual({ ...NEVER_RAN, offers: 0, ids: 0 });
        }),
    }),
  ),
];

/** Of the host's and of vdsm's, from submissions and from anywhere else. */
const REFUSALS = [1, 100, 201, 203, 212, 261, 309, 397, 401, 410, 411, 651, 656, 851, 1000];

export const semantics4Refusals: Section = {
  title: 'Task manager: what is a refusal, and what is not',
  page: 'semantics.md',
  rows: [
    ...again,
    {
      id: 'semantics-4.no-refusal-current-spm',
      source: 'Not a refusal: the same id is offered to the current SPM',
      given: 'a task that was offered to a host which was the SPM',
      when: 'another is meanwhile',
      then: 'the very same is offered to that one',
      proof: [{ file: 'test/actors/pool.test.ts', test: '654: looks for the SPM again, and offers the very same to it' }],
    },
    ...noSpm,
    ...given,
    ...REFUSALS.map(
      (code): Row => ({
        id: `semantics-4.refusal-${code}`,
        source: 'Not a refusal: any other code at submission is a refusal',
        given: 'a task that is offered',
        when: `the answer is ${code}`,
        then: 'it is refused with that, is offered no more, and is cleared like any other',
        proof: () =>
          withCopy({ submit: () => code }, async (rig) => {
            await rig.run();
            expect(await ending(rig)).toEqual({ status: 'ROLLED_BACK', outcome: { kind: 'refused', code, message: 'scripted' }, offers: 1, ids: 1, left: [0, 0] });
            expect(rig.host.cleared).toEqual([...new Set(rig.host.submissions.map(({ taskId }) => taskId))]);
          }),
      }),
    ),
    {
      id: 'semantics-4.refusal-fenced',
      source: 'Not a refusal: any other code at submission is a refusal; section 3: fenced ids stay refused',
      given: 'a task that is offered',
      when: 'the answer is 9002: its id is fenced',
      then: 'it is unknown: it does not run and never will, but it may have',
      proof: () =>
        withCopy({ submit: () => FENCED }, async (rig) => {
          await rig.run();
          expect(await ending(rig)).toMatchObject({ status: 'ROLLED_BACK', outcome: { kind: 'unknown' }, offers: 1, left: [0, 0] });
        }),
    },
    {
      id: 'semantics-4.refusal-older-store',
      source: 'Not a refusal: any other code at submission is a refusal; section 3: a store that is older than what hosts have seen is refused',
      given: 'an engine on an older copy of its store',
      when: 'a host answers with 9005',
      then: 'that says nothing of the task: the engine does nothing more until an operator has decided',
      proof: [{ file: 'test/actors/older-store.test.ts', test: 'is refused: the engine does nothing outside, and says why to whoever asks, also after its next start' }],
    },
  ],
};

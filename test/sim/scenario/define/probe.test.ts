import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Probe } from '../../../../actors/probe.js';
import { Simulation } from '../../../../sim/embed/simulation.js';
import { parseScenario } from '../../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../../sim/scenario/vocabulary.js';
import { broken, finished } from '../../embed/finished.js';

/** The page's own example: a room is booked on hosts that make their own task ids, and the step looks for it if nobody can tell. */
async function example(): Promise<string> {
  const page = await readFile(new URL('../../../../docs/declared-commands.md', import.meta.url), 'utf8');
  const found = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? '').find((text) => text.includes('probe:'));
  if (found === undefined) throw new Error('docs/declared-commands.md has no example with a probe');
  return found;
}

const LOST_REPLY = '{ dropMessage: { op: submitTask, reply: true, nth: 1 } }';
const LOST_SUBMISSION = '{ dropMessage: { op: submitTask, nth: 1 } }';
/** A second step that fails, so that the room is cancelled. */
const FAILING = '\n      - { name: pay, createTask: { verb: charge, args: {}, outcomes: [fails 100] }, endWithFailure: {} }\n\ncommands:';

function failingLater(text: string): string {
  return text.replace('verbs:\n', 'verbs:\n  charge: { kind: spm, effect: payment }\n').replace('\n\ncommands:', FAILING);
}

async function run(text: string, ...faults: readonly string[]) {
  const scenario = parseScenario(text, 'probe.yaml', { vocabulary: BUILT_IN_VOCABULARY, set: [`faults=[${faults.join(', ')}]`] });
  const simulation = await Simulation.create(scenario, { seed: 5 });
  const told: Probe[] = [];
  simulation.on('probe', ({ probe }) => told.push(probe));
  const result = await finished(simulation);
  expect([broken(result), result.unused]).toEqual([[], []]);
  const [ann] = result.commands;
  const asked = ann?.history.filter(({ callback }) => callback === 'probe').length;
  const started = (verb: string): number => told.filter((probe) => probe.type === 'hostTaskAccepted' && probe.verb === verb).length;
  return { status: ann?.status, error: ann?.error, asked, booked: started('bookRoom'), cancelled: started('cancelRoom') };
}

describe('a declared probe', () => {
  it('is the example of the page: the reply is lost, the room is found, and is not booked again', async () => {
    const text = await example();
    expect(text).toContain(`faults: [${LOST_REPLY}]`);
    expect(await run(text, LOST_REPLY)).toMatchObject({ status: 'SUCCEEDED', asked: 1, booked: 1 });
  });

  it('finds no room when the submission itself was lost, and it is submitted anew', async () => {
    expect(await run(await example(), LOST_SUBMISSION)).toMatchObject({ status: 'SUCCEEDED', asked: 1, booked: 1 });
  });

  it('is not asked when nothing is lost', async () => {
    expect(await run(await example())).toMatchObject({ status: 'SUCCEEDED', asked: 0, booked: 1 });
  });

  it('cannot tell where it is not there, or is about another verb: the step fails, and is undone', async () => {
    const none = (await example()).replace(/ {8}probe:\n(?: {10}- [^\n]*\n)*/, '');
    expect(none).not.toContain('probe:');
    expect(await run(none, LOST_REPLY)).toMatchObject({ status: 'ROLLED_BACK', asked: 0, booked: 1, cancelled: 1 });
    const other = (await example()).replace(/ {10}- \{ of: bookRoom[^\n]*\n/, '');
    expect(await run(other, LOST_REPLY)).toMatchObject({ status: 'ROLLED_BACK', asked: 1, booked: 1, cancelled: 1 });
  });

  it.each([
    ['its reply', LOST_REPLY.replace('nth: 1', 'nth: 3'), 1],
    ['its submission', LOST_SUBMISSION.replace('nth: 1', 'nth: 3'), 1],
  ])('is asked about the task that undoes the step too: %s is lost, and it is done once', async (_, lost, cancelled) => {
    expect(await run(failingLater(await example()), lost)).toMatchObject({ status: 'ROLLED_BACK', asked: 1, booked: 1, cancelled });
  });

  it.each([
    ['neither is so, and nobody can tell', 'false', 'false', LOST_REPLY, 'ROLLED_BACK', 1],
    ['the one is so, and it is done', 'true', 'false', LOST_REPLY, 'SUCCEEDED', 1],
    ['the other is so, and it is submitted anew', 'true', 'false', LOST_SUBMISSION, 'SUCCEEDED', 1],
  ])('with both: %s', async (_, isDone, isNotDone, lost, status, booked) => {
    const ask = (is: string): string => `{ host: host2, verb: hasRoom, args: { guest: "\${task.args.guest}" }, is: ${is} }`;
    const text = (await example()).replace(/- \{ of: bookRoom[^\n]*/, `- { of: bookRoom, doneIf: ${ask(isDone)}, notDoneIf: ${ask(isNotDone)} }`);
    expect(await run(text, lost)).toMatchObject({ status, asked: 1, booked });
  });

  it('with notDoneIf alone, what is there is not taken for done', async () => {
    const text = (await example()).replace(/- \{ of: bookRoom, doneIf: (.*) \}\n/, (_, ask: string) => `- { of: bookRoom, notDoneIf: ${ask.replace(/ \}$/, ', is: false }')} }\n`);
    expect(text).toContain('notDoneIf');
    expect(await run(text, LOST_SUBMISSION)).toMatchObject({ status: 'SUCCEEDED', asked: 1, booked: 1 });
    expect(await run(text, LOST_REPLY)).toMatchObject({ status: 'ROLLED_BACK', asked: 1, booked: 1, cancelled: 1 });
  });

  it('is asked again when its read fails', async () => {
    expect(await run(await example(), LOST_REPLY, '{ failCall: { verb: hasRoom, nth: 1, code: 100 } }')).toMatchObject({ status: 'SUCCEEDED', asked: 2, booked: 1 });
  });

  it('goes by what the step has kept, and what it makes ids of', async () => {
    const text = (await example())
      .replace("        createTask: { verb: bookRoom, args: { guest: '${params.guest}' } }", "        beforeTask: { keep: { host: host3, guest: '${newId.guest}' } }\n        createTask: { verb: bookRoom, args: { guest: '${before.guest}' } }")
      .replace("doneIf: { host: host2, verb: hasRoom, args: { guest: '${task.args.guest}' } }", "doneIf: { host: '${before.host}', verb: hasRoom, args: { guest: '${newId.guest}' } }");
    expect(text).toContain('before.host');
    expect(await run(text, LOST_REPLY)).toMatchObject({ status: 'SUCCEEDED', asked: 1, booked: 1 });
  });
});

import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../../sim/scenario/vocabulary.js';
import { FLOW } from './flow.js';

function read(text: string): void {
  parseScenario(text, 'file.yaml', { vocabulary: BUILT_IN_VOCABULARY });
}

function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

/** One command of one step, at line 4 and following. */
const step = (...lines: readonly string[]): string =>
  ['verbs: { make: { kind: spm, effect: "thing/${args.id}" }, look: { kind: read, reads: "x" }, poke: { kind: hsm, effectFree: true } }', 'define:', '  - type: Make', '    params: { id: string, ids: { type: string, list: true } }', '    handlers:', '      - name: first', ...lines.map((line) => `        ${line}`)].join('\n');

const MAKES = 'createTask: { verb: make, args: { id: "${params.id}" } }';

const verb = (declaration: string): string => `verbs:\n  mine: { ${declaration} }`;

describe('a declared command', () => {
  it('is accepted if all that it refers to is there', () => {
    expect(() => read(FLOW)).not.toThrow();
    expect(() => read(step('createTask: { verb: make, args: { id: "${params.id}" } }'))).not.toThrow();
  });

  it.each([
    ['an unknown param', step('createTask: { verb: make, args: { id: "${params.idd}" } }'), "file.yaml:7:47: define[0].handlers[0].createTask.args.id: ${params.idd}: unknown param 'idd'; did you mean 'id'?"],
    ['an unknown kind of reference', step('beforeTask: { keep: { a: "${param.id}" } }'), "define[0].handlers[0].beforeTask.keep.a: ${param.id}: unknown reference; did you mean 'params'?"],
    ['a failed task where none is', step('createTask: { verb: make, args: { id: "${failed.args.id}" } }'), '${failed.args.id}: only beforeRetry is about a task that has failed'],
    ['what is not known of a failed task', step('beforeRetry: { calls: { host: host2, verb: poke, args: {} }, changes: { delete: "a/${failed.arg.id}" } }'), "beforeRetry.changes.delete: ${failed.arg.id}: unknown part of the failed task 'arg'; did you mean 'args'?"],
    ['tasks after the tasks of an undo', step('compensationEnded: { tasks: [] }'), "file.yaml:7:30: define[0].handlers[0].compensationEnded.tasks: unknown key"],
    ['what an undo may not be told', step('beforeTask: { keep: { a: b } }', 'compensationEnded: { changes: { delete: "a/${before.a}" } }'), '${before.a}: beforeTask may have failed before it kept anything'],
    ['retries of no errors', step('retry: { attempts: 2, retryIf: { only: {} } }'), 'retry.retryIf'],
    ['retries of what is no code', step('retry: { attempts: 2, retryIf: { except: { codes: [oops] } } }'), 'retry.retryIf.except.codes[0]: expected one of TASK_FAILED, CALL_FAILED, CALL_UNKNOWN'],
    ['code for a reference', step('beforeTask: { keep: { a: "${1 + 1}" } }'), 'define[0].handlers[0].beforeTask.keep.a: "${1 + 1}" is no reference'],
    ['a reference without end', step('beforeTask: { keep: { a: "${params.id" } }'), '"${params.id" is no reference'],
    ['its own output', step('compensate: { changes: { delete: "thing/${outputs.first.a}" } }', 'endSuccessfully: { output: { a: 1 } }'), "file.yaml:7:42: define[0].handlers[0].compensate.changes.delete: ${outputs.first.a}: step 'first' has no output yet: only earlier steps have"],
    ['a later step', step('beforeTask: { keep: { a: "${outputs.second.a}" } }', '').replace(/\s+$/, '\n      - { name: second, endSuccessfully: { output: { a: 1 } } }'), "${outputs.second.a}: step 'second' has no output yet"],
    ['an output that the step does not have', `${step('endSuccessfully: { output: { a: 1 } }')}\n      - { name: second, beforeTask: { keep: { b: "\${outputs.first.c}" } } }`, "${outputs.first.c}: unknown output of step 'first' 'c'; did you mean 'a'?"],
    ['the output of a step without one', `${step('beforeTask: { keep: { a: 1 } }')}\n      - { name: second, beforeTask: { keep: { b: "\${outputs.first}" } } }`, "${outputs.first}: step 'first' has no output"],
    ['what beforeTask does not keep', step('createTask: { verb: make, args: { id: "${before.a}" } }'), "${before.a}: unknown value that beforeTask keeps 'a'"],
    ['what a failed beforeTask may not have kept', step('beforeTask: { keep: { a: host2 } }', 'undo: { calls: { host: "${before.a}", verb: poke } }'), '${before.a}: beforeTask may have failed before it kept anything'],
    ['a result of no call', step('endSuccessfully: { output: { a: "${results.quote}" } }'), "${results.quote}: unknown result of an earlier call 'quote'"],
    ['an item without each', step('createTask: { verb: make, args: { id: "${item}" } }'), '${item}: there is an item only where each is'],
    ['each of what is no list', step('createTask: { each: "${params.id}", verb: make, args: { id: "${item}" } }'), 'createTask.each: ${params.id} is no list'],
    ['an id in a lock', step('effectFree: true').replace('    handlers', '    locks: "thing/${newId.a}"\n    handlers'), 'define[0].locks: ${newId.a}: ids are made by steps'],
    ['an unknown verb', step('createTask: { verb: mike, args: { id: a } }'), "file.yaml:7:29: define[0].handlers[0].createTask.verb: unknown verb 'mike'; did you mean 'make'?"],
    ['a task that is a call', step('createTask: { verb: poke }'), "createTask.verb: 'poke' is called, and neither a task nor a mere look"],
    ['a call that is a task', step('beforeTask: { calls: { host: host1, verb: make, args: { id: a } } }'), "beforeTask.calls.verb: 'make' runs as a task, and cannot be called"],
    ['an unknown argument', step('createTask: { verb: make, args: { id: a, no: b } }'), "file.yaml:7:50: define[0].handlers[0].createTask.args.no: unknown argument of make 'no'; did you mean 'id'?"],
    ['a missing argument', step('createTask: { verb: make }'), 'createTask.args: make also wants id'],
    ['an unknown host', step('beforeTask: { calls: { host: host9, verb: poke } }'), "beforeTask.calls.host: unknown host 'host9'; known: host1, host2, host3"],
    ['no pool where there are several', `pools: [{ id: p }, { id: q }]\nhosts: [{ id: a, pool: p, spm: true }, { id: b, pool: q, spm: true }]\ndomains: []\n${step('createTask: { verb: make, args: { id: a } }')}`, 'createTask: say in which pool: p, q'],
    ['an unknown pool', step('createTask: { verb: make, args: { id: a }, pool: pool2 }'), "createTask.pool: unknown pool 'pool2'; did you mean 'pool1'?"],
    ['outcomes of a verb that has none', step('createTask: { verb: deleteImage, args: { domain: d, disk: e }, outcomes: [succeeds] }'), "createTask.outcomes: 'deleteImage' has no script"],
    ['outcomes that are none', step('createTask: { verb: make, args: { id: a }, outcomes: [explodes] }'), "createTask.outcomes[0]: expected 'succeeds', 'fails CODE' or 'refused CODE'"],
    ['no handlers', 'define: [{ type: A, handlers: [] }]', 'file.yaml:1:31: define[0].handlers: a command has at least one handler'],
    ['two handlers of one name', `${step('effectFree: true')}\n      - { name: first }`, "file.yaml:8:17: define[0].handlers[1].name: 'first' is the name of handlers[0] already"],
    ['two commands of one type', 'define: [{ type: A, handlers: [{ name: a }] }, { type: A, handlers: [{ name: a }] }]', "file.yaml:1:56: define[1].type: there is a command type 'A' already"],
    ['the type of a command that ships', 'define: [{ type: LiveMigrateDisk, handlers: [{ name: a }] }]', "there is a command type 'LiveMigrateDisk' already"],
    ['a name that is none', 'define: [{ type: A-B, handlers: [{ name: a }] }]', 'define[0].type: use 1 to 64 letters and digits, a letter first'],
    ['an unknown child', step('beforeTask: { children: { type: Nobody, independent: true } }'), "beforeTask.children.type: unknown command type 'Nobody'"],
    ['itself as a child', step('beforeTask: { children: { type: Make, independent: true } }'), 'file.yaml:7:41: define[0].handlers[0].beforeTask.children.type: a circle of children: Make starts Make'],
    [
      'a circle of children',
      `define:
  - { type: A, handlers: [{ name: a, beforeTask: { children: [{ type: B, independent: true }] } }] }
  - { type: B, handlers: [{ name: a, beforeTask: { children: { type: C, independent: true } } }] }
  - { type: C, handlers: [{ name: a }, { name: b, beforeTask: { children: { type: A, independent: true } } }] }`,
      'file.yaml:4:83: define[2].handlers[1].beforeTask.children.type: a circle of children: A starts B starts C starts A',
    ],
    ['a default of another type', step('effectFree: true').replace('id: string', 'id: { type: integer, default: x }'), 'define[0].params.id.default: is no integer'],
    ['an effect-free step with an undo', step('effectFree: true', 'undo: {}'), 'effectFree: what changes nothing has nothing to undo'],
    ['undo and compensate', step('compensate: {}', 'undo: {}'), 'compensate: undo stands for it already'],
    ['a change of two kinds', step('beforeTask: { changes: { create: a/b, delete: a/b } }'), 'beforeTask.changes: name one change: create, update or delete'],
    ['a record without a kind', step('beforeTask: { changes: { delete: abc } }'), 'expected a kind and an id'],
    ['a point of no return that nothing crosses', step('pointOfNoReturn: { part: beforeTask, passedIf: { host: host2, verb: look } }'), 'pointOfNoReturn.part: nothing crosses it'],
    ['a point of no return that is asked about with a call', step('pointOfNoReturn: { part: beforeTask, passedIf: { host: host2, verb: poke } }', 'beforeTask: { calls: { host: host2, verb: poke } }'), "passedIf.verb: 'poke' is called, and neither a task nor a mere look"],
    ['a result of what may not be called again', step('pointOfNoReturn: { part: beforeTask, passedIf: { host: host2, verb: look } }', 'beforeTask: { calls: { host: host2, verb: poke, as: poked } }'), 'beforeTask.calls.as: what crosses the point of no return is not called again'],
    ['a probe that does not say whose', step('probe: { doneIf: { host: host2, verb: look } }'), 'file.yaml:7:16: define[0].handlers[0].probe.of: is missing; expected string'],
    ['a probe that asks nothing', step(MAKES, 'probe: { of: make }'), 'file.yaml:8:16: define[0].handlers[0].probe: say by what it is known: doneIf, notDoneIf or both'],
    ['a probe of a verb that no task of the step runs', step(MAKES, 'probe: { of: mike, doneIf: { host: host2, verb: look } }'), "file.yaml:8:22: define[0].handlers[0].probe.of: no task of this step runs 'mike'; did you mean 'make'?"],
    ['two probes of one verb', step(MAKES, 'probe: [{ of: make, doneIf: { host: host2, verb: look } }, { of: make, notDoneIf: { host: host2, verb: look } }]'), "define[0].handlers[0].probe[1].of: there is an entry of 'make' already"],
    ['a probe that changes something', step(MAKES, 'probe: { of: make, doneIf: { host: host2, verb: poke } }'), "probe.doneIf.verb: 'poke' is called, and neither a task nor a mere look"],
    ['a probe of an unknown host', step(MAKES, 'probe: [{ of: make, notDoneIf: { host: host9, verb: look } }]'), "define[0].handlers[0].probe[0].notDoneIf.host: unknown host 'host9'"],
    ['an argument that the task that is asked about does not have', step(MAKES, 'probe: { of: make, doneIf: { host: host2, verb: look, is: "${task.args.idd}" } }'), "probe.doneIf.is: ${task.args.idd}: unknown argument of the task 'idd'; did you mean 'id'?"],
    ['what is not known of the task that is asked about', step(MAKES, 'probe: { of: make, doneIf: { host: "${task.attempt}", verb: look } }'), "probe.doneIf.host: ${task.attempt}: unknown part of the task 'attempt'"],
    ['a task that is asked about where none is', step('createTask: { verb: make, args: { id: "${task.args.id}" } }'), '${task.args.id}: only probe is about a task that it is asked about'],
    ['a misspelt key', step('befoerTask: {}'), "file.yaml:7:9: define[0].handlers[0].befoerTask: unknown key; did you mean 'beforeTask'?"],
    ['params that do not fit', `${step('effectFree: true')}\ncommands: [{ type: Make, params: { id: a, ids: b } }]`, 'commands[0].params.ids: expected array, got string'],
  ])('is refused for %s, in one line that says where', (_, text, message) => {
    expect(refusal(text)).toContain(message);
    expect(refusal(text)).toMatch(/^file\.yaml:\d+:\d+: [^\n]*$/);
  });
});

describe('a declared verb', () => {
  it.each([
    ['that does not say what it changes', verb('kind: spm'), 'file.yaml:2:17: verbs.mine.kind: say what the verb changes: effect, reverses or effectFree: true'],
    ['that changes something and nothing', verb('kind: hsm, effect: a, effectFree: true'), 'verbs.mine.effectFree: a verb has an effect, or is effectFree'],
    ['that reads nothing', verb('kind: read'), 'verbs.mine.kind: a verb that reads says what it looks for: reads'],
    ['that reads and changes', verb('kind: read, reads: a, effect: b'), 'verbs.mine.effect: a verb that reads changes nothing'],
    ['that changes and reads', verb('kind: hsm, reads: a, effect: b'), 'verbs.mine.reads: is for verbs of kind read'],
    ['of no kind', verb('effect: a'), 'verbs.mine.effect: is for verbs of your own, which have a kind'],
    ['of an unknown name and no kind', verb('latency: 1s'), "file.yaml:2:3: verbs.mine: unknown verb 'mine'"],
    ['of a name that hosts know', 'verbs: { deleteImage: { kind: spm, effect: a } }', "file.yaml:1:10: verbs.deleteImage: hosts have a verb 'deleteImage' already"],
    ['of a name that is none', 'verbs: { a-b: { kind: spm, effect: a } }', "verbs.a-b: 'a-b' is no name for a verb"],
    ['that refers to more than its arguments', verb("kind: spm, effect: '${params.a}'"), 'verbs.mine.effect: ${params.a}: a verb knows only its arguments'],
    ['with a rate and nothing to move', verb('kind: spm, effect: a, rate: 1 MiB/s'), 'verbs.mine.rate: is for verbs that move data: give it bytes'],
    ['with an argument of a name that is taken', verb('kind: spm, effect: a, args: [outcomes]'), 'an argument cannot be called outcomes'],
  ])('is refused %s', (_, text, message) => {
    expect(refusal(text)).toContain(message);
  });

  it('of those that ship has a rate only if it moves data', () => {
    expect(refusal('verbs: { deleteImage: { rate: 1 MiB/s } }')).toContain('file.yaml:1:31: verbs.deleteImage.rate: deleteImage moves no data: give it a latency');
    expect(() => read('verbs: { syncImageData: { rate: 1 MiB/s } }')).not.toThrow();
  });
});

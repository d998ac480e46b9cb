import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../../sim/embed/simulation.js';
import { parseScenario } from '../../../../sim/scenario/load.js';
import { BUILT_IN_VOCABULARY } from '../../../../sim/scenario/vocabulary.js';
import { FLOW } from './flow.js';

/** Runs a text as a scenario file, and gives its commands by id. */
async function commandsOf(text: string, set: readonly string[] = []) {
  const scenario = parseScenario(text, 'file.yaml', { vocabulary: BUILT_IN_VOCABULARY, set });
  const simulation = await Simulation.create(scenario, { seed: 3 });
  try {
    await simulation.run();
    const { commands, invariants, tasks, unused } = simulation.result();
    expect(invariants.filter(({ held }) => !held)).toEqual([]);
    return { commands: Object.fromEntries(commands.map((command) => [command.id, command])), tasks, unused, callbacks: commands.flatMap(({ history }) => history.map(({ handler, callback }) => `${handler}.${callback}`)) };
  } finally {
    await simulation.dispose();
  }
}

describe('a command that a scenario declares', () => {
  it('runs its steps in their order, and succeeds', async () => {
    const { commands } = await commandsOf(FLOW);
    expect(commands['one']).toMatchObject({ type: 'Order', status: 'SUCCEEDED', handlers: ['reserve', 'pay', 'ship'] });
    expect(commands['one']?.history.filter(({ callback }) => callback === 'endSuccessfully').map(({ handler }) => handler)).toEqual(['reserve', 'pay', 'ship']);
  });

  it.each([
    ['its task fails', 'faults=[{failTask: {verb: ship, code: 100}}]', ['ship.endWithFailure', 'pay.compensate', 'reserve.compensate']],
    ['a call of its fails', 'faults=[{failCall: {verb: charge, nth: every, code: 100}}]', ['pay.compensate', 'reserve.compensate']],
    ['its first task fails', 'faults=[{failTask: {verb: reserve, match: {item: y}, nth: every, code: 100}}]', ['reserve.endWithFailure']],
  ])('is undone in reverse if %s', async (_, fault, undo) => {
    const { commands, callbacks } = await commandsOf(FLOW, [fault]);
    expect(commands['one']).toMatchObject({ status: 'ROLLED_BACK', residue: [] });
    expect(callbacks.filter((name) => /compensate|endWithFailure/.test(name))).toEqual(undo);
  });

  it('has one task for each item, and outcomes for each of its attempts', async () => {
    const { tasks, commands } = await commandsOf(FLOW, ["commands.0.params.items=[a, b, c]", "define.0.handlers.0.createTask.outcomes=['fails 100', succeeds]"]);
    expect(commands['one']?.status).toBe('SUCCEEDED');
    const results = tasks.filter(({ verb }) => verb === 'reserve').map(({ result }) => result);
    expect(results.toSorted()).toEqual(['failed', 'failed', 'failed', 'succeeded', 'succeeded', 'succeeded']);
  });

  it('cleans up before each further attempt of the task that has failed', async () => {
    const { commands, tasks, callbacks } = await commandsOf(FLOW, [
      "define.0.handlers.0.createTask.outcomes=['fails 100', succeeds]",
      'define.0.handlers.0.beforeRetry={changes: {create: "note/${params.order}-${failed.args.item}", value: {attempt: "${failed.attempt}"}}, tasks: {verb: release, args: {order: "${params.order}", item: "${failed.args.item}"}, doneCodes: [9202]}}',
    ]);
    expect(commands['one']?.status).toBe('SUCCEEDED');
    expect(callbacks.filter((name) => name === 'reserve.beforeRetry')).toHaveLength(2);
    expect(tasks.filter(({ verb }) => verb === 'release')).toHaveLength(2);
  });

  it('is told that the tasks of its undo are over', async () => {
    const told = 'define.0.handlers.0.compensationEnded={calls: {host: host2, verb: refund, args: {order: "${params.order}"}, doneCodes: [9202]}}';
    const { commands, callbacks } = await commandsOf(FLOW, [told, 'faults=[{failTask: {verb: ship, code: 100}}]']);
    expect([commands['one']?.status, callbacks.slice(-2)]).toEqual(['ROLLED_BACK', ['reserve.compensate', 'reserve.compensationEnded']]);
  });

  it.each([
    ['only: {codes: [TASK_FAILED]}', 'SUCCEEDED'],
    ['only: {codes: [CALL_FAILED]}', 'ROLLED_BACK'],
    ['except: {codes: [TASK_FAILED], hostCodes: [9201]}', 'ROLLED_BACK'],
  ])('tries again what its policy says: %s', async (retryIf, status) => {
    const { commands } = await commandsOf(FLOW, ["define.0.handlers.0.createTask.outcomes=['fails 100', succeeds]", `define.0.handlers.0.retry={attempts: 2, retryIf: {${retryIf}}}`]);
    expect(commands['one']?.status).toBe(status);
  });

  it('has dependent children, which are rolled back with it', async () => {
    const parcels = `  - type: Parcels
    params: { items: { type: string, list: true } }
    handlers:
      - name: all
        beforeTask: { children: { each: '\${params.items}', type: Parcel, params: { order: '\${item}' } } }
        compensate: {}
      - { name: tell, createTask: { verb: ship, args: { order: letter } }, endWithFailure: {} }
  - type: Parcel
    params: { order: string }
    handlers:
      - { name: send, createTask: { verb: ship, args: { order: '\${params.order}' } }, undo: { tasks: { verb: takeBack, args: { order: '\${params.order}' }, doneCodes: [9202] } } }
`;
    const flow = FLOW.replace('  ship: {', "  takeBack: { kind: spm, reverses: 'parcel/${args.order}' }\n  ship: {")
      .replace(/\ncommands: .*/, `${parcels}\ncommands: [{ id: one, type: Parcels, params: { items: [x, y] } }]`);
    expect(Object.values((await commandsOf(flow)).commands).map(({ type, status }) => [type, status])).toEqual([['Parcels', 'SUCCEEDED'], ['Parcel', 'SUCCEEDED'], ['Parcel', 'SUCCEEDED']]);
    const { commands } = await commandsOf(flow, ['faults=[{failTask: {verb: ship, match: {order: letter}, code: 100}}]']);
    expect(Object.values(commands).map(({ status }) => status)).toEqual(['ROLLED_BACK', 'ROLLED_BACK', 'ROLLED_BACK']);
  });

  it('does not ship again what has crossed the point of no return, when nobody could tell at first', async () => {
    const ship = FLOW.replace("  ship: { kind: spm", "  shipped: { kind: read, reads: 'parcel/${args.order}' }\n  ship: { kind: spm")
      .replace("        endWithFailure: {}", "        pointOfNoReturn: { part: task, passedIf: { host: host2, verb: shipped, args: { order: '${params.order}' } } }\n        endWithFailure: {}");
    expect((await commandsOf(ship)).commands['one']?.status).toBe('SUCCEEDED');
    const { commands, callbacks } = await commandsOf(ship, ['faults=[{failTask: {verb: ship, code: 100}}]']);
    expect([commands['one']?.status, callbacks.includes('ship.hasPassed')]).toEqual(['ROLLED_BACK', true]);
  });

  it('fails for good when all outcomes do', async () => {
    const { commands } = await commandsOf(FLOW, ["verbs.ship.outcomes=['refused 100']"]);
    expect(commands['one']).toMatchObject({ status: 'ROLLED_BACK', error: { hostCode: 100 } });
  });

  it('keeps what it declares to leave', async () => {
    const leaves = 'define.0.handlers.0.leaves={each: "${params.items}", verb: reserve, object: "stock/${params.order}/${item}"}';
    const { commands } = await commandsOf(FLOW, [leaves, 'define.0.handlers.0.undo={}', 'faults=[{failTask: {verb: ship, code: 100}}]']);
    expect(commands['one']).toMatchObject({ status: 'ROLLED_BACK', residue: [{ verb: 'reserve', object: 'stock/o1/x' }, { verb: 'reserve', object: 'stock/o1/y' }] });
  });

  it('is not called rolled back if a step with effects has no undo', async () => {
    const { commands } = await commandsOf(FLOW.replace(/ {8}undo:\n {10}tasks: \{ each[^\n]*release[^\n]*\n/, ''), ['faults=[{failTask: {verb: ship, code: 100}}]']);
    expect(commands['one']).toMatchObject({ status: 'ROLLBACK_INCOMPLETE', heldBy: { code: 'NOT_UNDOABLE' } });
  });

  it('is told by the ledger if its undo is wrong: no undo of a payment is not ROLLED_BACK', async () => {
    const scenario = parseScenario(FLOW, 'file.yaml', {
      vocabulary: BUILT_IN_VOCABULARY,
      set: ['define.0.handlers.1.undo={}', 'faults=[{failTask: {verb: ship, code: 100}}]'],
    });
    const simulation = await Simulation.create(scenario, { seed: 3 });
    await simulation.run();
    const truth = simulation.result().invariants.find(({ name }) => name === 'truth');
    await simulation.dispose();
    expect(truth).toMatchObject({ held: false });
    expect(truth?.detail).toContain('there remains: charge payment/o1');
  });

  it('fails when a step takes longer than it may', async () => {
    const { commands } = await commandsOf(FLOW, ['define.0.handlers.2.timeout=2s']);
    expect(commands['one']).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'STEP_TIMEOUT' } });
  });

  it('waits for its locks, as it declares', async () => {
    const second = 'commands.1={at: 7s, id: two, type: Order, params: {order: o1, items: [z]}}';
    const refused = await commandsOf(FLOW, [second]);
    expect(refused.commands['two']).toMatchObject({ status: 'REJECTED', error: { code: 'LOCK_CONFLICT' } });
    const { commands } = await commandsOf(FLOW, [second, 'define.0.lockWait=10min']);
    expect(commands['two']).toMatchObject({ status: 'ROLLED_BACK', error: { message: 'order/o1 is there already' } });
  });

  it('starts children, each with its own params', async () => {
    const { commands } = await commandsOf(`
verbs: { pack: { kind: spm, effect: 'box/\${args.item}' } }
define:
  - type: PackAll
    params: { items: { type: string, list: true } }
    handlers:
      - name: each
        effectFree: true
        beforeTask: { children: { each: '\${params.items}', type: PackOne, params: { item: '\${item}' }, independent: true } }
  - type: PackOne
    params: { item: string }
    handlers: [{ name: pack, createTask: { verb: pack, args: { item: '\${params.item}' } }, undo: {} }]
commands: [{ id: all, type: PackAll, params: { items: [a, b] } }]
`);
    expect(Object.values(commands).map(({ type, status }) => [type, status])).toEqual([
      ['PackAll', 'SUCCEEDED'],
      ['PackOne', 'SUCCEEDED'],
      ['PackOne', 'SUCCEEDED'],
    ]);
  });

  it.each([
    ['beforeTask', 'beforeTask: { calls: { host: host2, verb: confirm, args: { id: "${params.id}" } } }', 'failCall: { verb: later, code: 100 }'],
    ['endSuccessfully', 'endSuccessfully: { calls: { host: host2, verb: confirm, args: { id: "${params.id}" } } }', 'failCall: { verb: later, code: 100 }'],
  ])('goes on behind a point of no return in %s, whatever fails', async (part, crossing, fault) => {
    const { commands, unused } = await commandsOf(`
verbs:
  confirm: { kind: hsm, effect: 'deed/\${args.id}' }
  confirmed: { kind: read, reads: 'deed/\${args.id}' }
  later: { kind: hsm, effectFree: true }
define:
  - type: Sign
    params: { id: string }
    handlers:
      - name: sign
        pointOfNoReturn: { part: ${part}, passedIf: { host: host2, verb: confirmed, args: { id: '\${params.id}' } } }
        ${crossing}
      - { name: file, beforeTask: { calls: { host: host3, verb: later } } }
commands: [{ id: c, type: Sign, params: { id: d1 } }]
faults: [{ ${fault} }]
`);
    expect(unused).toEqual([]);
    expect(commands['c']?.status).toBe('SUCCEEDED');
  });
});

// Defines a command of one's own, lets a simulated cluster run it, and crashes the engine before every event of that run.
//
//   npm run build && node examples/embed.mjs
import { defineCommand, Disk, entityKind, Vm } from 'seatbelt';
import { parseScenario, Simulation, vocabularyOf } from 'seatbelt/sim';
import { z } from 'zod';

const Ticket = entityKind('ticket');

// Two steps: note a ticket, then add an empty layer to a disk. The second fails in the scenario below, so the first must be undone.
const AddLayer = defineCommand({
  type: 'AddLayer',
  params: z.strictObject({ pool: z.string(), disk: z.string() }),
  locks: ({ disk }) => [{ key: `disk/${disk}`, mode: 'exclusive' }],
})
  .step({
    name: 'openTicket',
    beforeTask: ({ entities, newId, params }) => {
      const id = newId('ticket');
      entities.put(Ticket, id, { about: params.disk });
      return { id };
    },
    endSuccessfully: ({ before }) => ({ ticket: before.id }),
    compensate: ({ entities, before }) => entities.remove(Ticket, before.id),
  })
  .step({
    name: 'createLayer',
    beforeTask: ({ entities, params }) => {
      const disk = entities.get(Disk, params.disk);
      return { host: entities.get(Vm, disk.vm).host, domain: disk.domain, parent: disk.volumes.at(-1)?.id ?? null, sizeBytes: disk.size };
    },
    createTask: ({ params, before: { domain, parent, sizeBytes }, newId }) => ({
      verb: 'createVolume',
      args: { domain, disk: params.disk, volume: newId('layer'), parent, format: 'cow', sizeBytes },
      pool: params.pool,
    }),
    endWithFailure: ({ params, before, newId }) =>
      before && { verb: 'deleteVolume', args: { domain: before.domain, disk: params.disk, volume: newId('layer') }, pool: params.pool, doneCodes: [201] },
  })
  .build();

const commands = new Map([[AddLayer.type, AddLayer]]);
const scenario = parseScenario(
  `
vms: [{ id: vm1, host: host2 }]
disks: [{ id: disk1, vm: vm1, domain: domain1, size: 1 GiB }]
commands: [{ id: add, type: AddLayer, params: { pool: pool1, disk: disk1 } }]
faults: [{ failTask: { verb: createVolume, code: 205 } }]
`,
  'examples/embed.mjs',
  { vocabulary: vocabularyOf(commands) },
);

async function run(faults) {
  const simulation = await Simulation.create({ ...scenario, faults: [...scenario.faults, ...faults] }, { commands, seed: 7 });
  try {
    await simulation.run();
    return simulation.result();
  } finally {
    await simulation.dispose();
  }
}

const calm = await run([]);
console.log(`without a crash: ${calm.commands[0].status} after ${calm.events} events, trace ${calm.traceHash}`);

let broken = 0;
for (let n = 1; n <= calm.events; n += 1) {
  const { commands: [add], invariants } = await run([{ kind: 'crashEngine', point: { at: 'event', n }, down: 5_000_000 }]);
  if (add.status !== 'ROLLED_BACK' || invariants.some(({ held }) => !held)) {
    broken += 1;
    console.log(`crash before event ${n}: ${add.status}`, invariants.filter(({ held }) => !held));
  }
}
console.log(`crashed before each of ${calm.events} events: ${broken === 0 ? 'always rolled back, all invariants held' : `${broken} runs are broken`}`);
process.exitCode = broken === 0 ? 0 : 1;

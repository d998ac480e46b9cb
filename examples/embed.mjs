// Defines a command of one's own, lets a simulated cluster run it, and crashes the engine before every event of that run.
//
//   npm run build && node examples/embed.mjs
import { defineCommand, Disk, entityKind, Vm } from 'seatbelt';
import { parseScenario, Simulation, vocabularyOf } from 'seatbelt/sim';
import { z } from 'zod';

const Ticket = entityKind('ticket');

// Two steps: note a ticket, then add an empty layer to a disk. Where the second fails, the first must be undone.
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
      return { vm: disk.vm, host: entities.get(Vm, disk.vm).host, domain: disk.domain, parent: disk.volumes.at(-1)?.id ?? null, sizeBytes: disk.size };
    },
    createTask: ({ params, before: { domain, parent, sizeBytes }, newId }) => ({
      verb: 'createVolume',
      args: { domain, disk: params.disk, volume: newId('layer'), parent, format: 'cow', sizeBytes },
      pool: params.pool,
    }),
    endSuccessfully: async ({ call, entities, params, before, newId }) => {
      const volume = newId('layer');
      // The layer is there; now the VM has to write to it. A call is always awaited: it belongs to the callback.
      await call(before.host, 'snapshot', { vm: before.vm, snapshot: newId('snapshot'), disks: [{ disk: params.disk, volume }] });
      entities.update(Disk, params.disk, (disk) => ({ ...disk, volumes: [...disk.volumes, { id: volume, parent: before.parent, format: 'cow' }] }));
    },
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
`,
  'examples/embed.mjs',
  { vocabulary: vocabularyOf(commands) },
);

async function run(faults) {
  const simulation = await Simulation.create({ ...scenario, faults }, { commands, seed: 7 });
  try {
    await simulation.run();
    return simulation.result();
  } finally {
    await simulation.dispose();
  }
}

let broken = 0;
for (const [name, faults, end] of [
  ['nothing fails', [], 'SUCCEEDED'],
  ['the second step fails', [{ kind: 'failTask', verb: 'createVolume', code: 205 }], 'ROLLED_BACK'],
]) {
  const calm = await run(faults);
  console.log(`${name}: ${calm.commands[0].status} after ${calm.events} events, trace ${calm.traceHash}`);
  for (let n = 1; n <= calm.events && broken === 0; n += 1) {
    const crash = { kind: 'crashEngine', point: { at: 'event', n }, down: 5_000_000 };
    const { commands: [add], invariants } = await run([...faults, crash]);
    if (add.status !== end || invariants.some(({ held }) => !held)) {
      broken += 1;
      console.log(`  crashed before event ${n}: ${add.status}`, invariants.filter(({ held }) => !held));
    }
  }
  console.log(`  crashed before each of ${calm.events} events: ${broken === 0 ? `always ${end}, all invariants held` : `${broken} runs are broken`}`);
}
process.exitCode = broken === 0 ? 0 : 1;

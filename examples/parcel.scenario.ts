// A scenario in code: its data, typed, and a command of its own. Run it: seatbelt run examples/parcel.scenario.ts
import { z } from 'zod';
import { defineCommand, entityKind } from 'seatbelt';
import { defineScenario } from 'seatbelt/sim';

const Parcel = entityKind<{ state: 'PACKED' | 'SENT'; label: string }>('parcel');

const SendParcel = defineCommand({
  type: 'SendParcel',
  params: z.strictObject({ parcel: z.string(), weightKg: z.number().positive() }),
  locks: ({ parcel }) => [{ key: `parcel/${parcel}`, mode: 'exclusive' }],
})
  .step({
    name: 'pack',
    beforeTask: ({ entities, params, newId }) => entities.put(Parcel, params.parcel, { state: 'PACKED', label: newId('label') }),
    createTask: ({ params }) => ({ verb: 'pack', args: { parcel: params.parcel }, pool: 'pool1' }),
    endSuccessfully: ({ params }) => ({ price: params.weightKg > 20 ? 30 : 5 }),
    endWithFailure: ({ params, failure, entities }) => {
      if (!failure.beforeCommitted) return undefined;
      entities.remove(Parcel, params.parcel);
      return unpack(params.parcel);
    },
    compensate: ({ params, entities }) => {
      entities.remove(Parcel, params.parcel);
      return unpack(params.parcel);
    },
  })
  .step({
    name: 'pay',
    // What the earlier step has given is known, by name and type.
    endSuccessfully: async ({ call, params, outputs }) => {
      await call('host2', 'charge', { parcel: params.parcel, price: outputs.pack.price });
    },
    compensate: async ({ call, params, outputs }) => {
      // Whether the charge went through is not known here. Refunding what was never charged is refused with 9202.
      await call('host2', 'refund', { parcel: params.parcel, price: outputs.pack.price }).catch((error: unknown) => {
        if (!isRefusal(error, 9202)) throw error;
      });
    },
  })
  .step({
    name: 'send',
    createTask: ({ params }) => ({ verb: 'collect', args: { parcel: params.parcel }, pool: 'pool1' }),
    endSuccessfully: ({ entities, params }) => entities.update(Parcel, params.parcel, (parcel) => ({ ...parcel, state: 'SENT' as const })),
    // If it was not collected, nothing has happened.
    endWithFailure: () => undefined,
  })
  .build();

function unpack(parcel: string) {
  return { verb: 'unpack', args: { parcel }, pool: 'pool1', doneCodes: [9202] };
}

function isRefusal(error: unknown, code: number): boolean {
  return typeof error === 'object' && error !== null && 'hostCode' in error && error.hostCode === code;
}

export default defineScenario({
  description: 'A parcel is packed, paid for and collected. The van comes for one of two; the other is unpacked, and its money paid back.',
  verbs: {
    pack: { kind: 'spm', effect: 'box/${args.parcel}', latency: { median: '2s', p95: '5s' } },
    unpack: { kind: 'spm', reverses: 'box/${args.parcel}' },
    charge: { kind: 'hsm', effect: 'payment/${args.parcel}/${args.price}' },
    refund: { kind: 'hsm', reverses: 'payment/${args.parcel}/${args.price}' },
    collect: { kind: 'spm', effect: 'delivery/${args.parcel}', latency: '30s' },
  },
  definitions: [SendParcel],
  commands: [
    { id: 'books', type: 'SendParcel', params: { parcel: 'books', weightKg: 3 } },
    { id: 'piano', type: 'SendParcel', params: { parcel: 'piano', weightKg: 300 } },
  ],
  faults: [
    { failTask: { verb: 'collect', match: { parcel: 'piano' }, code: 100 } },
    { crashEngine: { when: { callback: 'compensate', handler: 'pay', is: 'run' } } },
  ],
});

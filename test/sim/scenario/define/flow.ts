/** An order: stock is reserved for each item, the payment is taken by a call, and it is shipped. */
export const FLOW = `
verbs:
  reserve: { kind: spm, effect: 'stock/\${args.order}/\${args.item}', latency: 2s }
  release: { kind: spm, reverses: 'stock/\${args.order}/\${args.item}', latency: 1s }
  charge: { kind: hsm, args: [amount], effect: 'payment/\${args.order}' }
  refund: { kind: hsm, reverses: 'payment/\${args.order}' }
  ship: { kind: spm, effect: 'parcel/\${args.order}', latency: 4s, bytes: 1 MiB, rate: 1 MiB/s }

define:
  - type: Order
    params: { order: string, items: { type: string, list: true }, amount: { type: integer, default: 5 } }
    locks: 'order/\${params.order}'
    handlers:
      - name: reserve
        beforeTask:
          changes: { create: 'order/\${params.order}', value: { state: NEW, amount: '\${params.amount}' } }
          keep: { invoice: '\${newId.invoice}' }
        createTask: { each: '\${params.items}', verb: reserve, args: { order: '\${params.order}', item: '\${item}' } }
        retry: { attempts: 2, backoff: 1s }
        endSuccessfully: { output: { invoice: '\${before.invoice}' } }
        undo:
          tasks: { each: '\${params.items}', verb: release, args: { order: '\${params.order}', item: '\${item}' }, doneCodes: [9202] }
      - name: pay
        endSuccessfully:
          calls: { host: host2, verb: charge, args: { order: '\${params.order}', amount: '\${params.amount}' } }
          changes: { update: 'order/\${params.order}', set: { state: PAID, invoice: '\${outputs.reserve.invoice}' } }
        undo: { calls: { host: host2, verb: refund, args: { order: '\${params.order}' }, doneCodes: [9202] } }
      - name: ship
        createTask: { verb: ship, args: { order: '\${params.order}' } }
        endWithFailure: {}

commands: [{ id: one, type: Order, params: { order: o1, items: [x, y] } }]
`;

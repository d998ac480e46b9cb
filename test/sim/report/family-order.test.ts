import { expect, it } from 'vitest';
import { inFamilyOrder } from '../../../sim/report/family-order.js';

it('lists children after their parent, in the order in which they were started', () => {
  const ids = ['c1', 'c1!0.1.0', 'c1!0.1.10', 'c1!0.1.10!0.1.0', 'c1!0.1.2', 'c1!1.1.0', 'c10', 'c2'];
  expect(inFamilyOrder(ids.map((id) => ({ id }))).map(({ id }) => id)).toEqual(['c1', 'c1!0.1.0', 'c1!0.1.2', 'c1!0.1.10', 'c1!0.1.10!0.1.0', 'c1!1.1.0', 'c10', 'c2']);
});

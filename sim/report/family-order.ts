/**
 * Sorts commands by their roots, each child after its parent, in the order in which they were started: their ids say so, but as text a tenth child would come
 * before a second.
 */
export function inFamilyOrder<T extends { readonly id: string }>(commands: readonly T[]): readonly T[] {
  return commands.toSorted((one, other) => compare(partsOf(one.id), partsOf(other.id)));
}

type Part = string | number;

/** `c1!0.1.10` is `c1`, 0, 1, 10. */
function partsOf(id: string): readonly Part[] {
  const [root = '', ...children] = id.split('!');
  return [root, ...children.flatMap((child) => child.split('.').map(Number))];
}

function compare(one: readonly Part[], other: readonly Part[]): number {
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i += 1) {
    const [a = 0, b = 0] = [one[i], other[i]];
    if (a !== b) return a < b ? -1 : 1;
  }
  return one.length - other.length;
}

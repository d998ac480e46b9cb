/** Where two traces part, in words; null if they do not. */
export function firstDifference(one: readonly string[], other: readonly string[]): string | null {
  const at = one.findIndex((line, i) => line !== other[i]);
  if (at === -1 && one.length === other.length) return null;
  if (at === -1) return `after ${one.length} events the one ends, and the other goes on: ${other[one.length] ?? ''}`;
  return `${one[at] ?? ''}\nis in the other run\n${other[at] ?? 'nothing: it has ended'}`;
}

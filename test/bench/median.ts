/** The middle of the values; of an even number of them, the upper middle. NaN if there are none. */
export function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? NaN;
}

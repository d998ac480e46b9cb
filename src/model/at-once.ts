/**
 * Passes on what a user's function has given that is to answer at once. From an asynchronous one that is a promise, which whoever looks at it will refuse; the
 * promise's failure comes later, is then nobody's, and must not end the process.
 */
export function atOnce<T>(given: T): T {
  if (given instanceof Promise) given.catch(() => undefined);
  return given;
}

const ALLOWED = /^[A-Za-z0-9\-_.+!*'(),]+$/;
const NOT_ALLOWED = /[^A-Za-z0-9\-_.+!*'(),]/gu;

/**
 * An actor name that nact accepts, different for different names: what nact refuses (`:`, `/`, `%`, blanks, anything not ASCII) is written as
 * `$` and two hexadecimal digits per UTF-8 byte, and so is `$` itself.
 */
export function encodeActorName(name: string): string {
  if (ALLOWED.test(name)) return name;
  if (name === '') return '$';
  return name.replace(NOT_ALLOWED, (character) =>
    Array.from(new TextEncoder().encode(character), (byte) => `$${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

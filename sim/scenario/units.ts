import { z } from 'zod';

const MICROS: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6, min: 60e6, h: 3_600e6, d: 86_400e6 };
const BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

const QUANTITY = /^(\d{1,15}(?:\.\d{1,9})?) ?([A-Za-z]+)$/;

/** `1.5 min` in the base unit of `units`; undefined if it is no whole number of it, or has no unit, or one that is not of `units`. */
function quantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, number, unit] = QUANTITY.exec(text.trim()) ?? [];
  if (number === undefined || unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  // 0.1 s must be 100 000 µs although 0.1 is no binary number: round, and refuse only what was really a fraction.
  const exact = Number(number) * (units[unit] ?? Number.NaN);
  const whole = Math.round(exact);
  return Number.isSafeInteger(whole) && Math.abs(exact - whole) <= exact * Number.EPSILON ? whole : undefined;
}

function quantitySchema(expected: string, parse: (text: string) => number | undefined) {
  const refusal = (input: unknown) => (input === undefined ? `is missing; give ${expected}` : `expected ${expected}, got ${shown(input)}`);
  return z.string({ error: (issue) => refusal(issue.input) }).transform((text, context): number => {
    const parsed = parse(text);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: refusal(text) });
    return z.NEVER;
  });
}

/** Only so much of it that the line stays one. */
function shown(input: unknown): string {
  const text = typeof input === 'bigint' ? String(input) : JSON.stringify(input);
  return text.length <= 64 ? text : `${text.slice(0, 64)}…`;
}

const positive = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);

/** A duration as text with its unit (`0s`, `250ms`, `5 min`; also us, h, d), read as whole µs. A bare number is refused: its unit would be a guess. */
export const durationSchema = quantitySchema('a duration with a unit, such as 250ms, 90s or 5min', (text) => quantity(text, MICROS));

/** A duration above zero, for what would be done endlessly at one instant, or is the median of a lognormal distribution. */
export const positiveDurationSchema = quantitySchema('a duration above zero with a unit, such as 250ms, 90s or 5min', (text) =>
  positive(quantity(text, MICROS)),
);

/** A size as text with its unit (`10 GiB`; also B, KiB, MiB, TiB), read as bytes, at least 1. */
export const sizeSchema = quantitySchema('a size with a unit, such as 512 MiB or 10 GiB', (text) => positive(quantity(text, BYTES)));

/** A transfer rate as text with its unit (`75 MiB/s`), read as bytes per second, at least 1. */
export const rateSchema = quantitySchema('a rate with a unit, such as 75 MiB/s', (text) => {
  const [amount, per, ...rest] = text.split('/');
  return amount !== undefined && per?.trim() === 's' && rest.length === 0 ? positive(quantity(amount, BYTES)) : undefined;
});

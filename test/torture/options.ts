import { Command, InvalidArgumentError } from 'commander';

/** A count or a seed on the command line. @throws InvalidArgumentError which commander tells in one line */
export function whole(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('Expected a whole number from 1.');
  return number;
}

/** What every campaign has: `npm run NAME -- --seed 7 --workers 2`. */
export function campaign(name: string, description: string): Command {
  return new Command(`npm run ${name} --`)
    .description(description)
    .option('--seed <number>', 'of every run', whole, 1)
    .option('--workers <number>', 'processes', whole, 2);
}

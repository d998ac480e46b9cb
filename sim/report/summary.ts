import { existingText, operatorText } from './operator-text.js';
import type { CommandResult, RunReport } from './result.js';
import { clock, printable, type Style } from './style.js';

/** Lines that end a run's report: each command's end, recoveries, invariants, and how to run it again. @param rerun the command line; null if nothing gives the same run again */
export function summary(report: RunReport, rerun: string | null, style: Style): readonly string[] {
  const broken = report.invariants.filter((invariant) => !invariant.held);
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
  const widths = { id: widest(report.commands.map(({ id }) => id)), type: widest(report.commands.map(({ type }) => type)) };
  return [
    ...report.commands.flatMap((command) => commandLines(command, widths, style)),
    ...(report.commands.length === 0 ? ['no commands'] : []),
    '',
    `virtual time ${clock(report.virtualTimeMs * 1000)} in ${report.wallTimeMs} ms, ${report.events} events, ${recoveries(report.recoveries)}${resumptions(report.resumptions)}`,
    broken.length === 0
      ? style.good(`invariants: all ${report.invariants.length} held`)
      : style.bad(`invariants: ${broken.length} of ${report.invariants.length} BROKEN`),
    ...broken.map(({ name, detail }) => style.bad(`  ${name}${detail === undefined ? '' : `: ${printable(detail)}`}`)),
    ...(report.longest === null ? [] : [longestText(report.longest)]),
    ...networkLine(report.network),
    ...report.unused.map(({ fault, what }) => style.notable(`warning: faults[${fault}] did not happen: ${printable(what)}`)),
    `seed ${report.seed}, trace ${report.traceHash}`,
    ...(rerun === null ? [] : [`again: ${rerun}`]),
  ];
}

function longestText({ commandId, tookMs, boundMs }: NonNullable<RunReport['longest']>): string {
  return `liveness: ${commandId} took ${clock(tookMs * 1000)} of the ${clock(boundMs * 1000)} that it may take`;
}

function commandLines(command: CommandResult, widths: { readonly id: number; readonly type: number }, style: Style): readonly string[] {
  const error = command.error === undefined ? '' : `  ${command.error.code}: ${command.error.message}`;
  const line = printable(`${command.id.padEnd(widths.id)}  ${command.type.padEnd(widths.type)}  ${command.status}${error}`);
  const under = ' '.repeat(widths.id);
  const residue = command.residue.map(({ verb, object }) => `${under}  left on purpose: ${verb} ${object}`);
  const operator = command.operator.map((entry) => `${under}  ${operatorText(entry)}`);
  const exists = command.exists.map((existing) => `${under}  ${existingText(command.id, existing)}`);
  const held = command.heldBy === undefined ? [] : [`${under}  held by ${command.heldBy.code}: ${command.heldBy.message}`];
  const waits = command.heldChildren === undefined ? [] : [`${under}  waits for ${command.heldChildren.join(', ')}, held until somebody decides`];
  const locks = command.locks.length === 0 ? [] : [`${under}  still locked: ${command.locks.join(', ')}`];
  return [toned(command.status, style)(line), ...[...held, ...waits, ...operator, ...exists, ...residue, ...locks].map(printable)];
}

function toned(status: CommandResult['status'], style: Style): (text: string) => string {
  switch (status) {
    case 'SUCCEEDED':
      return style.good;
    case 'ROLLED_BACK':
    case 'REJECTED':
    case 'CLOSED_BY_OPERATOR':
      return style.notable;
    case 'SUBMITTED':
    case 'RUNNING':
    case 'ROLLING_BACK':
    case 'COMPLETED':
    case 'STUCK':
    case 'ROLLBACK_INCOMPLETE':
    case 'PARKED':
      return style.bad;
  }
}

/** Nothing is said of messages to who is down: that a node was, is said anyway. */
function networkLine({ lost, cutOff, duplicated, delayed }: RunReport['network']): readonly string[] {
  const counts = Object.entries({ lost, 'cut off': cutOff, 'sent twice': duplicated, 'held up': delayed }).filter(([, n]) => n > 0);
  return counts.length === 0 ? [] : [`network: ${counts.map(([what, n]) => `${n} ${n === 1 ? 'message' : 'messages'} ${what}`).join(', ')}`];
}

function recoveries(n: number): string {
  return n === 0 ? 'no recovery' : n === 1 ? '1 recovery' : `${n} recoveries`;
}

function resumptions(n: number): string {
  return n === 0 ? '' : `, resumed ${n === 1 ? 'once' : `${n} times`}`;
}

import type { Condition } from '../scenario/condition.js';
import type { Fault, HostRef, MessageFault } from '../scenario/schema.js';
import type { Trigger } from '../scenario/trigger.js';

// Faults in words, for reports.

export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'crashEngine':
      return `crashEngine ${describePoint(fault.point)}`;
    case 'pauseEngine':
      return `pauseEngine ${describePoint(fault.point)}`;
    case 'crashHost':
    case 'hangHost':
      return `${fault.kind} ${describeHost(fault.host)} ${describePoint(fault.point)}`;
    case 'loseLease':
    case 'moveSpm':
      return `${fault.kind}${fault.pool === null ? '' : ` of ${fault.pool}`} ${describePoint(fault.point)}`;
    case 'failTask':
    case 'failCall':
    case 'loseTask':
    case 'hangTask':
    case 'slowTask':
    case 'failRollback': {
      const match = Object.entries(fault.match ?? {}).map(([arg, value]) => ` ${arg}=${JSON.stringify(value)}`);
      const which = fault.nth === undefined ? '' : `, number ${fault.nth}`;
      return `${fault.kind} ${fault.verb}${match.join('')}${which}`;
    }
    case 'partition': {
      const { from, to, oneWay } = fault;
      const who = to === null ? `isolate ${from}` : `${from} ${oneWay ? 'to' : 'and'} ${to}`;
      return `partition ${who}${to === null && oneWay ? ' one way' : ''} ${describePoint(fault.point)}`;
    }
    case 'dropMessage':
    case 'duplicateMessage':
    case 'delayMessage':
      return `${fault.kind}${describeMessages(fault)}`;
  }
}

function describeMessages({ from, to, op, reply, nth }: MessageFault): string {
  const what = op === undefined ? (reply === undefined ? '' : reply ? ' reply' : ' request') : ` ${reply === true ? 'reply to ' : ''}${op}`;
  return `${what}${from === undefined ? '' : ` from ${from}`}${to === undefined ? '' : ` to ${to}`}${nth === undefined ? '' : `, number ${nth}`}`;
}

function describeHost(host: HostRef): string {
  if ('host' in host) return host.host;
  return host.spmOf === null ? 'spm' : `spm of ${host.spmOf}`;
}

/** When a fault is planned, in words. */
export function describePoint(point: Trigger): string {
  switch (point.at) {
    case 'time':
      return `at ${point.us / 1e6} s`;
    case 'event':
      return `before event ${point.n}`;
    case 'before':
    case 'after':
      return `${point.at} port operation ${point.portOperation}`;
    case 'condition':
      return `when ${describeCondition(point.condition)}`;
  }
}

function describeCondition(condition: Condition): string {
  const nth = condition.nth === 1 ? '' : `, number ${condition.nth}`;
  switch (condition.of) {
    case 'task':
      return `task ${condition.verb} is ${condition.is}${nth}`;
    case 'command':
      return `command ${condition.type} is ${condition.is}${nth}`;
    case 'callback':
      return `${condition.handler === null ? '' : `${condition.handler}.`}${condition.callback} is ${condition.is}${nth}`;
  }
}

import type { CommandScript, Course, Runs, StepScript, TaskScript } from './script.js';

/** A course in words: only what is not as usual, so that a shrunk one is short. */
export function describeCourse({ commands, operator, crashes, seed }: Course): string {
  const lines = commands.flatMap(({ script, cancelAtMs }, i) => [
    `command c${i}${cancelAtMs === null ? '' : `, cancelled ${cancelAtMs} ms after its submission`}`,
    ...stepsOf(script).map((line) => `  ${line}`),
  ]);
  const crash = crashes.map(({ when, portOperation }) => `the engine crashes ${when} its port operation ${portOperation}`);
  const operated = operator.length === 0 ? [] : [`an operator: ${operator.join(', ')}`];
  return [...lines, ...operated, ...crash, `seed ${seed}`].join('\n');
}

function stepsOf({ steps }: CommandScript): readonly string[] {
  return steps.flatMap((step, i) => [`step ${i}: ${traitsOf(step).join('; ')}`, ...step.children.flatMap(({ command, independent }, n) => [`  child ${n}${independent ? ', independent' : ''}`, ...stepsOf(command).map((line) => `    ${line}`)])]);
}

function traitsOf(step: StepScript): readonly string[] {
  const traits = [`${step.attempts} attempts, ${step.undoAttempts} to undo`];
  for (const name of ['beforeTask', 'createTask', 'endSuccessfully'] as const) if (!isUsual(step[name])) traits.push(`${name} ${runsText(step[name])}`);
  for (const name of ['endWithFailure', 'compensate', 'compensationEnded', 'beforeRetry'] as const) {
    const runs = step[name];
    if (runs === null) traits.push(`no ${name}`);
    else if (!isUsual(runs)) traits.push(`${name} ${runsText(runs)}`);
  }
  if (step.retryIf !== 'no') traits.push(`tries again ${step.retryIf}`);
  if (step.timeLimitMs !== null) traits.push(`at most ${step.timeLimitMs} ms`);
  for (const name of ['leaves', 'effectFree'] as const) if (step[name]) traits.push(name);
  if (step.onUndoFailed === 'continue') traits.push('undoes on after a failed undo');
  if (step.pivot !== null) traits.push(`point of no return in ${step.pivot}, hasPassed answers by try: ${step.answers.map((answers) => answers.join(', ')).join(' | ')}`);
  for (const name of ['startedTasks', 'createdTasks', 'cleanUps', 'reverts'] as const) traits.push(...step[name].map((task) => `${name}: ${taskText(task)}`));
  return traits;
}

function isUsual({ ends, calls }: Runs): boolean {
  return ends.length === 0 && !calls;
}

function runsText({ ends, calls }: Runs): string {
  return [...(calls ? ['calls'] : []), ...ends].join(', ');
}

function taskText({ fates, polls, heedsStop }: TaskScript): string {
  return `${[...fates, 'well'].join(', ')}; runs for ${polls} polls${heedsStop ? '' : ', does not heed a stop'}`;
}

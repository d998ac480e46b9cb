import { z } from 'zod';
import { defineCommand } from '../../../src/model/command.js';

// Handlers never run in these tests: all that counts is which callbacks they have.
const nothing = () => undefined;

/** Shares its lock, and changes nothing. */
export const Reader = defineCommand({ type: 'Reader', params: z.object({}), locks: () => [{ key: 'disk/d1', mode: 'shared' }] })
  .step({ name: 'read', effectFree: true })
  .build();

/** Three steps that can all be undone; the second tries twice. */
export const ThreeSteps = defineCommand({ type: 'ThreeSteps', params: z.object({}), locks: () => [{ key: 'disk/d1', mode: 'exclusive' }] })
  .step({ name: 'first', endWithFailure: nothing, compensate: nothing })
  .step({ name: 'second', retry: { attempts: 2, backoffMs: 1, maxBackoffMs: 1 }, compensate: nothing })
  .step({ name: 'third', endWithFailure: nothing, compensate: nothing })
  .build();

/** The task of the first step crosses the point of no return; the second step has no way back. */
export const OneWay = defineCommand({ type: 'OneWay', params: z.object({}) })
  .step({ name: 'pivot', createTask: nothing, pointOfNoReturn: { part: 'task', hasPassed: () => 'passed' }, endWithFailure: nothing, compensate: nothing })
  .step({ name: 'after' })
  .build();

/** Both steps are told how their undo went, and try it once. */
export const Told = defineCommand({ type: 'Told', params: z.object({}) })
  .step({ name: 'one', undoRetry: { attempts: 1 }, onUndoFailed: 'continue', endWithFailure: nothing, compensate: nothing, compensationEnded: nothing })
  .step({ name: 'two', undoRetry: { attempts: 1 }, onUndoFailed: 'continue', endWithFailure: nothing, compensate: nothing, compensationEnded: nothing })
  .build();

/** Its second step has children. */
export const Parent = defineCommand({ type: 'Parent', params: z.object({}) })
  .step({ name: 'own', endWithFailure: nothing, compensate: nothing })
  .step({ name: 'children', endWithFailure: nothing, compensate: nothing })
  .step({ name: 'last', endWithFailure: nothing, compensate: nothing })
  .build();

/** What its children did stays. */
export const Leaving = defineCommand({ type: 'Leaving', params: z.object({}) })
  .step({ name: 'children', leaves: () => [] })
  .step({ name: 'last', effectFree: true })
  .build();

export const Child = defineCommand({ type: 'Child', params: z.object({}) })
  .step({ name: 'make', endWithFailure: nothing, compensate: nothing })
  .build();

/** Its tasks have three attempts, and what one has left is cleaned up before the next. */
export const Careful = defineCommand({ type: 'Careful', params: z.object({}) })
  .step({ name: 'careful', retry: { attempts: 3, backoffMs: 1, maxBackoffMs: 1 }, beforeRetry: nothing, endWithFailure: nothing, compensate: nothing })
  .build();

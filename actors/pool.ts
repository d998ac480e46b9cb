import type { Answer } from './exchange.js';
import type { EngineContext } from './engine-context.js';
import type { Offer, PoolMessage } from './messages.js';
import { FairQueue } from './pool/fair-queue.js';
import { SpmFinder, type Demand, type PoolConfig } from './pool/spm-finder.js';
import { NOT_SPM, QUEUE_FULL, RECOVERING, STALE } from './wire.js';

/** They say nothing about the request itself (semantics §4, "Not a refusal"). A stale fence number is looked up anew. */
const TRANSIENT: ReadonlySet<number> = new Set([NOT_SPM, RECOVERING, QUEUE_FULL, STALE]);

/**
 * `waiting`: for an SPM. `queued`: it is a submission, and waits its turn. `asked`: it has left, for the `n`th time, and has not been answered. `pausing`: it will
 * be offered again.
 */
interface Trial {
  at: 'waiting' | 'queued' | 'asked' | 'pausing';
  n: number;
}

/**
 * One storage pool as the engine sees it: gets requests to the host that is its SPM, whichever that is, and keeps those that it cannot take now. What submits a task
 * waits its turn where there is no room; all else passes it.
 */
export function createPool(context: EngineContext, pool: PoolConfig, wakeSelf: (message: PoolMessage) => void): (message: PoolMessage) => void {
  const { ports, exchange, settings } = context;
  /** What has not been answered, in the order in which it came. */
  const open = new Map<Offer, Trial>();
  const queue = new FairQueue<Offer>();
  /** The SPM has had no room for the last submission. While that is so, one at a time tries. */
  let full = false;
  let tries: Offer | null = null;
  /** Submissions that nobody has answered yet, by task. */
  const submissions = new Map<string, Offer>();
  /** What is to be offered in the place of a submission that is not wanted any more. */
  const replaced = new WeakMap<Offer, Offer | null>();
  const finder = new SpmFinder({ context, pool, demand, wakeSelf, found, noneFound });

  return (message) => {
    switch (message.type) {
      case 'offer':
        return take(message.offer);
      case 'offerAgain':
        return open.get(message.offer)?.at === 'pausing' ? give(message.offer) : undefined;
      case 'roomAgain':
        return tries === null ? tryNext() : undefined;
      case 'withdraw':
        return withdraw(message);
      case 'answered':
        return answered(message);
      case 'roleAnswered':
      case 'acted':
      case 'lookAgain':
      case 'refreshDue':
        return finder.handle(message);
    }
  };

  function demand(): Demand {
    if (open.size === 0) return 'none';
    for (const { isCourtesy } of open.keys()) if (isCourtesy?.() !== true) return 'work';
    return 'courtesy';
  }

  function take(offer: Offer): void {
    open.set(offer, { at: 'waiting', n: 0 });
    if (offer.submission !== undefined) submissions.set(offer.submission.taskId, offer);
    give(offer);
  }

  function give(given: Offer): void {
    const offer = inPlaceOf(given);
    const trial = open.get(offer);
    if (trial === undefined) return;
    trial.at = 'waiting';
    finder.want();
    if (finder.spm === null) return;
    if (offer.submission === undefined) return send(offer, trial, finder.spm);
    trial.at = 'queued';
    queue.add(offer, offer.submission);
    if (!full) drain();
  }

  /** What is offered in the place of a submission that has left, and is not wanted any more. */
  function inPlaceOf(offer: Offer): Offer {
    const instead = replaced.get(offer);
    if (instead === undefined || instead === null) return offer;
    forget(offer);
    open.set(instead, { at: 'waiting', n: 0 });
    return instead;
  }

  function send(offer: Offer, trial: Trial, host: string): void {
    trial.at = 'asked';
    trial.n += 1;
    const { n } = trial;
    const answered = (answer: Answer): void => wakeSelf({ type: 'answered', offer, n, host, answer });
    exchange.request(host, context.stamp(offer.commandId), offer.body, settings.requestTimeoutMs, answered);
  }

  function drain(): void {
    while (!full && sendNext()) continue;
  }

  function sendNext(): Offer | null {
    const { spm } = finder;
    const offer = spm === null ? undefined : queue.next();
    const trial = offer === undefined ? undefined : open.get(offer);
    if (spm === null || offer === undefined || trial === undefined) return null;
    send(offer, trial, spm);
    return offer;
  }

  function tryNext(): void {
    tries = sendNext();
    if (tries === null) full = false;
  }

  function withdraw({ taskId, mayHaveLeft, instead }: Extract<PoolMessage, { type: 'withdraw' }>): void {
    const offer = submissions.get(taskId);
    const trial = offer === undefined ? undefined : open.get(offer);
    // Its answer is on its way.
    if (offer === undefined || trial === undefined) return;
    if (!mayHaveLeft && trial.n === 0) return end(offer, null);
    // Where hosts recognise nothing, what has been answered was not taken.
    if (instead === null && trial.at !== 'asked') return end(offer, null);
    replaced.set(offer, instead);
    // It has been answered, or has not left this engine: nothing is to be waited for.
    if (trial.at === 'queued' || trial.at === 'waiting') give(offer);
  }

  function end(offer: Offer, answer: Parameters<Offer['wake']>[0]): void {
    forget(offer);
    offer.wake(answer);
  }

  function forget(offer: Offer): void {
    open.delete(offer);
    if (offer.submission === undefined) return;
    queue.remove(offer, offer.submission);
    submissions.delete(offer.submission.taskId);
  }

  function answered({ offer, n, host, answer }: Extract<PoolMessage, { type: 'answered' }>): void {
    const trial = open.get(offer);
    // Another has been asked meanwhile, and what that one says counts.
    if (trial?.at !== 'asked' || trial.n !== n) return;
    const code = answer.kind === 'reply' ? answer.reply.code : null;
    if (code === NOT_SPM) finder.isNot(host);
    if (answer.kind === 'reply' && !TRANSIENT.has(answer.reply.code)) end(offer, { host, reply: answer.reply });
    else if (answer.kind === 'timeout' && offer.silent !== undefined) {
      forget(offer);
      offer.silent();
    } else if (offer.patience === 'once' || replaced.get(offer) === null) end(offer, null);
    else if (code === QUEUE_FULL && offer.submission !== undefined) return noRoom(offer, trial);
    else pause(offer, trial);
    if (offer === tries) tryNext();
  }

  function noRoom(offer: Offer, trial: Trial): void {
    if (replaced.has(offer)) give(offer);
    else {
      trial.at = 'queued';
      if (offer.submission !== undefined) queue.add(offer, offer.submission);
    }
    if (full && offer !== tries) return;
    full = true;
    tries = null;
    ports.after(settings.resubmitMs * 1000, () => wakeSelf({ type: 'roomAgain' }));
  }

  function pause(offer: Offer, trial: Trial): void {
    trial.at = 'pausing';
    ports.after(settings.resubmitMs * 1000, () => wakeSelf({ type: 'offerAgain', offer }));
  }

  /** All that has not been answered goes to the new SPM: what the old one was asked may never be answered. */
  function found(host: string): void {
    full = false;
    tries = null;
    for (const [given, { at }] of [...open]) {
      // Nor is what must not be made twice asked of another before its time is over.
      if (at === 'pausing' || (at === 'asked' && (given.patience === 'once' || given.silent !== undefined))) continue;
      const offer = inPlaceOf(given);
      const trial = open.get(offer);
      if (trial === undefined) continue;
      if (offer.submission === undefined) send(offer, trial, host);
      else if (at !== 'queued') {
        trial.at = 'queued';
        queue.add(offer, offer.submission);
      }
    }
    drain();
  }

  function noneFound(): void {
    for (const [offer, { at }] of [...open]) if (at === 'waiting' && offer.patience === 'once') end(offer, null);
  }
}

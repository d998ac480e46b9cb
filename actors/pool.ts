import type { Answer } from './exchange.js';
import type { EngineContext } from './engine-context.js';
import type { Offer, PoolMessage } from './messages.js';
import { NOT_SPM, QUEUE_FULL, RECOVERING, STALE, type SpmStatus } from './wire.js';

/** They say nothing about the request itself (semantics §4, "Not a refusal"). A stale fence number is looked up anew. */
const TRANSIENT: ReadonlySet<number> = new Set([NOT_SPM, RECOVERING, QUEUE_FULL, STALE]);

/**
 * One storage pool as the engine sees it: finds the host that holds the SPM role, by asking the hosts themselves, and gets requests to it. Which
 * host it was before a crash is not remembered: hosts know, the engine asks.
 */
export function createPool(
  context: EngineContext,
  pool: { readonly id: string; readonly hosts: readonly string[] },
  wakeSelf: (message: PoolMessage) => void,
): (message: PoolMessage) => void {
  const { ports, exchange, settings } = context;
  let spm: string | null = null;
  /** Numbers the searches for the SPM; answers to an earlier one are void. */
  let round = 0;
  let silent = 0;
  let searching = false;
  let waiting: Offer[] = [];
  /** Those that have left for a host at least once. */
  const sent = new WeakSet<Offer>();
  /** Submissions that nobody has answered yet, by task. */
  const submissions = new Map<string, Offer>();
  /** What is to be offered in the place of a submission that is not wanted any more. */
  const replaced = new WeakMap<Offer, Offer>();

  return (message) => {
    switch (message.type) {
      case 'offer':
        if (message.offer.body.op === 'submitTask') submissions.set(message.offer.body.taskId, message.offer);
        give(message.offer);
        return;
      case 'offerAgain':
        give(message.offer);
        return;
      case 'withdraw':
        withdraw(message);
        return;
      case 'answered':
        answered(message.offer, message.host, message.answer);
        return;
      case 'roleAnswered':
        roleAnswered(message);
        return;
      case 'lookAgain':
        if (spm === null) search();
        return;
    }
  };

  function give(given: Offer): void {
    const offer = replaced.get(given) ?? given;
    if (offer !== given) forgetSubmission(given);
    if (spm === null) {
      waiting.push(offer);
      if (!searching) search();
      return;
    }
    const host = spm;
    sent.add(offer);
    exchange.request(host, context.stamp(offer.commandId), offer.body, settings.requestTimeoutMs, (answer) =>
      wakeSelf({ type: 'answered', offer, host, answer }),
    );
  }

  function withdraw({ taskId, mayHaveLeft, instead }: Extract<PoolMessage, { type: 'withdraw' }>): void {
    const offer = submissions.get(taskId);
    // Its answer is on its way.
    if (offer === undefined) return;
    if (mayHaveLeft || sent.has(offer)) {
      replaced.set(offer, instead);
      return;
    }
    waiting = waiting.filter((other) => other !== offer);
    end(offer, null);
  }

  function end(offer: Offer, answer: Parameters<Offer['wake']>[0]): void {
    forgetSubmission(offer);
    offer.wake(answer);
  }

  function forgetSubmission({ body }: Offer): void {
    if (body.op === 'submitTask') submissions.delete(body.taskId);
  }

  function answered(offer: Offer, host: string, answer: Answer): void {
    if (answer.kind === 'reply' && !TRANSIENT.has(answer.reply.code)) {
      end(offer, { host, reply: answer.reply });
      return;
    }
    // Only this host's own word, or its silence, unseats it; another may have been found meanwhile.
    if (spm === host && (answer.kind === 'timeout' || answer.reply.code === NOT_SPM)) spm = null;
    if (offer.patience === 'once') end(offer, null);
    else ports.after(settings.resubmitMs * 1000, () => wakeSelf({ type: 'offerAgain', offer }));
  }

  function search(): void {
    searching = true;
    round += 1;
    silent = 0;
    const asked = round;
    for (const host of pool.hosts) {
      exchange.request(host, context.stamp(null), { op: 'getSpmStatus', pool: pool.id }, settings.requestTimeoutMs, (answer) =>
        wakeSelf({ type: 'roleAnswered', round: asked, host, answer }),
      );
    }
  }

  function roleAnswered(message: Extract<PoolMessage, { type: 'roleAnswered' }>): void {
    if (message.round !== round || !searching) return;
    if (isSpm(message.answer)) {
      spm = message.host;
      searching = false;
      const offers = waiting;
      waiting = [];
      offers.forEach(give);
      return;
    }
    silent += 1;
    if (silent < pool.hosts.length) return;
    searching = false;
    const offers = waiting;
    waiting = offers.filter((offer) => offer.patience === 'untilAnswered');
    for (const offer of offers) if (offer.patience === 'once') end(offer, null);
    ports.after(settings.resubmitMs * 1000, () => wakeSelf({ type: 'lookAgain' }), { background: waiting.length === 0 });
  }

  function isSpm(answer: Answer): boolean {
    // Only getSpmStatus is answered with this.
    return answer.kind === 'reply' && answer.reply.code === 0 && (answer.reply.result as SpmStatus).role === 'SPM';
  }
}

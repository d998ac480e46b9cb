import type { StoragePort } from '../storage-port.js';
import { UNKNOWN_DOMAIN, type Args } from '../wire.js';
import { refused, type Answer } from './answer.js';
import type { HostVerb } from './verb-table.js';

/** What a host says to a verb about a storage domain that its pool does not have. Null: there is no such domain among the arguments. */
export function domainRefusal({ name, args }: { readonly name: string; readonly args: Args }, verb: HostVerb, pool: string, storage: StoragePort): Answer | null {
  const unknown = verb.domainsOf(args).find((domain) => !storage.hasDomain(pool, domain));
  return unknown === undefined ? null : refused(UNKNOWN_DOMAIN, `${name}: pool '${pool}' has no storage domain '${unknown}'`);
}

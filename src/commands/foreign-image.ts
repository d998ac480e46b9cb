import type { StepContext } from '../model/handler.js';

/**
 * Refuses to begin where an image of the disk stands already. Asked under the disk's lock before anything is made there, so that from then on what stands there is the
 * command's own: its undo may delete it, however its task has ended, and never has to guess from an error code whose it is.
 * @param host to be asked: any that sees the domain
 * @throws Error there is one @throws CallFailed @throws CallUnknown
 */
export async function refuseForeignImage<P, O>(ctx: Pick<StepContext<P, O>, 'read'>, host: string, { domain, disk }: { readonly domain: string; readonly disk: string }): Promise<void> {
  const found = (await ctx.read(host, 'getVolumesList', { domain, disk })) as readonly string[];
  if (found.length > 0) throw new Error(`an image of disk ${disk} stands on ${domain}, which the engine does not know of`);
}

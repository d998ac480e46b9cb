import type { ProbeAnswer, ProbedTask } from '../model/handler.js';
import type { Data } from '../model/data.js';

/** As a probe's context has it. */
type Read = (host: string, verb: string, args: { readonly [key: string]: Data }) => Promise<Data>;

/**
 * What became of a task, by which volumes there are. To be asked of a host of the pool when nobody else makes or removes what the task is about.
 * @param host any that is up
 */
export async function probeStorage(host: string, { task, read }: { readonly task: ProbedTask; readonly read: Read }): Promise<ProbeAnswer> {
  const { verb, args } = task;
  const volumesOn = async (domain: Data | undefined, disk = args['disk']): Promise<readonly Data[]> => {
    const found = await read(host, 'getVolumesList', { domain: domain ?? null, disk: disk ?? null });
    return Array.isArray(found) ? found : [];
  };
  const isThere = async (): Promise<boolean> => (await volumesOn(args['domain'])).includes(args['volume'] ?? null);
  switch (verb) {
    case 'createVolume':
      return (await isThere()) ? 'done' : 'notDone';
    case 'deleteVolume':
      return (await isThere()) ? 'notDone' : 'done';
    case 'deleteImage':
      return (await volumesOn(args['domain'])).length === 0 ? 'done' : 'notDone';
    case 'mergeSnapshots':
      // What has been merged into the other is dropped last.
      return (await volumesOn(args['domain'])).includes(args['ancestor'] ?? null) ? 'notDone' : 'done';
    case 'copyImage':
      // The volumes are there from the start of the copy, and nobody can see whether it came to its end.
      return (await volumesOn(args['target'], args['copy'])).length === 0 ? 'notDone' : 'cannotTell';
    case 'cloneImageStructure': {
      const [copy, original] = [await volumesOn(args['target']), await volumesOn(args['source'])];
      if (copy.length === 0) return 'notDone';
      return copy.length === original.length && copy.every((volume) => original.includes(volume)) ? 'done' : 'cannotTell';
    }
    case 'syncImageData':
      // Done again, it writes again what it has written.
      return 'notDone';
    default:
      return 'cannotTell';
  }
}

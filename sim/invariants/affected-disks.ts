import type { Content } from '../world/content.js';

/** The disks whose copies an effect on this object may have changed; undefined if its name does not tell: then it may be any. */
export function disksOf(object: string, { vmDisks }: Content): readonly string[] | undefined {
  const [kind, path = ''] = object.split(':');
  const [place = '', disk] = path.split('/');
  switch (kind) {
    case 'image':
    case 'content':
    case 'volume':
    case 'halfBaked':
    case 'replication':
    case 'pivot':
      return disk === undefined ? undefined : [disk];
    case 'snapshot':
    case 'running':
    case 'suspended':
      return [...(vmDisks.find(place)?.disks.keys() ?? [])];
    default:
      return undefined;
  }
}

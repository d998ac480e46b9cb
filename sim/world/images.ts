import type { Data } from '../../src/model/data.js';
import { byKey } from './order.js';
import { tableOf, type Table } from './table.js';
import { TrackedMap } from './tracked-map.js';

export interface Volume {
  readonly id: string;
  /** The volume that this one is a layer upon; null for the base. */
  readonly parent: string | null;
  readonly format: 'raw' | 'cow';
  readonly legal: boolean;
  readonly sizeBytes: number;
  /** What is written in this volume, as tokens such as `base:disk1`. A simulation needs to know where data is, not what it says. */
  readonly data: readonly string[];
}

/** A disk's chain of volumes on one storage domain. */
export interface Image {
  /** Its data was copied into it or was there from the start, as against a structure that waits for its data. */
  readonly filled: boolean;
  readonly volumes: ReadonlyMap<string, Volume>;
  /** Ids of volumes that are being created: there is something of them, and no part of a chain yet. */
  readonly halfBaked?: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** The storage domains and what lies on them. Values are replaced, never changed in place. */
export class Images {
  readonly #domains = new Set<string>();
  readonly #images = new TrackedMap<Place, Image>();

  addDomain(domain: string): void {
    this.#domains.add(domain);
  }

  get domains(): readonly string[] {
    return [...this.#domains];
  }

  hasDomain(domain: string): boolean {
    return this.#domains.has(domain);
  }

  find(domain: string, disk: string): Image | undefined {
    return this.#images.get(placeOf(domain, disk));
  }

  put(domain: string, disk: string, image: Image): void {
    if (this.#domains.has(domain)) this.#images.set(placeOf(domain, disk), image);
  }

  /** Creates or replaces a volume of an image that exists. */
  putVolume(domain: string, disk: string, volume: Volume): void {
    const image = this.find(domain, disk);
    if (image !== undefined) this.put(domain, disk, { ...image, volumes: new Map(image.volumes).set(volume.id, volume) });
  }

  remove(domain: string, disk: string): void {
    this.#images.delete(placeOf(domain, disk));
  }

  /** What is on the domains, which themselves are the same for ever. */
  table(): Table {
    return tableOf('image', this.#images, toRow, fromRow);
  }

  toData(): Data {
    const domains = new Map([...this.#domains].map((domain) => [domain, new Map<string, Image>()]));
    for (const [place, image] of this.#images) {
      const [domain = '', disk = ''] = place.split('/');
      domains.get(domain)?.set(disk, image);
    }
    return byKey(domains, (images) =>
      byKey(images, ({ filled, volumes, halfBaked = NONE }) => ({ filled, volumes: byKey(volumes, (volume) => ({ ...volume })), halfBaked: [...halfBaked].sort() })),
    );
  }
}

/** No name on storage has a `/`. */
type Place = `${string}/${string}`;

function placeOf(domain: string, disk: string): Place {
  return `${domain}/${disk}`;
}

function toRow({ filled, volumes, halfBaked = NONE }: Image): Data {
  return { filled, volumes: [...volumes.values()].map((volume) => ({ ...volume })), halfBaked: [...halfBaked] };
}

function fromRow(row: Data): Image {
  const { filled, volumes, halfBaked } = row as unknown as { readonly filled: boolean; readonly volumes: readonly Volume[]; readonly halfBaked: readonly string[] };
  return { filled, volumes: new Map(volumes.map((volume) => [volume.id, volume])), halfBaked: new Set(halfBaked) };
}

/** From the leaf to the base; undefined unless the volumes form one chain: one leaf, no parent missing, nothing left over. */
export function chainOf(image: Image): readonly Volume[] | undefined {
  const parents = new Set([...image.volumes.values()].map(({ parent }) => parent));
  const chain: Volume[] = [];
  let at = [...image.volumes.values()].find(({ id }) => !parents.has(id));
  while (at !== undefined && chain.length < image.volumes.size) {
    chain.push(at);
    at = at.parent === null ? undefined : image.volumes.get(at.parent);
  }
  return chain.length > 0 && chain.length === image.volumes.size && chain.at(-1)?.parent === null ? chain : undefined;
}

/** Whether the image is a legal chain that holds all of `data`. */
export function holds(image: Image, data: Iterable<string>): boolean {
  const chain = chainOf(image);
  if (chain === undefined || chain.some(({ legal }) => !legal)) return false;
  const there = new Set(chain.flatMap((volume) => volume.data));
  return [...data].every((token) => there.has(token));
}

/** Tokens sorted and each once, so that equal content is equal data. */
export function joinData(...parts: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(parts.flat())].sort();
}

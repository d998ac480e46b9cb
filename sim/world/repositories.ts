/** An image that a repository offers. */
export interface RepoImage {
  readonly sizeBytes: number;
  readonly data: readonly string[];
}

/** The repositories of images outside the storage pool, like Glance: hosts download from them, and nobody here writes to them. The same for ever. */
export class Repositories {
  readonly #images = new Map<string, RepoImage>();

  add(repository: string, image: string, sizeBytes: number): void {
    this.#images.set(`${repository}/${image}`, { sizeBytes, data: [`image:${repository}/${image}`] });
  }

  find(repository: string, image: string): RepoImage | undefined {
    return this.#images.get(`${repository}/${image}`);
  }
}

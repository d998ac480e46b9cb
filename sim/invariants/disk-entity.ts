import { z } from 'zod';
import { Disk, type DiskRecord } from '../../src/commands/entities.js';
import { entityKey, type EntityKey, type EntityRecord } from '../../src/model/entity.js';

/** As much of it as the checks look at; the user's own flows may keep more in theirs. */
const shape = z.looseObject({
  id: z.string(),
  vm: z.string().nullable(),
  domain: z.string(),
  volumes: z.array(z.looseObject({ id: z.string() })),
  status: z.enum(['OK', 'LOCKED', 'ILLEGAL']),
});

export function diskKey(disk: string): EntityKey {
  return entityKey(Disk, disk);
}

/** What the engine knows of a disk; undefined if there is no such record, or it is of somebody else's making. */
export function diskRecord(record: EntityRecord | undefined): DiskRecord | undefined {
  return record !== undefined && shape.safeParse(record.value).success ? (record.value as DiskRecord) : undefined;
}

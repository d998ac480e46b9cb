import { crashAt, type EnginePoint, type FaultDocument } from '../scenario.js';

/** What happens at a point of a run. */
export type Blow = (typeof BLOWS)[number];

/** The engine crashes; or the SPM dies, hangs for longer than its lease is valid, has its lease taken away, or is told to leave the role to another host. */
export const BLOWS = ['engine', 'spm-dies', 'spm-hangs', 'lease', 'moves'] as const;

/** The fault, as a scenario file has it. The port operations of a point are the engine's, whatever happens there. */
export function blowAt(blow: Blow, point: EnginePoint): FaultDocument {
  switch (blow) {
    case 'engine':
      return crashAt(point);
    case 'spm-dies':
      return { crashHost: { ...momentOf(point), host: 'spm', down: '5min' } };
    case 'spm-hangs':
      return { hangHost: { ...momentOf(point), host: 'spm', for: '10min' } };
    case 'lease':
      return { loseLease: momentOf(point) };
    case 'moves':
      return { moveSpm: momentOf(point) };
  }
}

function momentOf(point: EnginePoint) {
  switch (point.at) {
    case 'event':
      return { event: point.n };
    case 'before':
      return { beforePortOperation: point.portOperation };
    case 'after':
      return { afterPortOperation: point.portOperation };
  }
}

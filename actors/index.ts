// seatbelt/engine: run commands.

export { startEngine, type EngineConfig, type EngineMemory } from './engine.js';
export { DEFAULT_ENGINE_SETTINGS, type EngineSettings } from './settings.js';
export { createActorRuntime, realBindings, type ActorRuntime, type ActorSystem, type Ref, type RuntimeBindings } from './runtime.js';
export type { EnginePorts, NodePorts, Timer } from './ports.js';
export type { Probe } from './probe.js';
export * from './wire.js';

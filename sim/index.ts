// seatbelt/sim: simulate and embed.

export type { EngineRestart, OperatorWish, ResumeOptions, SimulationEvents, SimulationOptions } from './embed/interface.js';
export { OlderStore } from './embed/older-store.js';
export { Simulation } from './embed/simulation.js';
export { defineScenario, resolveScenario, ScenarioDefinition } from './scenario/code.js';
export { loadScenario, parseScenario, type LoadOptions } from './scenario/load.js';
export { BUILT_IN_VOCABULARY, vocabularyOf } from './scenario/vocabulary.js';
export type { Vocabulary } from './scenario/check.js';
export type { Fault, MessageFault, PlannedFault, Scenario, ScenarioCommand, ScenarioInput, VerbFault } from './scenario/schema.js';
export type { CommandResult, HostResult, InvariantResult, NetworkResult, RunResult, TaskResult } from './report/result.js';
export type { ProbeEvent } from './report/timeline.js';
export type { Violation } from './invariants/invariant.js';

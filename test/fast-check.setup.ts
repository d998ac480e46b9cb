import fc from 'fast-check';

/*
 * Properties are tried with the same cases each time, so that a change is judged by itself. `FC_SEED=$RANDOM npm test` tries others; a failure
 * prints its seed and path.
 */
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20_261_123) });

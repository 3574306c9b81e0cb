/** The name of the command that exports a model with calibrated probabilities. */
export const CALIBRATED = 'Export it with calibrated probabilities';

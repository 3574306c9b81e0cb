import type { Rule } from '../rule.js';

// The gradient stops here.
export const Detach: Rule = () => [null];

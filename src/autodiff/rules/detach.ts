import type { Rule } from '../rule/rule.js';

// The gradient stops here.
export const Detach: Rule = () => [null];

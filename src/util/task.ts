/** What an image may have: exactly one of the classes, or any number of them. */
export const TASKS = ['single-label', 'multi-label'] as const;
/** One of {@link TASKS}. */
export type Task = (typeof TASKS)[number];

/** Where nothing says it, a class counts as there from this probability on. */
export const USUAL_THRESHOLD = 0.5;

/**
 * A type whose fields can't be written, at any depth; lists and tuples become readonly ones. For what a schema infers and others
 * only read.
 */
export type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

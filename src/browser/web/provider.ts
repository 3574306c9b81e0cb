/** Where a page's networks train: the graphics card, or the processor. */
export type Provider = 'webgpu' | 'wasm';

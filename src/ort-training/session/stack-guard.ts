/**
 * The library frees places on its stack when it reads or loads parameters (`getContiguousParameters`, `loadParametersBuffer`), which
 * damages its heap: a later call may never return. This gives the address of a module to load in place of the one that makes the
 * library's WebAssembly, which leaves such places alone.
 *
 * @param module - address of `ort-training-wasm-simd-threaded.mjs`.
 */
export function guardingStack(module: string): string {
  return `data:text/javascript,${encodeURIComponent(`
    import create from ${JSON.stringify(module)};
    export default async (options) => {
      const library = await create(options);
      const { stackAlloc } = library;
      const onStack = new Set();
      library.stackAlloc = (size) => {
        const address = stackAlloc(size);
        onStack.add(address);
        return address;
      };
      let free = library._free;
      Object.defineProperty(library, '_free', {
        get: () => (address) => onStack.has(address) ? undefined : free(address),
        // It replaces itself when it is first called
        set: (own) => { free = own; },
      });
      return library;
    };`)}`;
}

// biome-ignore lint/correctness/noUnresolvedImports: a package without an index, found by Node through its main field
declare module 'jstat' {
  export const jStat: {
    readonly studentt: {
      /** Quantile and distribution function of Student's t. */
      inv(p: number, degreesOfFreedom: number): number;
      cdf(x: number, degreesOfFreedom: number): number;
    };
  };
}

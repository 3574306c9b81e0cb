// biome-ignore lint/correctness/noUnresolvedImports: a package without an index, found by Node through its main field
declare module 'jstat' {
  const library: {
    readonly jStat: {
      readonly studentt: {
        /** Quantile and distribution function of Student's t. */
        inv(p: number, degreesOfFreedom: number): number;
        cdf(x: number, degreesOfFreedom: number): number;
      };
    };
  };
  // A CommonJS module, whose exports Node.js gives as the default one
  export default library;
}

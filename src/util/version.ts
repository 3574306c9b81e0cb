/** The version of this package: that of package.json, which a browser has not. */
export const AGON_VERSION = '0.1.0';

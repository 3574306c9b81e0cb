/** A name from anywhere as the name of a file or folder: of letters, digits, `_`, `-` and dots, none of them in front. */
export function toFileName(name: string): string {
  return name.replace(/[^\w.-]/g, '_').replace(/^(\.|$)/, '_');
}

/** The last part of a path of any system, which may end in separators. */
export function baseName(path: string): string {
  return /([^/\\]*)[/\\]*$/.exec(path)?.[1] ?? path;
}

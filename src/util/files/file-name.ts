/** A name from anywhere as the name of a file or folder: of letters, digits, `_`, `-` and dots, none of them in front. */
export function toFileName(name: string): string {
  return name.replace(/[^\w.-]/g, '_').replace(/^(\.|$)/, '_');
}

import sharp from 'sharp';

/** The versions of what decodes images. */
export function imageVersions(): { readonly sharp: string; readonly vips: string } {
  const { sharp: own = 'unknown', vips } = sharp.versions;
  return { sharp: own, vips };
}

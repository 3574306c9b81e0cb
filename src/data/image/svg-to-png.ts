import sharp from 'sharp';

/** Pixels an inch of which an SVG's own unit is one pixel. */
const UNIT_DENSITY = 72;

/** An SVG image as PNG, `scale` pixels to each of its units. Texts need a font that is installed: see {@link hasFonts}. */
export async function svgToPng(svg: string, scale = 2): Promise<Uint8Array> {
  return sharp(Buffer.from(svg), { density: scale * UNIT_DENSITY })
    .png()
    .toBuffer();
}

/** Whether texts in an SVG are drawn on this machine: it may have no font. */
export async function hasFonts(): Promise<boolean> {
  const text = '<text x="2" y="14" font-family="sans-serif" font-size="12">8</text>';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><rect width="16" height="16" fill="white"/>${text}</svg>`;
  const { channels } = await sharp(Buffer.from(svg)).removeAlpha().stats();
  return channels.some(({ min }) => min < 128);
}

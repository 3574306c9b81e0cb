import { z } from 'zod';

/** What of the networks is trained. */
export const TUNING = {
  freeze: z.string().min(1).default('none').meta({
    flag: '--freeze <stage>',
    group: 'Tuning',
    description:
      'layers that stay as they are: `backbone` (all but the head), or a stage and all before it (`agon nets <name>` lists the stages), or `none`',
    help: 'freeze the backbone, or up to a stage (agon nets <name>)',
  }),
};

// Makes TypeScript importable in the thread that loads this file; plain `--import tsx` does so in the main thread only.
import { register } from 'tsx/esm/api';

register();

import { messageOf } from '../../util/error.js';
import { byId } from '../../web/client/elements.js';
import { say, undertake } from './say.js';
import type { Training } from './training.js';

const STATUS = 'keep-status';

/** Downloads of what came of a training. */
export class KeepPanel {
  constructor(private readonly training: Training) {
    byId('export-model').addEventListener('click', () =>
      undertake(this.download('model.onnx', 'application/octet-stream')),
    );
    byId('export-run').addEventListener('click', () => undertake(this.download('run.zip', 'application/zip')));
  }

  private async download(name: 'model.onnx' | 'run.zip', type: string): Promise<void> {
    const { answering } = this.training;
    if (!answering) return;
    say(STATUS, `Writing ${name}…`);
    try {
      const bytes = name === 'model.onnx' ? await answering.exportModel() : await answering.exportRun();
      save(new Blob([bytes as Uint8Array<ArrayBuffer>], { type }), name);
      say(STATUS, `${name} is written, ${(bytes.length / 1e6).toFixed(1)} MB.`);
    } catch (error) {
      say(STATUS, `${name} can’t be written: ${messageOf(error)}`);
    }
  }
}

/** Hands a file to its user. */
function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

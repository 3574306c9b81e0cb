import { messageOf } from '../../util/error.js';
import { make } from '../../web/client/elements.js';
import { button } from './controls.js';

type Facing = 'user' | 'environment';

/** What a camera sees, in a place of the page. */
export class CameraView {
  readonly element = make('div', 'viewfinder');
  private readonly video = document.createElement('video');
  private readonly fault = make('p', 'wrong');
  private readonly turn = button('Other camera', () => void this.open(this.facing === 'user' ? 'environment' : 'user'));
  private stream: MediaStream | undefined;
  private facing: Facing = 'environment';

  constructor() {
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.setAttribute('aria-label', 'What the camera sees');
    this.fault.setAttribute('role', 'alert');
    this.turn.hidden = true;
    this.element.append(this.video, this.fault, make('div', 'controls', this.turn));
    addEventListener('pagehide', () => this.close());
  }

  /** The picture of now; undefined while there is none. */
  get picture(): HTMLVideoElement | undefined {
    return this.stream?.active && this.video.videoWidth > 0 ? this.video : undefined;
  }

  get isOpen(): boolean {
    return this.stream !== undefined;
  }

  /** Whether it could be opened; why not is said in its place. */
  async open(facing: Facing = this.facing): Promise<boolean> {
    this.close();
    this.fault.textContent = '';
    try {
      // Absent where the page has come over plain HTTP from another machine
      if (!navigator.mediaDevices) throw new Error('browsers give it to pages from this machine or over https alone');
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing } });
      this.facing = facing;
      this.video.srcObject = this.stream;
      await this.video.play();
      await this.settle();
      return true;
    } catch (error) {
      this.close();
      this.fault.textContent = `The camera can’t be used: ${messageOf(error)}`;
      return false;
    }
  }

  close(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
  }

  /** One that looks at its user shows them as a mirror does; pictures are as others see them. */
  private async settle(): Promise<void> {
    const facing = this.stream?.getVideoTracks()[0]?.getSettings().facingMode;
    this.video.classList.toggle('mirror', facing === 'user');
    const devices = await navigator.mediaDevices.enumerateDevices();
    this.turn.hidden = devices.filter(({ kind }) => kind === 'videoinput').length < 2;
  }
}

/** Keeps a phone's screen on while networks train: browsers hold pages still that nobody can see. */
export class Wakefulness {
  private wanted = false;
  private lock: WakeLockSentinel | undefined;

  constructor() {
    // A page that is hidden loses it
    document.addEventListener('visibilitychange', () => void this.settle());
  }

  /** Whether the screen is to stay on; where a browser doesn't do that, nothing happens. */
  keep(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    void this.settle();
  }

  private async settle(): Promise<void> {
    const held = this.lock !== undefined && !this.lock.released;
    if (this.wanted && !held && document.visibilityState === 'visible') {
      this.lock = await navigator.wakeLock?.request('screen').catch(() => undefined);
    } else if (!this.wanted && held) await this.lock?.release();
  }
}

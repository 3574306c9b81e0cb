/** A port as browsers and Node.js have it, whose types differ. */
interface Port {
  onmessage: unknown;
  close(): void;
  postMessage(message: unknown): void;
}

/** Lets a page or a worker do what else there is to do: messages come in between the steps of a training. */
export function takeBreath(): Promise<void> {
  const { port1, port2 } = new MessageChannel() as unknown as Readonly<Record<'port1' | 'port2', Port>>;
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

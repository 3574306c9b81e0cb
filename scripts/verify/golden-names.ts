/** A parameter that a golden tensor is about, under its name in the step. Where there is one network it is `net0`. */
function parameterIn(name: string, pattern: RegExp): string | undefined {
  const match = pattern.exec(name);
  return match ? `${match[1] ?? 'net0'}.${match[2]}` : undefined;
}

/** `step0.net1.grad.fc.bias` is about `net1.fc.bias`. */
export const gradientOf = (name: string) => parameterIn(name, /^step0\.(?:(net\d+)\.)?grad\.(.*)$/);

/** `final.net1.fc.bias` is about `net1.fc.bias`. */
export const finalOf = (name: string) => parameterIn(name, /^final\.(?:(net\d+)\.)?(.*)$/);

/** The first network's logits in the k-th step. */
export const logitsName = (k: number) => `step${k}.logits`;

/** How a parameter starts, in PyTorch's terms (torch.nn.init). Fans count as torch's `_calculate_fan_in_and_fan_out`. */
export type Initialiser =
  | { readonly kind: 'constant'; readonly value: number }
  /** N(0, std). */
  | { readonly kind: 'normal'; readonly std: number }
  /** U(-bound, bound). */
  | { readonly kind: 'uniform'; readonly bound: number }
  /** N(0, sqrt(2 / fan)): `kaiming_normal_` for ReLU. */
  | { readonly kind: 'kaiming-normal'; readonly mode: 'fan-in' | 'fan-out' };

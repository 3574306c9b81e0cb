import { tensor } from '../../onnx/tensor.js';
import type { Attributes } from '../node/node.js';
import { type Call, constant, integers, listsToInputs, revise, type Upgrade, type Upgrades, without } from './call.js';

export const Reshape: Upgrades = { 5: listsToInputs('shape') };
export const Squeeze: Upgrades = { 13: listsToInputs('axes') };
export const Unsqueeze: Upgrades = { 13: listsToInputs('axes') };
export const Slice: Upgrades = { 10: listsToInputs('starts', 'ends', 'axes') };

export const Concat: Upgrades = { 4: (call) => withDefault(call, 'axis', 1) };

/** Without sizes, the number of parts is an attribute since version 18. */
export const Split: Upgrades = {
  13: listsToInputs('split'),
  18: (call) => (call.node.inputs[1] ? call : withDefault(call, 'num_outputs', call.outputs.length)),
};

/** Version 1 says `paddings`; since version 11 amounts and fill value are inputs. */
export const Pad: Upgrades = {
  2: (call) => renamed(call, 'paddings', 'pads'),
  11: (call, graph) => {
    const { node } = call;
    const pads = constant(call, graph, 'pads', integers(node.numbers('pads')));
    const value = node.number('value', 0);
    const fill = value === 0 ? [] : [constant(call, graph, 'value', tensor(node.input(0).dtype, [], [value]))];
    return revise(call, {
      inputs: [node.input(0), pads, ...fill],
      attributes: without(node.attributes, 'pads', 'value'),
    });
  },
};

const refuse: Upgrade = ({ node }) => node.fail('this form is too old', 'operator set 6 or later');

export const Tile: Upgrades = { 6: refuse };

function withDefault(call: Call, name: string, value: number): Call {
  return revise(call, { attributes: { [name]: value, ...call.node.attributes } });
}

function renamed(call: Call, from: string, to: string): Call {
  const value = call.node.attributes[from];
  const rest = without(call.node.attributes, from);
  return revise(call, { attributes: value === undefined ? rest : ({ ...rest, [to]: value } satisfies Attributes) });
}

import { listsToInputs, type Upgrades } from './call.js';

const axesToInput = listsToInputs('axes');
const since18: Upgrades = { 18: axesToInput };

export const ReduceSum: Upgrades = { 13: axesToInput };
export const ReduceMean = since18;
export const ReduceMax = since18;
export const ReduceMin = since18;
export const ReduceProd = since18;
export const ReduceL1 = since18;
export const ReduceL2 = since18;
export const ReduceLogSum = since18;
export const ReduceLogSumExp = since18;
export const ReduceSumSquare = since18;

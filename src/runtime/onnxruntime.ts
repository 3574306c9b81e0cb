/** ONNX Runtime, loaded with its telemetry off: what needs the library imports it from here. */
import './telemetry-off.js';

export * from 'onnxruntime-node';

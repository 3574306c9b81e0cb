/** Imported before ONNX Runtime is: its telemetry is off when the library is loaded. */
import { turnOffTelemetry } from './telemetry.js';

turnOffTelemetry();

import { parse, type Type } from 'protobufjs';

/**
 * What Agon writes of TensorBoard's messages, with the field numbers of tensorboard/compat/proto (event.proto, summary.proto, graph.proto,
 * node_def.proto, versions.proto).
 */
const SCHEMA = `
syntax = "proto3";
package tensorboard;

message Event {
  double wall_time = 1;
  int64 step = 2;
  oneof what {
    string file_version = 3;
    bytes graph_def = 4;
    Summary summary = 5;
    SessionLog session_log = 7;
  }
}
message SessionLog {
  int32 status = 1;
}
message Summary {
  message Image {
    int32 height = 1;
    int32 width = 2;
    int32 colorspace = 3;
    bytes encoded_image_string = 4;
  }
  message Value {
    string tag = 1;
    SummaryMetadata metadata = 9;
    oneof value {
      float simple_value = 2;
      Image image = 4;
    }
  }
  repeated Value value = 1;
}
message SummaryMetadata {
  string display_name = 2;
  string summary_description = 3;
}
message GraphDef {
  repeated NodeDef node = 1;
  VersionDef versions = 4;
}
message NodeDef {
  string name = 1;
  string op = 2;
  repeated string input = 3;
}
message VersionDef {
  int32 producer = 1;
}
`;

const { root } = parse(SCHEMA, { keepCase: false });
const EVENT = root.lookupType('tensorboard.Event');
const GRAPH = root.lookupType('tensorboard.GraphDef');

/** What shows beside a value's tag. */
export interface SummaryMetadata {
  readonly displayName?: string;
  readonly summaryDescription?: string;
}

/** A value at a step: a number, or a picture (PNG or JPEG). */
export interface SummaryValue {
  readonly tag: string;
  readonly metadata?: SummaryMetadata;
  readonly simpleValue?: number;
  readonly image?: {
    readonly height: number;
    readonly width: number;
    /** 1 grey, 3 RGB, 4 RGBA. */
    readonly colorspace: number;
    readonly encodedImageString: Uint8Array;
  };
}

/** One record of an event file. */
export interface EventMessage {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  readonly fileVersion?: string;
  /** An encoded GraphDef. */
  readonly graphDef?: Uint8Array;
  readonly summary?: { readonly value: readonly SummaryValue[] };
  /** `status` 1: a process begins to write from `step` on. What an earlier one wrote of these steps doesn't count any more. */
  readonly sessionLog?: { readonly status: number };
}

/** A node of a graph; its inputs are other nodes' names, `name:1` for a second output. */
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
}

/** Encodes an event. */
export function encodeEvent(event: EventMessage): Uint8Array {
  return encode(EVENT, event);
}

/** Encodes a GraphDef. */
export function encodeGraph(node: readonly NodeDef[]): Uint8Array {
  // The graph tab wants some version of the format
  return encode(GRAPH, { node, versions: { producer: 22 } });
}

function encode(type: Type, message: object): Uint8Array {
  return type.encode(message).finish();
}

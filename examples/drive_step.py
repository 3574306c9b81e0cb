"""Trains from a training artifact with ONNX Runtime and NumPy alone (docs/artifacts.md).

python examples/drive_step.py FOLDER [STEPS]
"""

import json
import os
import sys
from math import prod, sqrt
from pathlib import Path

import numpy as np

# Some builds of ONNX Runtime send data about the machine unless told not to, before they are loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime as ort  # noqa: E402

folder = Path(sys.argv[1])
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 10
manifest = json.loads((folder / "manifest.json").read_text())
step, evaluation, weights = manifest["step"], manifest["evaluation"], manifest["weights"]
lr = step["settings"]["optimizer"].get("lr", 0.005)
random = np.random.default_rng(1)


def read_weights(path):
    """An 8-byte length, a JSON header of that length, then the numbers."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    entries = json.loads(data[8:start])
    entries.pop("__metadata__", None)
    values = np.frombuffer(data[start:], np.uint8)
    return {
        name: values[slice(*entry["data_offsets"])].view(np.float32).reshape(entry["shape"])
        for name, entry in entries.items()
    }


stored = read_weights(folder / weights["file"]) if weights else {}


def initial(entry):
    if entry["name"] in stored:
        return stored[entry["name"]]
    shape, initialiser = entry["shape"], entry["initialiser"]
    kind = initialiser["kind"]
    if kind == "constant":
        values = np.full(shape, initialiser["value"])
    elif kind == "normal":
        values = random.normal(0, initialiser["std"], shape)
    elif kind == "uniform":
        values = random.uniform(-initialiser["bound"], initialiser["bound"], shape)
    else:  # kaiming-normal
        channels = shape[0] if initialiser["mode"] == "fan-out" else shape[1]
        values = random.normal(0, sqrt(2 / (channels * prod(shape[2:]))), shape)
    return values.astype(np.float32)


def scalars(t):
    """What changes from step to step (counted from 1) beside the batch."""
    optimizer = step["settings"]["optimizer"]
    if optimizer["name"] == "sgd":
        return {"learning_rate": lr}
    c1, c2 = (1 - beta**t for beta in optimizer["betas"])
    decay = 1 - lr * optimizer["weightDecay"]
    if optimizer.get("variant") == "huggingface":
        return {"decay": decay, "step_size": lr * sqrt(c2) / c1, "denominator_scale": 1}
    return {"decay": decay, "step_size": lr / c1, "denominator_scale": 1 / sqrt(c2)}


def feed(entry, t):
    if entry["feed"] == "scalar":
        return np.array(scalars(t)[entry["name"]], np.float32)
    if entry["feed"] == "uniform":
        return random.random(entry["shape"], np.float32)
    return batch[entry["feed"]]


sizes = step["sizes"]
shape = next(entry["shape"] for entry in step["inputs"] if entry["feed"] == "images")
batch = {
    # Images that are easily made in any language
    "images": (1.5 * np.sin(np.arange(prod(shape), dtype=np.float64) ** 2)).astype(np.float32).reshape(shape),
    "labels": np.arange(sizes["batch"], dtype=np.int64) % sizes["classes"],
}

session = ort.InferenceSession(folder / step["file"], providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
state = {entry["name"]: initial(entry) for entry in step["state"]}
past = weights["updates"] if weights else 0
for t in range(past + 1, past + steps + 1):
    feeds = {entry["name"]: feed(entry, t) for entry in step["inputs"]}
    results = dict(zip(names, session.run(names, {**feeds, **state})))
    state = {entry["name"]: results[entry["next"]] for entry in step["state"]}
    print(json.dumps({"step": t, "ce": results["ce"].tolist(), "total": results["total"].tolist()}))

judge = ort.InferenceSession(folder / evaluation["file"], providers=["CPUExecutionProvider"])
kept = {entry.name: state[entry.name] for entry in judge.get_inputs() if entry.name in state}
ce, accuracy = judge.run(["ce", "accuracy"], {**batch, **kept})
print(json.dumps({"evaluation": {"ce": ce.tolist(), "accuracy": accuracy.tolist()}}))

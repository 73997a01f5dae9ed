#!/usr/bin/env python3
"""Writes the ONNX file that --mark-model perth:SHA256:FILE takes: perth.py WHEEL OUT.onnx [--encoder ENCODER.onnx]

WHEEL is resemble_perth-1.0.1-py3-none-any.whl as pip downloads it (pip download --no-deps resemble-perth==1.0.1); the
weights in it are under the MIT licence. Needed are numpy and onnx, and not PyTorch: the file of weights is a zip archive
whose table is read by a small unpickler that makes nothing but tensors. The network is that of
perth/perth_net/perth_net_implicit/model/decoder.py for three seconds of sound, 301 columns of a spectrogram: what that
file interpolates is a choice of columns here, for the number of columns is known. The same input gives the same bytes.
"""
import collections
import hashlib
import io
import pickle
import sys
import zipfile

import numpy as np
from onnx import TensorProto, helper, numpy_helper

WEIGHTS = "perth/perth_net/pretrained/implicit/perth_net_250000.pth.tar"
SHA256 = "a15bce457ebc53ce5e6c9c3f11df78cf7ee2bf9cdab0a798902135b4c4027670"
BINS, SUBBAND, COLUMNS = 1025, 128, 301
SPEEDS = {"slow": 1.25, "normal": 1, "fast": 0.75}


def weights(wheel):
    """The tensors of the model by name."""
    with zipfile.ZipFile(wheel) as z:
        raw = z.read(WEIGHTS)
    if hashlib.sha256(raw).hexdigest() != SHA256:
        sys.exit("the weights are not those of resemble-perth 1.0.1")
    archive = zipfile.ZipFile(io.BytesIO(raw))

    class Unpickler(pickle.Unpickler):
        def find_class(self, module, name):
            if (module, name) == ("collections", "OrderedDict"):
                return collections.OrderedDict
            if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
                return lambda data, offset, shape, *_: data[offset:offset + int(np.prod(shape))].reshape(shape)
            if module == "torch" and name in ("FloatStorage", "LongStorage"):
                return np.dtype("<f4" if name == "FloatStorage" else "<i8")
            raise pickle.UnpicklingError(f"{module}.{name}")

        def persistent_load(self, pid):
            _, dtype, key, *_ = pid
            return np.frombuffer(archive.read(f"archive/data/{key}"), dtype)

    return Unpickler(io.BytesIO(archive.read("archive/data.pkl"))).load()["model"]


class Graph:
    def __init__(self):
        self.nodes, self.constants, self.n = [], [], 0

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    def node(self, op, *inputs, **attributes):
        self.n += 1
        out = f"v{self.n}"
        self.nodes.append(helper.make_node(op, list(inputs), [out], **attributes))
        return out

    def layers(self, model, prefix, value):
        for i in range(7):
            weight = model[f"{prefix}.{i}.conv.weight"]
            names = [self.constant(f"{prefix}.{i}.{part}", model[f"{prefix}.{i}.conv.{part}"]) for part in ("weight", "bias")]
            value = self.node("Conv", value, *names, pads=[weight.shape[2] // 2] * 2)
            if i < 6:
                value = self.node("LeakyRelu", value, alpha=0.01)
        return value

    def mask(self):
        """Columns whose sum is over a twentieth of the highest one's."""
        total = self.node("ReduceSum", "spectrogram", self.constant("over bins", np.array([1])), keepdims=1)
        least = self.node("Mul", self.node("ReduceMax", total, axes=[2], keepdims=1), self.constant("share", np.array([0.05], "<f4")))
        return self.node("Cast", self.node("Greater", total, least), to=TensorProto.FLOAT)

    def subband(self):
        return self.node("Slice", "spectrogram", *[self.constant(n, np.array([v])) for n, v in (("from", 0), ("to", SUBBAND), ("axis", 1))])

    def stretched(self, value, columns):
        """Columns in between: linear, first and last ones in their places."""
        at = np.arange(columns) * np.float32((COLUMNS - 1) / (columns - 1))
        low = np.minimum(at.astype(int), COLUMNS - 2)
        part = (at - low).astype("<f4")
        first, second = [self.node("Gather", value, self.constant(f"columns {columns} {k}", low + k), axis=2) for k in (0, 1)]
        return self.node("Add", self.node("Mul", first, self.constant(f"rest {columns}", 1 - part)),
                         self.node("Mul", second, self.constant(f"part {columns}", part)))

    def write(self, path, output, *shape):
        value = helper.make_tensor_value_info
        graph = helper.make_graph(self.nodes, "perth", [value("spectrogram", TensorProto.FLOAT, [1, BINS, COLUMNS])],
                                  [value(output, TensorProto.FLOAT, shape)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="perth.py")
        model.ir_version = 8
        with open(path, "wb") as f:
            f.write(model.SerializeToString(deterministic=True))
        with open(path, "rb") as f:
            print(hashlib.sha256(f.read()).hexdigest(), path)


def decoder(model, path):
    g = Graph()
    mask, subband, axis = g.mask(), g.subband(), g.constant("over columns", np.array([2]))
    weighed = []
    for name, speed in SPEEDS.items():
        columns = int(COLUMNS * speed)
        value, valid = subband, mask
        if speed != 1:
            value = g.stretched(subband, columns)
            nearest = np.floor(np.arange(columns, dtype="<f4") * np.float32(COLUMNS / columns)).astype(int)
            valid = g.node("Gather", mask, g.constant(f"nearest {columns}", nearest), axis=2)
        out = g.layers(model, f"decoder.{name}_layers", value)
        sums = g.node("ReduceSum", g.node("Mul", out, valid), axis, keepdims=0)
        weighed.append(g.node("Div", sums, g.node("ReduceSum", valid, axis, keepdims=0)))
    three = g.node("Concat", *[g.node("Unsqueeze", w, axis) for w in weighed], axis=2)  # attention and score of each speed
    attention, score = [g.node("Gather", three, g.constant(n, np.array(k)), axis=1) for k, n in enumerate(("attention", "score"))]
    g.nodes.append(helper.make_node("ReduceSum", [g.node("Mul", score, g.node("Softmax", attention, axis=1)), "over bins"], ["mark"], keepdims=1))
    g.write(path, "mark", 1, 1)


def encoder(model, path):
    g = Graph()
    change = g.node("Mul", g.layers(model, "encoder.layers", g.subband()), g.mask())
    g.nodes.append(helper.make_node("Identity", [change], ["change"]))
    g.write(path, "change", 1, SUBBAND, COLUMNS)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 5) or len(sys.argv) == 5 and sys.argv[3] != "--encoder":
        sys.exit(__doc__)
    tensors = weights(sys.argv[1])
    decoder(tensors, sys.argv[2])
    if len(sys.argv) == 5:
        encoder(tensors, sys.argv[4])

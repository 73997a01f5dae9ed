#!/usr/bin/env python3
"""Writes votes.json: what the published package reads in, and writes into, pictures that the test makes again.

pip install invisible-watermark==0.2.0 (without its dependencies: torch is needed for another algorithm only and may be
an empty module), numpy, PyWavelets, opencv-python-headless. Usage: votes.py >votes.json
"""
import hashlib
import json
import sys
import types

sys.modules.setdefault("torch", types.ModuleType("torch"))
for name in ("onnxruntime",):
    sys.modules.setdefault(name, types.ModuleType(name))

import numpy as np
from imwatermark.dwtDctSvd import EmbedDwtDctSvd
from imwatermark.maxDct import EmbedMaxDct

W, H = 272, 256
MESSAGE = [int(b) for b in format(0xB3EC907BB19E, "048b")]


def picture(kind):
    """Red, green, blue; whole numbers only, so that the test makes the same."""
    x, y = np.meshgrid(np.arange(W, dtype=np.int64), np.arange(H, dtype=np.int64))
    noise = ((x * 7919 + y * 104729 + x * y * 31) % 65521 * 48271) % 65521
    if kind == "flat":
        return np.dstack([np.full((H, W), 90), np.full((H, W), 120), np.full((H, W), 60)]).astype(np.uint8)
    if kind == "bars":
        return np.dstack([(x // 20 * 37) % 256, (x // 20 * 91) % 256, (x // 20 * 53 + y // 64 * 40) % 256]).astype(np.uint8)
    r = 60 + x // 3 + noise % 9
    g = 40 + y // 2 + noise // 9 % 11
    b = 200 - (x + y) // 5 + noise // 99 % 13
    return np.clip(np.dstack([r, g, b]), 0, 255).astype(np.uint8)


class Voting:
    """The published decoder, which keeps each vote."""

    def decode_frame(self, frame, scale, scores):
        self.votes = []
        scores = super().decode_frame(frame, scale, scores)
        n = sum(len(s) for s in scores)
        self.votes = [scores[i % len(scores)][i // len(scores)] for i in range(n)]
        return scores


class VotingDct(Voting, EmbedMaxDct):
    pass


class VotingSvd(Voting, EmbedDwtDctSvd):
    pass


out = []
for kind in ("texture", "flat", "bars"):
    rgb = picture(kind)
    for svd in (False, True):
        for floats in (False, True):
            for swap in (False, True):
                given = rgb if swap else rgb[:, :, ::-1]
                given = np.ascontiguousarray(given)
                if floats:
                    given = given.astype(np.float32)
                reader = (VotingSvd if svd else VotingDct)([], wmLen=48)
                reader.decode(given.copy())
                plain = reader.votes
                marked = (EmbedDwtDctSvd if svd else EmbedMaxDct)(MESSAGE, wmLen=48).encode(given.copy())
                if floats:
                    marked = np.clip(np.rint(marked), 0, 255).astype(np.uint8)
                back = marked if swap else marked[:, :, ::-1]
                reader.decode(marked.astype(np.float32) if floats else marked.copy())
                pack = lambda votes: np.packbits(np.array(votes, dtype=np.uint8)).tobytes().hex()
                out.append({
                    "picture": kind, "svd": svd, "floats": floats, "swap": swap,
                    "sha256": hashlib.sha256(rgb.tobytes()).hexdigest(), "votes": pack(plain),
                    "marked": hashlib.sha256(np.ascontiguousarray(back).tobytes()).hexdigest(),
                    "markedSums": np.ascontiguousarray(back).astype(np.int64).sum(axis=(1, 2)).tolist()[::8],
                    "markedVotes": pack(reader.votes),
                })
print("[\n" + ",\n".join(json.dumps(o) for o in out) + "\n]")

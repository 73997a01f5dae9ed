"""Writes trustmark.txt with the published encoder, and a clip with a RivaGAN mark.

Needs the packages trustmark 0.9.2 (datalayer.py and bchecc.py of it), invisible-watermark 0.2.0 (the two ONNX files),
onnxruntime and numpy, and the ffmpeg program. Usage: make.py TRUSTMARK_FOLDER RIVAGAN_FOLDER CLIP OUT.mp4
"""

import random
import subprocess
import sys
import types

import numpy as np
import onnxruntime


def words(folder):
    package = types.ModuleType("trustmark")  # its __init__ wants torch
    package.__path__ = [folder]
    sys.modules["trustmark"] = package
    from trustmark.datalayer import DataLayer

    random.seed(7)
    with open("trustmark.txt", "w") as out:
        out.write("# word of 100 bits, bits that were changed in it, data that were written, what the published decoder (trustmark 0.9.2) reads or -\n")
        for mode in range(4):
            layer = DataLayer(100, False, mode)
            most = layer.bch_encoder.ECCstate.t
            for flips in [0, 1, 2, most - 1, most, most + 1, most + 3]:
                data = "".join(random.choice("01") for _ in range(layer.schemaCapacity(mode)))
                word = layer.encode_binary([data])[0].astype(int)
                for bit in random.sample(range(96), flips):
                    word[bit] ^= 1
                read, ok, _ = layer.decode_bitstream(np.array([word]), MODE="binary")[0]
                out.write(f"{''.join(map(str, word))} {flips} {data} {read if ok else '-'}\n")


def clip(folder, source, target, message=0x9B0E23C5, width=320, height=192):
    encoder = onnxruntime.InferenceSession(folder + "/rivagan_encoder.onnx")
    pictures = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", source, "-vf", f"scale={width}:{height},fps=8", "-frames:v", "24",
         "-f", "rawvideo", "-pix_fmt", "bgr24", "-"], capture_output=True, check=True).stdout
    bits = np.array([[(message >> (31 - i)) & 1 for i in range(32)]], dtype=np.float32)
    marked = []
    for p in np.frombuffer(pictures, np.uint8).reshape(-1, height, width, 3):
        x = (p.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None, :, None]
        y = np.clip(encoder.run(None, {"frame": x, "data": bits})[0], -1, 1)
        marked.append(((y[0, :, 0].transpose(1, 2, 0) + 1) * 127.5).astype(np.uint8))
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", "8", "-i", "-",
         "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "23", target], input=np.stack(marked).tobytes(), check=True)


if __name__ == "__main__":
    words(sys.argv[1])
    clip(*sys.argv[2:5])

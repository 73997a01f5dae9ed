#!/usr/bin/env python3
"""Writes signatures.txt, samples.txt and codes.txt beside this script: what other implementations give.

Needs an ffmpeg program with the filter "signature" (GPL builds, such as Debian's), and the Python packages numpy and
iscc-core. The tests need none of them.
"""
import os, subprocess, tempfile
import numpy as np
import iscc_core

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = [(32, 32, 6), (33, 47, 6), (97, 61, 6), (640, 360, 4), (722, 1278, 2), (1920, 1080, 2), (4095, 4095, 1)]
RATES = ["24", "25", "30", "30000/1001", "24000/1001", "60", "50", "15", "12.5", "10", "6", "5", "4", "3", "1", "7"]


def mix(x):
    """A hash of 32 bits; the test has the same."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def picture(w, h, seed):
    """Blocks of one grey each, with noise on them."""
    with np.errstate(over="ignore"):
        x, y = np.meshgrid(np.arange(w, dtype=np.uint32), np.arange(h, dtype=np.uint32))
        blocks = np.uint32(3 + seed % 5)
        bx, by = x * blocks // np.uint32(w), y * blocks // np.uint32(h)
        base = mix(np.uint32(seed * 1000003) + bx * np.uint32(7919) + by * np.uint32(104729)) % np.uint32(200)
        noise = mix(np.uint32(seed * 31) + x * np.uint32(65537) + y) % np.uint32(56)
        return (base + noise).astype(np.uint8)


def ffmpeg(raw, w, h, rate, *args):
    cmd = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{w}x{h}", "-r", rate, "-i", raw, *args]
    subprocess.check_call(cmd)


def signatures(path):
    """Reads the filter's binary output: 76 bytes of five ternary digits each."""
    with open(path, "rb") as f:
        data = f.read()
    n = len(data) * 8
    number = int.from_bytes(data, "big")
    bits = lambda at, size: (number >> (n - at - size)) & ((1 << size) - 1)
    frames, segments = bits(129, 32), bits(242, 32)
    at = 274 + segments * (128 + 1 + 1215) + 1
    for _ in range(frames):
        at += 1 + 32 + 8 + 40
        digits = []
        for byte in bits(at, 608).to_bytes(76, "big"):
            five = []
            for _ in range(5):
                byte, digit = divmod(byte, 3)
                five.append(digit)
            digits += reversed(five)
        at += 608
        yield digits


def main():
    with tempfile.TemporaryDirectory() as tmp:
        raw, sig = os.path.join(tmp, "p.raw"), os.path.join(tmp, "p.sig")
        sets = {}
        with open(os.path.join(HERE, "signatures.txt"), "w") as out:
            out.write("# expect: width height seed, then the signature's elements: what FFmpeg's filter signature gives (make.py)\n")
            for w, h, n in SIZES:
                with open(raw, "wb") as f:
                    for seed in range(n):
                        f.write(picture(w, h, seed).tobytes())
                ffmpeg(raw, w, h, "25", "-vf", f"signature=format=binary:filename={sig}", "-f", "null", "-")
                for seed, digits in enumerate(signatures(sig)):
                    out.write(f"{w} {h} {seed} {''.join(map(str, digits))}\n")
                    sets.setdefault((w, h), []).append(tuple(digits))
        with open(os.path.join(HERE, "codes.txt"), "w") as out:
            out.write("# expect: the Video-Code of the signatures of a size, by iscc-core (make.py)\n")
            for (w, h), frames in sets.items():
                out.write(f"{w} {h} {iscc_core.gen_video_code_v0(frames, 256)['iscc']}\n")
        with open(os.path.join(HERE, "samples.txt"), "w") as out:
            out.write("# expect: frames a second, frames, then the frame in each slot that FFmpeg's filter fps=5 puts there (make.py)\n")
            for rate in RATES:
                for n in (1, 2, 3, 23, 48):
                    frames = np.arange(n, dtype=np.uint8).repeat(32 * 32)
                    frames.tofile(raw)
                    ffmpeg(raw, 32, 32, rate, "-vf", "fps=5", "-f", "rawvideo", "-pix_fmt", "gray", sig)
                    with open(sig, "rb") as f:
                        slots = f.read()[:: 32 * 32]
                    out.write(f"{rate} {n} {' '.join(map(str, slots))}".rstrip() + "\n")


main()

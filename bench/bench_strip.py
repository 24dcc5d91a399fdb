#!/usr/bin/python3
"""Skull stripping: speed, memory and masks beside PyTorch and the truth, and the verdicts on masks.

Writes BUILD/bench/strip.json.   bench_strip.py [--torch] [--heads=N] [PART ...]
Parts: speed (the network alone, in bfloat16 and float32, beside PyTorch on the same box in the same run), learned
(its masks of a cohort and of heads that were turned, flipped, cut, thickened, biased and made noisy, beside PyTorch's
of the same images), and those of the other benches that lie here: surface, verdicts, outlines.
PyTorch needs a minute or more of two processors for a mask, so what it gave is stored in tests/golden/mindgrab_heads.txt;
--torch asks it anew (but for images whose mask was kept), keeps its masks in BUILD/bench/strip, compares with them voxel by voxel, and writes that file.
--heads=N: of the part learned, the first N alone.
Scans and weights are those of LARMOR_TEST_DATA; PyTorch, nibabel and scipy those of BUILD/peers (./dev setup --full) or of
the Python named by LARMOR_BENCH_PYTHON.
SPDX-License-Identifier: Apache-2.0"""
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.setdefault("SOURCE", os.path.dirname(HERE))
BUILD = os.environ.setdefault("BUILD", os.path.join(SOURCE, "build"))
PYTHON = os.environ.get("LARMOR_BENCH_PYTHON", os.path.join(BUILD, "peers", "bin", "python"))
# part: module, and its function that gives rows
PARTS = {
    "speed": ("strip_speed", "rows"),
    "learned": ("strip_learned", "rows"),
    "surface": ("strip_surface", "rows"),
    "verdicts": ("strip_verdicts", "rows"),
    "outlines": ("strip_outlines", "rows"),
}


def main(words):
    if os.path.exists(PYTHON) and not os.environ.get("LARMOR_BENCH_INSIDE"):  # one that has all peers
        os.execve(PYTHON, [PYTHON, os.path.abspath(__file__)] + words, dict(os.environ, LARMOR_BENCH_INSIDE="1"))
    os.environ.setdefault("LARMOR", os.path.join(BUILD, "larmor"))
    import table
    options = {"torch": "--torch" in words}
    options.update({"heads": int(w[8:]) for w in words if w.startswith("--heads=")})
    parts = [w for w in words if not w.startswith("--")]
    for part in parts:
        if part not in PARTS:
            sys.exit("there is no part '%s'; there are %s" % (part, ", ".join(PARTS)))
    rows = []
    for part, (module, function) in PARTS.items():
        if (parts and part not in parts) or not os.path.exists(os.path.join(HERE, module + ".py")):
            continue
        print("-- %s" % part, file=sys.stderr, flush=True)
        found = getattr(importlib.import_module(module), function)(options)
        rows += found
        for row in found:  # a bench of an hour shows what it has
            print("   %(what)s: %(ours).5g, %(peer).5g %(unit)s" % row, file=sys.stderr, flush=True)
    return table.finish(rows, os.path.join(BUILD, "bench", "strip.json"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

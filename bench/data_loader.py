#!/usr/bin/python3
"""Steps of a training on augmented patches: with the loader, beside the same steps on one batch that is ready.
Rows for bench_data.py. The patches are those of its part `patches`; the network is larmor's default on patches of 64^3.
Steps of both kinds take turns, so that the machine's noise is shared; the medians are compared.
SPDX-License-Identifier: Apache-2.0"""
import os
import statistics
import subprocess

SOURCE = os.environ.get("SOURCE", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
STEPS, THREADS = 24, 2
STUDY = """data:
  images:
    t1: {path: "%s/t1/{subject}_T1.nii.gz"}
    flair: {path: "%s/flair/{subject}_FLAIR.nii.gz", role: target}
  split: {valid: 1}
prepare: [normalize: {method: zscore}]
augment:
  - flip: {}
  - affine: {}
  - elastic: {}
  - noise: {}
  - gamma: {}
train: {sample: {patch: {size: 64, per_case: 16}}, batch: 2}
"""


def rows(out, heads):
    """out: a folder; heads: one with t1/ and flair/."""
    os.makedirs(out, exist_ok=True)
    program, study = os.path.join(out, "data_loader"), os.path.join(out, "loader.yaml")
    with open(study, "w") as f:
        f.write(STUDY % (heads, heads))
    flags = ["-std=gnu11", "-O2", "-fopenmp", "-I" + os.path.join(SOURCE, "include"), "-I" + os.path.join(SOURCE, "src")]
    subprocess.run(["cc"] + flags + ["-o", program, os.path.join(SOURCE, "bench", "data_loader.c"), "-L", BUILD,
                                     "-llarmor", "-lm", "-Wl,-rpath," + BUILD], check=True)
    subprocess.run([os.path.join(BUILD, "larmor"), "prepare", study, "-q"], stdout=subprocess.DEVNULL, check=True)
    lines = subprocess.run([program, study, str(THREADS), str(STEPS)], stdout=subprocess.PIPE, text=True, check=True).stdout
    pairs = [list(map(float, line.split())) for line in lines.splitlines()]
    ours, ready = (statistics.median(p[n] for p in pairs) for n in (0, 1))
    return [{"what": "step with the loader, beside a ready batch, 2 x 64^3, wall (asked: at most 1.05)", "ours": ours,
             "peer": ready, "unit": "s", "ratio": ours / ready, "asked": 1.05, "met": ours <= 1.05 * ready}]

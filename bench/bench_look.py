#!/usr/bin/python3
"""Looking at scans: larmor beside what people do in Python. One function per row, named in ROWS.

Writes BUILD/bench/look.json.   bench_look.py [RUNS]
The peer is a Python with nibabel and matplotlib: LARMOR_BENCH_PYTHON, else the one that runs this. CPU
seconds (user and system) of whole processes, from a file in the page cache to a picture on the disk, taken in
turns; medians.
SPDX-License-Identifier: Apache-2.0"""
import os
import resource
import statistics
import subprocess
import sys
import tempfile

import look_browser
import table

SOURCE = os.environ.get("SOURCE", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
LARMOR = os.environ.get("LARMOR", os.path.join(BUILD, "larmor"))
PEERS = os.environ.get("LARMOR_BENCH_PYTHON", sys.executable)
FIGURE_ASKED = 5

# As anybody would write it: three planes through the middle, in a window of percentiles.
PEER_FIGURE = """
import sys
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import nibabel
import numpy
image = nibabel.as_closest_canonical(nibabel.load(sys.argv[1]))
data = numpy.asanyarray(image.dataobj)
low, high = numpy.percentile(data, [1, 99.5])
fig, axes = plt.subplots(3, 1, figsize=(4.66, 11.46), dpi=100)
for axis, ax in zip((2, 1, 0), axes):
    ax.imshow(numpy.take(data, data.shape[axis] // 2, axis).T, cmap="gray", vmin=low, vmax=high,
              origin="lower", interpolation="bilinear")
    ax.axis("off")
fig.suptitle("a volume")
fig.savefig(sys.argv[2])
"""

# The floor: the same file from the page cache to voxels by the library, in a process that has it loaded.
READ = """
import ctypes
import sys
import time
lib, image = ctypes.CDLL(sys.argv[1]), ctypes.c_void_p()
start = time.process_time()
if lib.lar_image_read(ctypes.byref(image), sys.argv[2].encode()):
    sys.exit("cannot read")
print(time.process_time() - start)
"""


def cpu(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def in_turns(commands, runs):
    """The median CPU seconds of each, after one run that counts for nothing."""
    times = [[] for _ in commands]
    for run in range(runs + 1):
        for kept, command in zip(times, commands):
            seconds = cpu(command)
            if run:
                kept.append(seconds)
    return [statistics.median(kept) for kept in times]


def volume(folder):
    """A head of 256 x 256 x 192 voxels, int16, with the noise of a scan."""
    made = os.path.join(folder, "heads")
    subprocess.run([LARMOR, "phantom", made, "--subjects", "1", "--spacing", "1", "--contrasts", "t1", "-q"],
                   check=True, stdout=subprocess.DEVNULL)
    wide, path = os.path.join(folder, "wide.nii.gz"), os.path.join(folder, "volume.nii.gz")
    scan = os.path.join(made, "t1", "sub-01_T1.nii.gz")
    subprocess.run([LARMOR, "pad", scan, "-o", wide, "--size", "256", "256", "256", "-q"], check=True)
    subprocess.run([LARMOR, "crop", wide, "-o", path, "--size", "256", "256", "192", "-q"], check=True)
    return path


def row(what, ours, peer, ratio, asked=None, met=None):
    return {"what": what, "ours": round(1e3 * ours, 1), "peer": round(1e3 * peer, 1), "unit": "ms",
            "ratio": round(ratio, 2), "asked": asked, "met": met}


def figure_rows(folder, runs):
    """`larmor figure` of a volume, beside the same picture by nibabel and matplotlib; and beside reading."""
    path = volume(folder)
    script = os.path.join(folder, "peer.py")
    with open(script, "w") as f:
        f.write(PEER_FIGURE)
    png = [os.path.join(folder, name) for name in ("ours.png", "peer.png")]
    ours = [LARMOR, "figure", path, "-o", png[0], "--force", "-q"]
    peer = [PEERS, script, path, png[1]]
    read = [sys.executable, "-c", READ, os.path.join(BUILD, "liblarmor.so"), path]
    if subprocess.run(peer, stderr=subprocess.DEVNULL).returncode:
        print("left out: %s has no nibabel or no matplotlib" % PEERS, file=sys.stderr)
        return []
    figure, theirs = in_turns([ours, peer], runs)
    reading = statistics.median(float(subprocess.check_output(read)) for _ in range(runs))
    return [row("figure of 256x256x192 .nii.gz (peer: nibabel, matplotlib), CPU", figure, theirs,
                theirs / figure, ">= %g" % FIGURE_ASKED, theirs >= FIGURE_ASKED * figure),
            row("  beside reading the volume alone", figure, reading, figure / reading)]


def browser_rows(folder, runs):
    """The first picture of a volume in the browser: look_browser.py."""
    return look_browser.browser_rows(folder, runs, volume(folder), row)


ROWS = [figure_rows, browser_rows]


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    rows = []
    for part in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            rows += part(folder, runs)
    return table.finish(rows, os.path.join(BUILD, "bench", "look.json"))


if __name__ == "__main__":
    sys.exit(main())

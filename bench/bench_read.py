#!/usr/bin/python3
"""Reading .nii.gz files by larmor and by nibabel, each in its own process with one thread: CPU seconds
of the read alone, from a file in the page cache to voxels in memory, the median of several runs.

Writes BUILD/bench/read.json.   bench_read.py [RUNS]
Files are those of LARMOR_TEST_DATA that are present; without any, one of noise is made. nibabel reads
as its users do, numpy.asanyarray(image.dataobj), which inflates and scales but does not always reach
the checksum; larmor always does.
SPDX-License-Identifier: Apache-2.0"""
import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time

import table

SOURCE = os.environ.get("SOURCE", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
DATA = os.environ.get("LARMOR_TEST_DATA", os.path.join(SOURCE, "..", "shared", "data"))
ASKED = 2
FILES = [
    ("2 mm T1, uint8 scaled", "cohort2mm/t1/Subj1_T1.nii.gz"),
    ("2 mm FLAIR, uint8 scaled", "cohort2mm/flair/Subj1_FL.nii.gz"),
    ("T1, uint16", "openms/patient01/study1_T1W.nii.gz"),
    ("T2, uint16", "openms/patient01/study1_T2W.nii.gz"),
    ("256^3 labels, float32", "headlabels/training_seg_01.nii.gz"),
    ("1 mm T1, uint8", "networks/mindgrab/t1_crop.nii.gz"),
    ("10 slices, int16 scaled", "formats/parrec/T1.nii.gz"),
]


class Image(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int64 * 3), ("to_world", ctypes.c_double * 12),
                ("channels", ctypes.c_int64), ("type", ctypes.c_int)]


def larmor_side(path):
    lib = ctypes.CDLL(os.path.join(BUILD, "liblarmor.so"))
    lib.lar_error.restype = ctypes.c_char_p
    lib.lar_threads_set(1)
    image = ctypes.POINTER(Image)()

    def work():
        lib.lar_image_free(image)
        if lib.lar_image_read(ctypes.byref(image), path.encode()):
            sys.exit(lib.lar_error().decode())

    return work, lambda: list(image.contents.size)


def nibabel_side(path):
    import nibabel
    import numpy
    kept = []

    def work():
        kept[:] = [numpy.asanyarray(nibabel.load(path).dataobj)]

    return work, lambda: list(kept[0].shape[:3])


def side(name, path, runs):
    work, size = {"larmor": larmor_side, "nibabel": nibabel_side}[name](path)
    times = []
    work()  # the file into the page cache, libraries into memory
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    print(statistics.median(times), *size())


def measure(name, path, runs):
    done = subprocess.run([sys.executable, os.path.abspath(__file__), "--side", name, path, str(runs)],
                          env=dict(os.environ, OMP_NUM_THREADS="1"), stdout=subprocess.PIPE,
                          text=True)
    if done.returncode:
        sys.exit("%s failed" % name)
    return [float(n) for n in done.stdout.split()]


def made_file(folder):
    import nibabel
    import numpy
    rng = numpy.random.default_rng(1)
    noise = rng.normal(300, 40, (192, 192, 160)).astype(numpy.int16)
    path = os.path.join(folder, "noise.nii.gz")
    nibabel.save(nibabel.Nifti1Image(noise, numpy.eye(4)), path)
    return path


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    try:
        import nibabel  # noqa: F401
    except ImportError:
        sys.exit("nibabel is not installed: try ./dev setup --full")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        files = [(what, os.path.join(DATA, name)) for what, name in FILES]
        files = [(what, path) for what, path in files if os.path.exists(path)]
        for what, path in files or [("noise, int16", made_file(folder))]:
            ours, theirs = measure("larmor", path, runs), measure("nibabel", path, runs)
            if ours[1:] != theirs[1:]:
                sys.exit("larmor and nibabel differ in the size of %s" % path)
            ratio = theirs[0] / ours[0]
            rows.append({"what": "read %s, CPU" % what, "ours": round(1000 * ours[0], 3),
                         "peer": round(1000 * theirs[0], 3), "unit": "ms",
                         "ratio": round(ratio, 2), "asked": ">= %g" % ASKED,
                         "met": ratio >= ASKED})
    return table.finish(rows, os.path.join(BUILD, "bench", "read.json"))


if __name__ == "__main__":
    if len(sys.argv) > 4 and sys.argv[1] == "--side":
        side(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        sys.exit(main())

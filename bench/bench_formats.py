#!/usr/bin/python3
"""Reading and writing image files by larmor and by its peers, each in its own process with one thread: CPU
seconds of the work alone, from a file in the page cache to voxels in memory and back, the median of several
runs; then a tree of 200 volumes converted by one thread and by all.

Writes BUILD/bench/formats.json.   bench_formats.py [RUNS]
Files are those of LARMOR_TEST_DATA that are present; without any, one of noise is made. nibabel reads
as its users do, numpy.asanyarray(image.dataobj), which inflates and scales but does not always reach
the checksum; larmor always does. Writing compresses at the default level of each; beside the time stands the
size. MetaImage, NRRD and MGH are read by SimpleITK and nibabel where a Python with them is named
by LARMOR_BENCH_PYTHON; those rows ask for nothing.
SPDX-License-Identifier: Apache-2.0"""
import ctypes
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import table

SOURCE = os.environ.get("SOURCE", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
DATA = os.environ.get("LARMOR_TEST_DATA", os.path.join(SOURCE, "..", "shared", "data"))
LARMOR = os.environ.get("LARMOR", os.path.join(BUILD, "larmor"))
PEERS = os.environ.get("LARMOR_BENCH_PYTHON", sys.executable)
READ_ASKED, WRITE_ASKED, THREADS_ASKED = 3, 0.7, 0.75
FILES = [
    ("2 mm T1, uint8 scaled", "cohort2mm/t1/Subj1_T1.nii.gz"),
    ("2 mm FLAIR, uint8 scaled", "cohort2mm/flair/Subj1_FL.nii.gz"),
    ("T1, uint16", "openms/patient01/study1_T1W.nii.gz"),
    ("T2, uint16", "openms/patient01/study1_T2W.nii.gz"),
    ("256^3 labels, float32", "headlabels/training_seg_01.nii.gz"),
    ("1 mm T1, uint8", "networks/mindgrab/t1_crop.nii.gz"),
    ("10 slices, int16 scaled", "formats/parrec/T1.nii.gz"),
]
OTHERS = [("mha", "simpleitk"), ("nrrd", "simpleitk"), ("mgz", "nibabel")]


class Image(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int64 * 3), ("to_world", ctypes.c_double * 12),
                ("channels", ctypes.c_int64), ("type", ctypes.c_int)]


def larmor_side(path, out):
    lib = ctypes.CDLL(os.path.join(BUILD, "liblarmor.so"))
    lib.lar_error.restype = ctypes.c_char_p
    lib.lar_threads_set(1)
    image = ctypes.POINTER(Image)()

    def check(status):
        if status:
            sys.exit(lib.lar_error().decode())

    def read():
        lib.lar_image_free(image)
        check(lib.lar_image_read(ctypes.byref(image), path.encode()))

    def write():
        check(lib.lar_image_write(image, out.encode(), True))

    return read, write, lambda: list(image.contents.size)


def nibabel_side(path, out):
    import nibabel
    import numpy
    kept = []

    def read():
        image = nibabel.load(path)
        kept[:] = [numpy.asanyarray(image.dataobj), image.affine]

    def write():
        if kept[0].dtype == "f8":  # once, before the times are taken: as larmor has scaled voxels
            kept[0] = kept[0].astype("f4")
        nibabel.save(nibabel.Nifti1Image(kept[0], kept[1]), out)

    return read, write, lambda: list(kept[0].shape[:3])


def simpleitk_side(path, out):
    import SimpleITK
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    kept = []

    def read():
        kept[:] = [SimpleITK.ReadImage(path)]

    def write():
        SimpleITK.WriteImage(kept[0], out, True)

    return read, write, lambda: list(kept[0].GetSize()[:3])


SIDES = {"larmor": larmor_side, "nibabel": nibabel_side, "simpleitk": simpleitk_side}


def median(work, runs):
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def side(name, path, out, runs):
    read, write, size = SIDES[name](path, out)
    read()  # the file into the page cache, libraries into memory
    write()
    print(median(read, runs), median(write, runs), os.path.getsize(out), *size())


def measure(name, path, out, runs, python=sys.executable):
    command = [python, os.path.abspath(__file__), "--side", name, path, out, str(runs)]
    done = subprocess.run(command, env=dict(os.environ, OMP_NUM_THREADS="1"), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL if python != sys.executable else None, text=True)
    return None if done.returncode else [float(n) for n in done.stdout.split()]


def made_file(folder):
    import nibabel
    import numpy
    rng = numpy.random.default_rng(1)
    noise = rng.normal(300, 40, (192, 192, 160)).astype(numpy.int16)
    path = os.path.join(folder, "noise.nii.gz")
    nibabel.save(nibabel.Nifti1Image(noise, numpy.eye(4)), path)
    return path


def row(what, ours, peer, unit, ratio, asked=None, met=None):
    return {"what": what, "ours": round(ours, 3), "peer": round(peer, 3), "unit": unit,
            "ratio": round(ratio, 3), "asked": asked, "met": met}


def nifti_rows(files, folder, runs):
    rows, writes = [], []
    for what, path in files:
        # what is written is what was read, in float32 where it is scaled
        sides = [measure(name, path, os.path.join(folder, name + ".nii.gz"), runs)
                 for name in ("larmor", "nibabel")]
        if None in sides:
            sys.exit("%s cannot be measured" % path)
        ours, theirs = sides
        if ours[3:] != theirs[3:]:
            sys.exit("larmor and nibabel differ in the size of %s" % path)
        ratio = theirs[0] / ours[0]
        rows.append(row("read %s, CPU" % what, 1e3 * ours[0], 1e3 * theirs[0], "ms", ratio,
                        ">= %g" % READ_ASKED, ratio >= READ_ASKED))
        ratio = ours[1] / theirs[1]
        writes.append(row("write %s, CPU" % what, 1e3 * ours[1], 1e3 * theirs[1], "ms", ratio,
                          "<= %g" % WRITE_ASKED, ratio <= WRITE_ASKED))
        ratio = ours[2] / theirs[2]
        writes.append(row("  its size", ours[2] / 1e6, theirs[2] / 1e6, "MB", ratio, "<= 1", ratio <= 1))
    return rows + writes


def other_rows(path, folder, runs):
    rows = []
    for ending, peer in OTHERS:
        file = os.path.join(folder, "image." + ending)
        subprocess.run([LARMOR, "convert", path, "-o", file, "-q", "--force"], check=True)
        ours = measure("larmor", file, os.path.join(folder, "ours." + ending), runs)
        theirs = measure(peer, file, os.path.join(folder, "theirs." + ending), runs, PEERS)
        if not ours or not theirs:
            continue
        for n, verb in enumerate(("read", "write")):
            rows.append(row("%s .%s (peer: %s), CPU" % (verb, ending, peer), 1e3 * ours[n],
                            1e3 * theirs[n], "ms", theirs[n] / ours[n]))
    return rows


def tree_row(path, folder):
    threads = len(os.sched_getaffinity(0))
    tree = os.path.join(folder, "tree")
    for n in range(200):
        where = os.path.join(tree, "sub-%03d" % (n // 2))
        os.makedirs(where, exist_ok=True)
        shutil.copyfile(path, os.path.join(where, "%s.nii.gz" % ("t1", "flair")[n % 2]))
    walls = {}
    for _ in range(3):
        for count in (1, threads):
            out = os.path.join(folder, "out")
            shutil.rmtree(out, ignore_errors=True)
            start = time.perf_counter()
            subprocess.run([LARMOR, "convert", tree, "-o", out + "/", "-q", "--threads", str(count)], check=True)
            walls.setdefault(count, []).append(time.perf_counter() - start)
    one, many = statistics.median(walls[1]), statistics.median(walls[threads])
    ratio = one / many / threads
    return row("a tree of 200 volumes, %d threads (peer: one thread), wall; ratio per thread" % threads,
               many, one, "s", ratio, ">= %g" % THREADS_ASKED, ratio >= THREADS_ASKED)


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    try:
        import nibabel  # noqa: F401
    except ImportError:
        sys.exit("nibabel is not installed: try ./dev setup --full")
    with tempfile.TemporaryDirectory() as folder:
        files = [(what, os.path.join(DATA, name)) for what, name in FILES]
        files = [(what, path) for what, path in files if os.path.exists(path)]
        files = files or [("noise, int16", made_file(folder))]
        rows = nifti_rows(files, folder, runs)
        rows += other_rows(files[min(2, len(files) - 1)][1], folder, runs)
        rows.append(tree_row(files[0][1], folder))
    return table.finish(rows, os.path.join(BUILD, "bench", "formats.json"))


if __name__ == "__main__":
    if len(sys.argv) > 5 and sys.argv[1] == "--side":
        side(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
    else:
        sys.exit(main())

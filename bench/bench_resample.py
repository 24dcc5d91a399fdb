#!/usr/bin/python3
"""Cubic resampling of a head-sized volume, by larmor, scipy.ndimage and ITK, each in its own process
with one thread: CPU seconds and peak memory of the work alone, the median of several runs.

Writes BUILD/bench/resample.json.   bench_resample.py [RUNS]
scipy is that of this Python; ITK (SimpleITK) that of the Python named by PEERS, or of this one. A
peer that is absent is left out, and said so.
SPDX-License-Identifier: Apache-2.0"""
import ctypes
import json
import os
import statistics
import subprocess
import sys
import time

SOURCE = os.environ.get("SOURCE", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
ABSENT = 77


def turned():
    import numpy
    x, y, z = numpy.radians([10, 20, 30])
    cos, sin = numpy.cos, numpy.sin
    return (numpy.array([[1, 0, 0], [0, cos(x), -sin(x)], [0, sin(x), cos(x)]])
            @ numpy.array([[cos(y), 0, sin(y)], [0, 1, 0], [-sin(y), 0, cos(y)]])
            @ numpy.array([[cos(z), -sin(z), 0], [sin(z), cos(z), 0], [0, 0, 1]]))


def case(name):
    """size and spacing of the input; size and affine of the output, about the same centre."""
    import numpy
    size, spacing, out, onto = {
        "1 mm to 1.5 mm": ((190, 190, 190), (1, 1, 1), (127, 127, 127), 1.5 * numpy.eye(3)),
        "1x1x3 mm to 1 mm": ((256, 256, 60), (1, 1, 3), (256, 256, 180), numpy.eye(3)),
        "1 mm to 1.5 mm, oblique": ((190, 190, 190), (1, 1, 1), (127, 127, 127), 1.5 * turned()),
    }[name]
    affine, other = numpy.diag([*spacing, 1.0]), numpy.eye(4)
    other[:3, :3] = onto
    centre = affine[:3, :3] @ ((numpy.array(size) - 1) / 2)
    other[:3, 3] = centre - onto @ ((numpy.array(out) - 1) / 2)
    values = numpy.random.default_rng(1).random(size[::-1], dtype=numpy.float32)  # k, j, i
    return values, affine, out, other


class Grid(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int64 * 3), ("to_world", ctypes.c_double * 12)]


class Params(ctypes.Structure):
    _fields_ = [("interpolation", ctypes.c_int), ("pad", ctypes.c_double)]


class Image(ctypes.Structure):
    _fields_ = [("grid", Grid), ("channels", ctypes.c_int64), ("type", ctypes.c_int),
                ("stride", ctypes.c_int64 * 4), ("voxels", ctypes.c_void_p)]


def grid(size, affine):
    return Grid((ctypes.c_int64 * 3)(*map(int, size)),
                (ctypes.c_double * 12)(*affine[:3].ravel().tolist()))


def larmor_side(values, affine, size, onto):
    """-> a function that resamples, and one that gives a few values of the result."""
    lib = ctypes.CDLL(os.path.join(BUILD, "liblarmor.so"))
    lib.lar_resample_default.restype = Params
    lib.lar_error.restype = ctypes.c_char_p
    lib.lar_threads_set(1)
    image, out = ctypes.POINTER(Image)(), ctypes.POINTER(Image)()
    f32 = 8  # LAR_F32
    check = lambda status: status and sys.exit(lib.lar_error().decode())
    check(lib.lar_image_new(ctypes.byref(image), ctypes.byref(grid(values.shape[::-1], affine)),
                            ctypes.c_int64(1), f32))
    ctypes.memmove(image.contents.voxels, values.ctypes.data, values.nbytes)
    params, target = lib.lar_resample_default(), grid(size, onto)

    def work():
        lib.lar_image_free(out)
        check(lib.lar_resample(ctypes.byref(out), image, ctypes.byref(target),
                               ctypes.byref(params)))

    def probe(i, j, k):
        voxels = ctypes.cast(out.contents.voxels, ctypes.POINTER(ctypes.c_float))
        return voxels[i + size[0] * (j + size[1] * k)]

    return work, probe


def scipy_side(values, affine, size, onto):
    import numpy
    import scipy.ndimage
    m, kept = numpy.linalg.inv(affine) @ onto, []
    m = m[2::-1, 2::-1], m[2::-1, 3]  # of k, j, i

    def work():
        kept[:] = [scipy.ndimage.affine_transform(values, m[0], m[1], size[::-1], order=3,
                                                  mode="mirror")]

    return work, lambda i, j, k: float(kept[0][k, j, i])


def itk_side(values, affine, size, onto):
    import numpy
    import SimpleITK
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    moving, kept = SimpleITK.GetImageFromArray(values), []
    moving.SetSpacing(numpy.diag(affine)[:3].tolist())
    spacing = numpy.linalg.norm(onto[:3, :3], axis=0)
    direction = (onto[:3, :3] / spacing).ravel().tolist()

    def work():
        kept[:] = [SimpleITK.Resample(moving, size, SimpleITK.Transform(), SimpleITK.sitkBSpline,
                                      onto[:3, 3].tolist(), spacing.tolist(), direction)]

    return work, lambda i, j, k: kept[0][i, j, k]


SIDES = {"larmor": larmor_side, "scipy": scipy_side, "ITK": itk_side}


def memory_kb(field):
    for line in open("/proc/self/status"):
        if line.startswith(field + ":"):
            return int(line.split()[1])


def side(name, what, runs):
    """Prints CPU seconds, peak kB above the start, and a value in the middle."""
    try:
        work, probe = SIDES[name](*case(what))
    except ImportError:
        sys.exit(ABSENT)
    size = case(what)[2]
    base, times = memory_kb("VmRSS"), []
    open("/proc/self/clear_refs", "w").write("5")  # the peak begins here
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    print(statistics.median(times), memory_kb("VmHWM") - base,
          probe(*(n // 2 for n in size)))


def measure(name, what, runs):
    python = os.environ.get("PEERS", sys.executable) if name == "ITK" else sys.executable
    env = dict(os.environ, OMP_NUM_THREADS="1")
    done = subprocess.run([python, os.path.abspath(__file__), "--side", name, what, str(runs)],
                          env=env, stdout=subprocess.PIPE, text=True)
    if done.returncode == ABSENT:
        return None
    if done.returncode:
        sys.exit("%s failed" % name)
    return [float(n) for n in done.stdout.split()]


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rows, absent = [], set()
    for what in ("1 mm to 1.5 mm", "1x1x3 mm to 1 mm", "1 mm to 1.5 mm, oblique"):
        ours = measure("larmor", what, runs)
        for peer, asked in (("scipy", 3), ("ITK", 2)):
            theirs = measure(peer, what, runs)
            if not theirs:
                absent.add(peer)
                continue
            if abs(theirs[2] - ours[2]) > 1e-3:
                sys.exit("%s and larmor differ: %g and %g" % (peer, theirs[2], ours[2]))
            ratio = theirs[0] / ours[0]
            rows += [{"what": "%s, CPU (%s)" % (what, peer), "ours": round(ours[0], 4),
                      "peer": round(theirs[0], 4), "unit": "s", "ratio": round(ratio, 2),
                      "asked": ">= %g" % asked, "met": ratio >= asked},
                     {"what": "%s, peak (%s)" % (what, peer), "ours": round(ours[1] / 1024, 1),
                      "peer": round(theirs[1] / 1024, 1), "unit": "MB",
                      "ratio": round(ours[1] / theirs[1], 2), "asked": "<= 1",
                      "met": ours[1] <= theirs[1]}]
    for peer in sorted(absent):
        print("%s is not installed: left out" % peer)
    os.makedirs(os.path.join(BUILD, "bench"), exist_ok=True)
    with open(os.path.join(BUILD, "bench", "resample.json"), "w") as f:
        json.dump(rows, f, indent=1)
        f.write("\n")
    print("%-40s %9s %9s %-3s %7s %7s %s" % ("what", "ours", "peer", "", "ratio", "asked", "met"))
    for r in rows:
        print("%-40s %9.3f %9.3f %-3s %7.2f %7s %s" % (
            r["what"], r["ours"], r["peer"], r["unit"], r["ratio"], r["asked"],
            "yes" if r["met"] else "NO"))
    return 0 if all(r["met"] for r in rows) else 1


if __name__ == "__main__":
    if len(sys.argv) > 4 and sys.argv[1] == "--side":
        side(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        sys.exit(main())

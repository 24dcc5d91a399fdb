#!/usr/bin/python3
"""Resampling of head-sized volumes by larmor, scipy.ndimage and ITK, each in its own process with one
thread: CPU seconds and peak memory of the work alone, the median of several runs.

Writes BUILD/bench/resample.json.   bench_resample.py [RUNS]
rows(RUNS) gives the rows to other benches. scipy is that of this Python; ITK (SimpleITK) that of the
Python named by PEERS, or of this one. A peer that is absent is left out, and said so.
SPDX-License-Identifier: Apache-2.0"""
import ctypes
import os
import statistics
import subprocess
import sys
import time

import table

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


# what: interpolation, size and spacing of the input, size and spacing of the output, what turns or
# bends it; how many times less CPU than each peer is asked for (None: the peer cannot do it)
CASES = {
    "cubic, 1 mm to 1.5 mm": (
        "cubic", (188, 256, 188), (1, 1, 1), (125, 171, 125), (1.5, 1.5, 1.5), None, 6, 6),
    "cubic, 0.72x0.72x3 mm to 1 mm": (
        "cubic", (320, 320, 48), (0.72, 0.72, 3), (230, 230, 144), (1, 1, 1), None, 6, 6),
    "cubic, 1 mm to 1.5 mm, oblique": (
        "cubic", (188, 256, 188), (1, 1, 1), (125, 171, 125), (1.5, 1.5, 1.5), "turned", 6, 6),
    "cubic, 1 mm, through a field": (
        "cubic", (120, 130, 120), (1, 1, 1), (120, 130, 120), (1, 1, 1), "bent", None, 3),
    "linear, 1 mm to 1.5 mm": (
        "linear", (188, 256, 188), (1, 1, 1), (125, 171, 125), (1.5, 1.5, 1.5), None, 3, 1.5),
    "sinc, 1 mm to 1.5 mm": (
        "sinc", (120, 130, 120), (1, 1, 1), (80, 86, 80), (1.5, 1.5, 1.5), None, None, 3),
    "sinc, 1 mm to 1.5 mm, oblique": (
        "sinc", (120, 130, 120), (1, 1, 1), (80, 86, 80), (1.5, 1.5, 1.5), "turned", None, 3),
    "40 labels, 1 mm to 1.5 mm": (
        "label", (120, 130, 120), (1, 1, 1), (80, 86, 80), (1.5, 1.5, 1.5), None, None, 3),
}


def case(name):
    """-> interpolation, values (k, j, i), their affine, size and affine of the output (about the
    same centre), displacements in mm on the output's grid (k, j, i, xyz) or None"""
    import numpy
    how, size, spacing, out, onto, way = CASES[name][:6]
    affine, other, field = numpy.diag([*spacing, 1.0]), numpy.eye(4), None
    onto = numpy.diag(onto) @ (turned() if way == "turned" else numpy.eye(3))
    other[:3, :3] = onto
    centre = affine[:3, :3] @ ((numpy.array(size) - 1) / 2)
    other[:3, 3] = centre - onto @ ((numpy.array(out) - 1) / 2)
    random = numpy.random.default_rng(1)
    if how == "label":  # blobs of about a centimetre
        coarse = random.integers(0, 40, [n // 10 + 1 for n in size[::-1]])
        values = coarse.repeat(10, 0).repeat(10, 1).repeat(10, 2)[:size[2], :size[1], :size[0]]
        values = numpy.ascontiguousarray(values, numpy.float32)
    else:
        values = random.random(size[::-1], dtype=numpy.float32)
    if way == "bent":
        k, j, i = numpy.indices(out[::-1], numpy.float32) / 20
        field = numpy.stack([3 * numpy.sin(j), 2 * numpy.cos(k), 2 * numpy.sin(i + j)], -1)
    return how, values, affine, out, other, field


class Grid(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int64 * 3), ("to_world", ctypes.c_double * 12)]


class Params(ctypes.Structure):
    _fields_ = [("interpolation", ctypes.c_int), ("pad", ctypes.c_double),
                ("border", ctypes.c_int), ("antialias", ctypes.c_bool)]


class Image(ctypes.Structure):
    _fields_ = [("grid", Grid), ("channels", ctypes.c_int64), ("type", ctypes.c_int),
                ("stride", ctypes.c_int64 * 4), ("voxels", ctypes.c_void_p)]


def grid(size, affine):
    return Grid((ctypes.c_int64 * 3)(*map(int, size)),
                (ctypes.c_double * 12)(*affine[:3].ravel().tolist()))


def larmor_side(how, values, affine, size, onto, field):
    """-> a function that resamples, and one that gives a value of the result."""
    lib = ctypes.CDLL(os.path.join(BUILD, "liblarmor.so"))
    lib.lar_resample_default.restype = Params
    lib.lar_error.restype = ctypes.c_char_p
    lib.lar_threads_set(1)
    image, out, chain = ctypes.POINTER(Image)(), ctypes.POINTER(Image)(), ctypes.c_void_p()
    f32 = 8  # LAR_F32
    check = lambda status: status and sys.exit(lib.lar_error().decode())

    def new(array, matrix, channels):
        made = ctypes.POINTER(Image)()
        check(lib.lar_image_new(ctypes.byref(made), ctypes.byref(grid(array.shape[:-4:-1], matrix)),
                                ctypes.c_int64(channels), f32))
        ctypes.memmove(made.contents.voxels, array.ctypes.data, array.nbytes)
        return made

    image = new(values, affine, 1)
    if field is not None:
        check(lib.lar_chain_new(ctypes.byref(chain)))
        planes = field.transpose(3, 0, 1, 2).copy()
        check(lib.lar_chain_add_field(chain, new(planes, onto, 3)))
    params, target = lib.lar_resample_default(), grid(size, onto)
    params.interpolation = ["nearest", "linear", "cubic", "sinc", "label"].index(how)

    def work():
        lib.lar_image_free(out)
        check(lib.lar_resample_through(ctypes.byref(out), image, ctypes.byref(target), chain,
                                       ctypes.byref(params)))

    def probe(i, j, k):
        voxels = ctypes.cast(out.contents.voxels, ctypes.POINTER(ctypes.c_float))
        return voxels[i + size[0] * (j + size[1] * k)]

    return work, probe


def scipy_side(how, values, affine, size, onto, field):
    import warnings

    import numpy
    import scipy.ndimage
    m, kept = numpy.linalg.inv(affine) @ onto, []
    m = m[2::-1, 2::-1], m[2::-1, 3]  # of k, j, i
    if not m[0][~numpy.eye(3, dtype=bool)].any():
        m = m[0].diagonal(), m[1]  # its faster way
    order = {"linear": 1, "cubic": 3}[how]

    warnings.simplefilter("ignore")  # that the faster way is another one than before 0.18

    def work():
        kept[:] = [scipy.ndimage.affine_transform(values, m[0], m[1], size[::-1], order=order,
                                                  mode="mirror")]

    return work, lambda i, j, k: float(kept[0][k, j, i])


def itk_side(how, values, affine, size, onto, field):
    import numpy
    import SimpleITK as sitk
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    if how == "label":
        values = values.astype(numpy.uint8)
    moving, kept = sitk.GetImageFromArray(values), []
    moving.SetSpacing(numpy.diag(affine)[:3].tolist())
    spacing = numpy.linalg.norm(onto[:3, :3], axis=0)
    place = onto[:3, 3].tolist(), spacing.tolist(), (onto[:3, :3] / spacing).ravel().tolist()
    way = sitk.Transform()
    if field is not None:
        bend = sitk.GetImageFromArray(field.astype(float), isVector=True)
        bend.SetOrigin(place[0])
        bend.SetSpacing(place[1])
        bend.SetDirection(place[2])
        way = sitk.DisplacementFieldTransform(bend)
    by = {"linear": sitk.sitkLinear, "cubic": sitk.sitkBSpline, "label": sitk.sitkLabelLinear,
          "sinc": sitk.sitkLanczosWindowedSinc}[how]

    def work():
        kept[:] = [sitk.Resample(moving, size, way, by, *place)]

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
    size = case(what)[3]
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


def rows(runs):
    """Of every case, CPU and peak memory beside each peer."""
    found, absent = [], set()
    for what, (how, size, *_, scipy_asked, itk_asked) in CASES.items():
        ours = measure("larmor", what, runs)
        for peer, asked in (("scipy", scipy_asked), ("ITK", itk_asked)):
            if not asked:
                continue
            slow = how in ("sinc", "label")
            theirs = measure(peer, what, 1 if slow else runs)
            if not theirs:
                absent.add(peer)
                continue
            # the sinc of ITK is not scaled, so that it ripples
            if abs(theirs[2] - ours[2]) > (1e-2 if how == "sinc" else 1e-4):
                sys.exit("%s: %s and larmor differ: %g and %g" % (what, peer, theirs[2], ours[2]))
            ratio = theirs[0] / ours[0]
            found += [{"what": "%s, CPU (%s)" % (what, peer), "ours": round(ours[0], 4),
                       "peer": round(theirs[0], 4), "unit": "s", "ratio": round(ratio, 2),
                       "asked": ">= %g" % asked, "met": ratio >= asked}]
            if size[0] < 150:  # of a small volume the peak tells what was there before
                continue
            found += [{"what": "%s, peak (%s)" % (what, peer), "ours": round(ours[1] / 1024, 1),
                       "peer": round(theirs[1] / 1024, 1), "unit": "MB",
                       "ratio": round(ours[1] / theirs[1], 2), "asked": "<= 1.1",
                       "met": ours[1] <= 1.1 * theirs[1]}]
    for peer in sorted(absent):
        print("%s is not installed: left out" % peer)
    return found


def main():
    found = rows(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    return table.finish(found, os.path.join(BUILD, "bench", "resample.json"))


if __name__ == "__main__":
    if len(sys.argv) > 4 and sys.argv[1] == "--side":
        side(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        sys.exit(main())

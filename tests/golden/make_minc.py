#!/usr/bin/env python3
"""Writes small MINC1 and MINC2 files to minc/, and what nibabel reads in them to minc.txt.

A line: name, larmor's type, sizes i j k, channels, the affine's 12 numbers, all values (i fastest).
Needs numpy, scipy, h5py, nibabel.
SPDX-License-Identifier: Apache-2.0
"""
import gzip
import os
import pathlib
import warnings

import h5py
import nibabel
import numpy as np
from scipy.io import netcdf_file

HERE = pathlib.Path(__file__).parent
OUT = HERE / "minc"
warnings.simplefilter("ignore")
STD = {"varid": b"MINC standard variable", "version": b"MINC Version    1.0"}
OBLIQUE = {"xspace": (0.98, 0.17, 0.1), "yspace": (-0.18, 0.98, 0.06), "zspace": (-0.09, -0.08, 0.99)}
lines = []


def unit(v):
    return np.array(v) / np.linalg.norm(v)


def axes(names, steps, starts, oblique):
    plain = {"xspace": (1, 0, 0), "yspace": (0, 1, 0), "zspace": (0, 0, 1)}
    out = {}
    for name, step, start in zip(names, steps, starts):
        a = {"step": float(step), "start": float(start), "spacing": b"regular__", "units": b"mm",
             "alignment": b"centre", "spacetype": b"native____", "vartype": b"dimension____", **STD}
        if name in plain:
            a["direction_cosines"] = unit((OBLIQUE if oblique else plain)[name]).astype(float)
        out[name] = a
    return out


def ranges(data, scaled, count):
    """image-min and image-max of the first `count` dimensions."""
    shape = data.shape[:count]
    n = np.arange(int(np.prod(shape)), dtype=float).reshape(shape)
    return (n * -0.5 - 1, n * 2.25 + 10) if scaled else (None, None)


def minc1(name, data, names, steps, starts, oblique=False, scaled=True, per=1, valid=None, change=None):
    path = OUT / name
    f = netcdf_file(path, "w")
    for n, size in zip(names, data.shape):
        f.createDimension(n, size)
    for n, attributes in axes(names, steps, starts, oblique).items():
        v = f.createVariable(n, "i", ())
        v.data[...] = 0
        for key, value in attributes.items():
            setattr(v, key, value)
    kind = {"int8": "b", "uint8": "b", "int16": "h", "uint16": "h", "int32": "i", "uint32": "i",
            "float32": "f", "float64": "d"}[data.dtype.name]
    image = f.createVariable("image", kind, names)
    image[:] = data.view(data.dtype.name.replace("u", ""))
    image.signtype = b"unsigned" if data.dtype.kind == "u" else b"signed__"
    if valid is not None:
        image.valid_range = np.array(valid, dtype=float)
    image.complete = b"true_"
    low, high = ranges(data, scaled, per)
    for n, value in (("image-max", high), ("image-min", low)):
        if value is None:
            value = np.full(data.shape[:per], float(valid[n == "image-max"]) if valid is not None else n == "image-max")
        v = f.createVariable(n, "d", names[:per])
        v[...] = value
    if change:
        change(f)
    f.close()
    return path


def minc2(name, data, names, steps, starts, oblique=False, scaled=True, per=1, valid=None):
    path = OUT / name
    with h5py.File(path, "w", track_order=False) as f:
        root = f.create_group("minc-2.0")
        root.create_group("info")
        dims = root.create_group("dimensions")
        for (n, attributes), size in zip(axes(names, steps, starts, oblique).items(), data.shape):
            v = dims.create_dataset(n, data=np.int32(0))
            for key, value in {**attributes, "length": np.uint32(size)}.items():
                v.attrs[key] = np.bytes_(value) if isinstance(value, bytes) else value
        group = root.create_group("image").create_group("0")
        v = group.create_dataset("image", data=data, chunks=data.shape, compression="gzip", track_times=False)
        v.attrs["dimorder"] = np.bytes_(",".join(names))
        for key, value in {**STD, "complete": b"true_", "vartype": b"group________"}.items():
            v.attrs[key] = np.bytes_(value)
        if valid is not None:
            v.attrs["valid_range"] = np.array(valid, dtype=float)
        low, high = ranges(data, scaled, per)
        for n, value in (("image-max", high), ("image-min", low)):
            if value is None:
                value = np.full(data.shape[:per], float(valid[n == "image-max"]))
            v = group.create_dataset(n, data=value, track_times=False)
            v.attrs["dimorder"] = np.bytes_(",".join(names[:per]))
    return path


def tell(path, kind, names):
    image = nibabel.load(path)
    values = np.asarray(image.dataobj, dtype=float)
    space = [n for n, name in enumerate(names) if name.endswith("space")]
    other = [n for n in range(len(names)) if n not in space]
    values = np.transpose(values, space[::-1] + other[::-1])  # i j k, then the channels
    affine = image.affine[:3, [2, 1, 0, 3]]
    values = values.reshape(*values.shape[:3], -1, order="F")
    numbers = [*values.shape, *affine.ravel(), *values.ravel(order="F")]
    lines.append(" ".join([path.name, kind] + [repr(float(n)).removesuffix(".0") for n in numbers]))


ZYX, shape = ("zspace", "yspace", "xspace"), (3, 4, 5)
rng = np.random.default_rng(6)


def voxels(kind, size=shape, low=0, high=100):
    return rng.integers(low, high, size, endpoint=True).astype(kind)


place = ((3.5, -2, 1), (-10.25, 20, -7))
tell(minc1("scaled_i16.mnc", voxels("int16", high=4095), ZYX, *place, oblique=True, valid=(0, 4095)), "float32", ZYX)
tell(minc1("outside.mnc", voxels("int16", low=-50, high=4000), ZYX, *place, valid=(0, 3000)), "float32", ZYX)
tell(minc1("labels_u8.mnc", voxels("uint8", high=255), ZYX, *place, scaled=False, valid=(0, 255)), "uint8", ZYX)
tell(minc1("labels_u16.mnc", voxels("uint16", high=65535), ZYX, *place, scaled=False, valid=(0, 65535)), "uint16", ZYX)
tell(minc1("whole_i32.mnc", voxels("int32", low=-9999, high=9999), ZYX, *place, valid=(-9999, 9999), per=0), "float64", ZYX)
tell(minc1("signed_i8.mnc", voxels("int8", low=-128, high=127), ZYX, *place, valid=(-128, 127), per=2), "float32", ZYX)
tell(minc1("float32.mnc", rng.normal(size=shape).astype("float32"), ZYX, *place, scaled=False), "float32", ZYX)
tell(minc1("float64.mnc", rng.normal(size=shape), ZYX, *place, scaled=False), "float64", ZYX)
XZY = ("xspace", "zspace", "yspace")
tell(minc1("order_xzy.mnc", voxels("uint8"), XZY, (-1, 2, 3), (4, 5, -6), oblique=True, valid=(0, 255)), "float32", XZY)
TIME = ("time", *ZYX)
tell(minc1("time.mnc", voxels("uint8", (2, *shape)), TIME, (1.5, *place[0]), (0, *place[1]), valid=(0, 255), per=2), "float32", TIME)
MIDDLE = ("zspace", "time", "yspace", "xspace")
tell(minc1("time_inside.mnc", voxels("uint8", (3, 2, 4, 5)), MIDDLE, (3.5, 1, -2, 1), (1, 0, 2, 3), valid=(0, 255), per=2), "float32", MIDDLE)
VECTOR = (*ZYX, "vector_dimension")
tell(minc1("vector.mnc", voxels("uint8", (*shape, 3)), VECTOR, (*place[0], 1), (*place[1], 0), valid=(0, 255)), "float32", VECTOR)
tell(minc2("minc2_i16.mnc", voxels("int16", high=4095), ZYX, *place, oblique=True, valid=(0, 4095)), "float32", ZYX)
tell(minc2("minc2_labels.mnc", voxels("uint8", high=255), ZYX, *place, scaled=False, valid=(0, 255)), "uint8", ZYX)
tell(minc2("minc2_time.mnc", voxels("uint16", (2, *shape), high=65535), TIME, (1.5, *place[0]), (0, *place[1]), valid=(0, 65535), per=2), "float32", TIME)
packed = OUT / "scaled_i16.mnc.gz"
packed.write_bytes(gzip.compress((OUT / "scaled_i16.mnc").read_bytes(), mtime=0))
tell(packed, "float32", ZYX)


# what is not read, or not without a word
def irregular(positions):
    def change(f):
        del f.variables["zspace"]
        v = f.createVariable("zspace", "d", ("zspace",))
        v[:] = positions
        v.spacing = b"irregular"
    return change


def inches(f):
    f.variables["xspace"].units = b"inches"


def no_ranges(f):
    del f.variables["image-max"], f.variables["image-min"]


def no_image(f):
    del f.variables["image"]


plain = dict(names=ZYX, steps=place[0], starts=place[1], valid=(0, 255))
minc1("irregular_even.mnc", voxels("uint8"), **plain, change=irregular([1.0, 3.0, 5.0]))
minc1("irregular_uneven.mnc", voxels("uint8"), **plain, change=irregular([1.0, 3.0, 6.0]))
minc1("inches.mnc", voxels("uint8"), **plain, change=inches)
minc1("no_ranges.mnc", voxels("uint8"), **plain, change=no_ranges)
minc1("no_image.mnc", voxels("uint8"), **plain, change=no_image)
with h5py.File(OUT / "no_minc.h5", "w") as f:
    f.create_dataset("something", data=np.arange(3), track_times=False)
with h5py.File(minc2("minc2_huge.mnc", voxels("uint8"), **plain), "r+") as f:  # voxels that nobody wrote
    group = f["minc-2.0/image/0"]
    attributes = dict(group["image"].attrs)
    del group["image"]
    v = group.create_dataset("image", (3, 400000, 500000), "u1", chunks=(1, 1000, 1000), track_times=False)
    for key, value in attributes.items():
        v.attrs[key] = value
    for n, size in zip(ZYX, v.shape):
        f["minc-2.0/dimensions"][n].attrs["length"] = np.uint32(size)
(HERE / "minc.txt").write_text("\n".join(lines) + "\n")

# real scans, where they are: sums over all voxels, and over voxels times i + 2 j + 3 k + 5 channel
if "LARMOR_TEST_DATA" in os.environ:
    rows = []
    for path in sorted((pathlib.Path(os.environ["LARMOR_TEST_DATA"]) / "formats" / "minc").glob("*.mnc*")):
        image = nibabel.load(path)
        values = np.asarray(image.dataobj, dtype=float)
        values = values.reshape(-1, *values.shape[-3:])  # channel, then k j i
        c, k, j, i = np.indices(values.shape, dtype=float)
        rows.append('{ "%s", "float32", { %s }, { %s }, %r, %r },' % (
            path.name, ", ".join(str(s) for s in values.shape[:0:-1]),
            ", ".join(repr(float(v)) for v in image.affine[:3, [2, 1, 0, 3]].ravel()),
            float(values.sum()), float((values * (i + 2 * j + 3 * k + 5 * c)).sum())))
    (HERE.parent / "unit" / "format" / "minc_scans.inc").write_text(
        "/* generated by tests/golden/make_minc.py\n * SPDX-License-Identifier: Apache-2.0 */\n" + "\n".join(rows) + "\n")

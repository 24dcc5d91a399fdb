"""Lays out a folder of scans as scanners send them: tutorial_scans.py PHANTOMS RAW makes of the heads that
`larmor phantom` drew RAW/PERSON/CONTRAST/0001.dcm and so on, single-frame DICOM of little-endian 16-bit slices,
and gives each person a scanner with a brightness of its own. Nothing but Python's own library. Nobody was scanned.
SPDX-License-Identifier: Apache-2.0
"""
import array
import gzip
import pathlib
import struct
import sys

PHANTOMS, RAW = map(pathlib.Path, sys.argv[1:3])
ROOT = "1.2.826.0.1.3680043.8.498.78"
MR = "1.2.840.10008.5.1.4.1.1.4"
PEOPLE = ["anna", "boris", "carla", "david", "elena", "filip", "greta", "henry", "irene", "jakob", "katya", "louis"]
GAINS = [1, 1.7, 0.6, 1.3, 0.8, 2.1]
# as docs/phantom.md lists them: series, name, TR, TE, TI in ms
CONTRASTS = {"t1": ("t1_mprage_tra", 2300, 3, 1100), "flair": ("t2_flair_tra", 9000, 110, 2372)}


def read(path, gain):
    """sizes, LPS affine as rows, voxels as bytes (int16, i fastest) of a NIfTI-1 as larmor writes it."""
    data = gzip.decompress(path.read_bytes())
    sizes = struct.unpack_from("<3h", data, 42)
    assert struct.unpack_from("<hh", data, 70) == (4, 16), "int16 is expected"
    rows = [struct.unpack_from("<4f", data, 280 + 16 * r) for r in range(3)]
    affine = [[-v for v in rows[0]], [-v for v in rows[1]], list(rows[2])]
    start = int(struct.unpack_from("<f", data, 108)[0])
    voxels = array.array("h", data[start:start + 2 * sizes[0] * sizes[1] * sizes[2]])
    voxels = array.array("h", [round(gain * v) for v in voxels])
    # rows of a scanner run to the left, columns to the back
    for axis in (0, 1):
        if affine[axis][axis] < 0:
            for r in range(3):
                affine[r][3] += (sizes[axis] - 1) * affine[r][axis]
                affine[r][axis] *= -1
            step = sizes[0] if axis == 0 else sizes[0] * sizes[1]
            for at in range(0, len(voxels), step):
                part = voxels[at:at + step]
                rows = [part[n:n + sizes[0]] for n in range(0, step, sizes[0])]
                turned = [row[::-1] for row in rows] if axis == 0 else rows[::-1]
                voxels[at:at + step] = array.array("h", b"".join(row.tobytes() for row in turned))
    return sizes, affine, voxels.tobytes()


def element(tag, kind, value):
    if isinstance(value, (list, tuple)):
        value = "\\".join(str(v) for v in value)
    if kind == "US":
        value = struct.pack("<H", value)
    elif kind == "UL":
        value = struct.pack("<I", value)
    elif isinstance(value, (str, int, float)):
        value = str(value).encode()
    if len(value) % 2:
        value += b"\0" if kind == "UI" else b" "
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + kind.encode()
    if kind in ("OB", "OW"):
        return head + struct.pack("<HI", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def column(affine, axis):
    length = sum(affine[r][axis] ** 2 for r in range(3)) ** 0.5
    return length, [affine[r][axis] / length for r in range(3)]


def number(v):
    return f"{v:.7g}"


def write(folder, person, series, contrast, sizes, affine, voxels):
    name, repetition, echo, inversion = CONTRASTS[contrast]
    folder.mkdir(parents=True)
    (dx, along), (dy, down), (dz, _) = (column(affine, a) for a in range(3))
    study = f"{ROOT}.{person}"
    for k in range(sizes[2]):
        instance = f"{study}.{series}.{k + 1}"
        place = [affine[r][3] + k * affine[r][2] for r in range(3)]
        meta = (element(0x00020001, "OB", b"\0\1") + element(0x00020002, "UI", MR) + element(0x00020003, "UI", instance)
                + element(0x00020010, "UI", "1.2.840.10008.1.2.1") + element(0x00020012, "UI", ROOT))
        body = b"".join(element(*e) for e in (
            (0x00080008, "CS", ["ORIGINAL", "PRIMARY"]), (0x00080016, "UI", MR), (0x00080018, "UI", instance),
            (0x00080060, "CS", "MR"), (0x00080070, "LO", "MADE"), (0x0008103E, "LO", name),
            (0x00100010, "PN", ""), (0x00100020, "LO", ""),
            (0x00180020, "CS", "GR" if contrast == "t1" else "SE"), (0x00180023, "CS", "3D"),
            (0x00180050, "DS", number(dz)), (0x00180080, "DS", repetition), (0x00180081, "DS", echo),
            (0x00180082, "DS", inversion), (0x00185100, "CS", "HFS"),
            (0x0020000D, "UI", study), (0x0020000E, "UI", f"{study}.{series}"), (0x00200011, "IS", series),
            (0x00200012, "IS", 1), (0x00200013, "IS", k + 1), (0x00200032, "DS", [number(v) for v in place]),
            (0x00200037, "DS", [number(v) for v in along + down]), (0x00200052, "UI", f"{study}.0"),
            (0x00280002, "US", 1), (0x00280004, "CS", "MONOCHROME2"), (0x00280010, "US", sizes[1]),
            (0x00280011, "US", sizes[0]), (0x00280030, "DS", [number(dy), number(dx)]), (0x00280100, "US", 16),
            (0x00280101, "US", 16), (0x00280102, "US", 15), (0x00280103, "US", 1),
            (0x7FE00010, "OW", voxels[2 * sizes[0] * sizes[1] * k:2 * sizes[0] * sizes[1] * (k + 1)])))
        (folder / f"{k + 1:04d}.dcm").write_bytes(bytes(128) + b"DICM" + element(0x00020000, "UL", len(meta)) + meta + body)


for n, path in enumerate(sorted((PHANTOMS / "t1").glob("*.nii.gz"))):
    subject = path.name.split("_")[0]
    for series, contrast in enumerate(CONTRASTS, 1):
        found = next((PHANTOMS / contrast).glob(f"{subject}_*.nii.gz"))
        write(RAW / PEOPLE[n] / contrast, n + 1, 2 * series, contrast, *read(found, GAINS[n % len(GAINS)]))

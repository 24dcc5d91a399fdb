"""A cohort of 100 small cases of which 17 are broken in 17 ways. Writes cohort/ and whole/ (the others
alone), and prints a line 'case<tab>words of its reason' for each broken one.
SPDX-License-Identifier: Apache-2.0"""
import gzip
import os
import struct
import sys

SIZE, CASES = (11, 12, 10), 100
PLANTED = sys.argv[1] == "minc"  # a program that reads MINC and crashes is there


def header(size, affine, code=4, bits=16, dims=None):
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    dims = dims or [3] + list(size) + [1] * 4
    struct.pack_into("<8h", head, 40, *dims)
    struct.pack_into("<hh", head, 70, code, bits)
    struct.pack_into("<8f", head, 76, 1, 2, 2, 2, 1, 0, 0, 0)
    struct.pack_into("<f", head, 108, 352)
    struct.pack_into("<f", head, 112, 1)
    struct.pack_into("<hh", head, 252, 0, 1)
    for row in range(3):
        struct.pack_into("<4f", head, 280 + 16 * row, *affine[row])
    head[344:348] = b"n+1\0"
    return bytes(head)


AFFINE = [[2, 0, 0, -10], [0, 2, 0, -11], [0, 0, 2, -9]]
COUNT = SIZE[0] * SIZE[1] * SIZE[2]


def voxels(case, image, count=COUNT):
    """Whole numbers that differ from case to case, by a linear congruence."""
    state, out = case * 977 + image * 31 + 5, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2147483648
        out.append(200 + state // 65536 % 800)
    return out


def nifti(case, image):
    return header(SIZE, AFFINE) + struct.pack("<%dh" % COUNT, *voxels(case, image))


def mask(value=1):
    inside = [value if n % 7 else 0 for n in range(COUNT)]
    return header(SIZE, AFFINE, 2, 8) + bytes(inside)


def pack(content):
    return gzip.compress(content, 6, mtime=0)


def put(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.remove(path)
    with open(path, "wb") as file:
        file.write(content)


def floats(case, spoil):
    values = [float(v) for v in voxels(case, 0)]
    spoil(values)
    return pack(header(SIZE, AFFINE, 16, 32) + struct.pack("<%df" % COUNT, *values))


def nan(values):
    values[500] = values[501] = float("nan")


def constant(values):
    values[:] = [7.0] * COUNT


def bit(case):
    content = bytearray(pack(nifti(case, 0)))
    content[len(content) // 2] ^= 16
    return bytes(content)


def far(case):
    affine = [row[:] for row in AFFINE]
    affine[1][3] = float("inf")
    return pack(header(SIZE, affine) + nifti(case, 0)[352:])


def shifted(case):
    affine = [row[:] for row in AFFINE]
    affine[0][3] += 5
    return pack(header(SIZE, affine) + nifti(case, 1)[352:])


def special(make):
    def do(path):
        os.remove(path)
        make(path)
    return do


def sparse(path):
    """300 GB of zeros that take no room on the disk."""
    with open(path, "wb") as file:
        file.write(header((5000, 6000, 5000), AFFINE))
        file.truncate(352 + 2 * 5000 * 6000 * 5000)


# the image of each broken case, what is done to its file, and words of the reason
WAYS = [
    ("t1", lambda c: pack(nifti(c, 0))[:900], "'t1' cannot be read, because .* gzip stream is cut short"),
    ("flair", bit, "cannot be read, because .*(damaged|checksum)"),
    ("t1", lambda c: floats(c, nan), "2 of 1320 voxels of 't1' are not finite"),
    ("t1", lambda c: pack(header(SIZE, AFFINE, dims=[4] + list(SIZE) + [2, 1, 1, 1])
                          + nifti(c, 0)[352:] + nifti(c, 1)[352:]), "holds 2 volumes, not one"),
    ("t1", special(os.mkdir), "cannot be read, because .*"),
    ("flair", special(os.mkfifo), "not a regular file"),
    ("t1", special(lambda p: os.symlink("/dev/zero", p)) if os.getuid() == 0
     else lambda c: None, "not a regular file|Permission denied"),
    ("t1", special(lambda p: os.symlink(os.path.basename(p), p)), "levels of symbolic links"),
    ("flair", special(lambda p: os.symlink("/nonexistent/scan.nii.gz", p)), "No such file"),
    ("t1", lambda c: b"", "is empty"),
    ("t1", special(sparse), "needs about .* of memory, and .* may be used"),
    ("t1", lambda c: b"CDF\1" + bytes(4000) if PLANTED else pack(header((30000,) * 3, AFFINE) + bytes(900)),
     "crashed \\(signal 11" if PLANTED else "cannot hold what its header describes"),
    ("t1", lambda c: floats(c, constant), "'t1' is constant, every voxel is 7"),
    ("brain", lambda c: pack(mask(0)), "the mask 'brain' is empty"),
    ("flair", shifted, "'flair' is on another grid"),
    ("t1", lambda c: pack(header(SIZE, AFFINE, 1536, 128) + bytes(16 * COUNT)), "type|datatype"),
    ("t1", far, "affine|finite|sform"),
]

for case in range(1, CASES + 1):
    name = "s%03d" % case
    way = case // 5 if case % 5 == 0 and case // 5 <= len(WAYS) else 0
    for root in ["cohort"] + ([] if way else ["whole"]):
        for image, content in enumerate([nifti(case, 0), nifti(case, 1), mask()]):
            folder = ["t1", "flair", "brain"][image]
            put("%s/%s/%s.nii.gz" % (root, folder, name), pack(content))
    if not way:
        continue
    folder, make, words = WAYS[way - 1]
    path = "cohort/%s/%s.nii.gz" % (folder, name)
    made = make(path) if make.__code__.co_varnames[0] == "path" else make(case)
    if isinstance(made, bytes):
        put(path, made)
    elif way == 7 and os.getuid() != 0:
        os.chmod(path, 0)
    print("%s\t%s" % (name, words))

#!/usr/bin/env python3
# Makes parrec_afni/: small PAR/REC and HEAD/BRIK files of every version and kind, and what nibabel reads from
# them: parrec.txt, parrec_fp.txt (with its scaling "fp") and afni.txt, for tests/unit/format/test_parrec.c and
# test_afni.c. With LARMOR_TEST_DATA set also the rows of real scans (the numbers alone), by names that
# begin with "data:". Needs numpy and nibabel.
# nibabel does not know V3, takes the slices of a REC file in the order of the table's lines, and needs
# IJK_TO_DICOM_REAL: it is given a twin that says the same as V4, in that order, or with it.
# A line: file, type that larmor gives, size, channels, the affine, the sum of all values, and eight
# voxels as i j k channel value.
# SPDX-License-Identifier: Apache-2.0
import gzip
import os
import tempfile

import nibabel
import numpy

here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "parrec_afni")
rng = numpy.random.default_rng(11)
rows, rows_fp, rows_afni = [], [], []


def row(name, image, kind):
    values = numpy.asarray(image.dataobj)
    values = values.reshape(list(values.shape[:3]) + [-1], order="F")
    words = [name, kind, *values.shape]
    words += ["%.17g" % v for v in image.affine[:3].ravel()]
    words += ["%.17g" % values.sum(dtype=numpy.longdouble)]
    for pick in numpy.random.default_rng(9).random((8, 4)):
        at = [int(p * n) for p, n in zip(pick, values.shape)]
        words += at + ["%.17g" % values[tuple(at)]]
    return " ".join(map(str, words))


# ---- Philips PAR/REC ----

HEAD = """# === DATA DESCRIPTION FILE ======
#
# CLINICAL TRYOUT             Research image export tool     {version}
#
# === GENERAL INFORMATION ========
#
.    Patient name                       :   nobody
.    Examination date/time              :   2014.02.14 / 09:00:57
.    Max. number of cardiac phases      :   {phases}
.    Max. number of echoes              :   {echoes}
.    Max. number of slices/locations    :   {slices}
.    Max. number of dynamics            :   {dynamics}
.    Max. number of mixes               :   1
.    Repetition time [{ms}]               :   {times}
.    FOV (ap,fh,rl) [mm]                :   240.000  70.000  240.000
.    Angulation midslice(ap,fh,rl)[degr]:   {angulation[0]}  {angulation[1]}  {angulation[2]}
.    Off Centre midslice(ap,fh,rl) [mm] :   {centre[0]}  {centre[1]}  {centre[2]}
.    Dynamic scan      <0=no 1=yes> ?   :   {dynamic}
.    Diffusion         <0=no 1=yes> ?   :   {diffusion}
.    Diffusion echo time [ms]           :   0.0000
"""
HEAD_V3 = """.    Image pixel size [8 or 16 bits]    :   {bits}
.    Recon resolution (x, y)            :   {size[0]}  {size[1]}
.    Slice thickness [mm]               :   {thickness}
.    Slice gap [mm]                     :   {gap}
"""
HEAD_V41 = """.    Max. number of diffusion values    :   {b_values}
.    Max. number of gradient orients    :   {gradients}
"""
TAIL = "\n# === END OF DATA DESCRIPTION FILE ===============\n"
ROTATIONS = {1: ((0, 1, 0), (0, 0, 1), (1, 0, 0)), 2: ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
             3: ((0, 0, 1), (0, -1, 0), (1, 0, 0))}


class Par:
    """A scan, from which files of any version are written. volumes: of each, (kind, echo, dynamic, phase, label,
    b value, gradient)."""

    def __init__(self, volumes, slices=3, size=(5, 4), bits=16, orientation=1, angulation=(0, 0, 0), order=None,
                 scales="one", times="2000.000", dynamic=0, diffusion=0, lines=None):
        self.volumes, self.slices, self.size, self.bits, self.orientation = volumes, slices, size, bits, orientation
        self.angulation, self.times, self.dynamic, self.diffusion = angulation, times, dynamic, diffusion
        self.centre = (2.508, 30.339, -16.032)
        self.thickness, self.gap, self.spacing = 6.0, 2.0, (3.75, 2.5)
        self.lines = [(v, s) for v in volumes for s in range(1, slices + 1)] if lines is None else lines
        count = len(self.lines)
        self.index = list(range(count)) if order is None else order
        self.voxels = rng.integers(0, 2**bits, (count, size[1], size[0])).astype("<u%d" % (bits // 8))
        self.scales = []
        for n, (v, _) in enumerate(self.lines):
            if scales == "one":
                self.scales.append((0, 1, 1))
            elif scales == "kind":
                self.scales.append((-500, 0.2442, 4.095) if v[0] else (0, 10.40049, 1.18623e-3))
            else:
                self.scales.append((round(rng.normal(), 5), round(rng.normal(), 5) or 1, 4.2e-3 + n * 1e-4))

    def centre_of(self, number):
        """Of one slice, along ap, fh, rl."""
        a = numpy.radians(self.angulation)
        cos, sin = numpy.cos(a), numpy.sin(a)
        x = numpy.array([[1, 0, 0], [0, cos[0], -sin[0]], [0, sin[0], cos[0]]])
        y = numpy.array([[cos[1], 0, sin[1]], [0, 1, 0], [-sin[1], 0, cos[1]]])
        z = numpy.array([[cos[2], -sin[2], 0], [sin[2], cos[2], 0], [0, 0, 1]])
        step = (z @ x @ y @ numpy.array(ROTATIONS[self.orientation]))[:, 2] * (self.thickness + self.gap)
        return numpy.array(self.centre) + step * (number - (self.slices + 1) / 2)

    def text(self, version, in_order=False):
        many = [len({v[n] for v in self.volumes}) for n in range(7)]
        head = HEAD + (HEAD_V3 if version == "V3" else "") + (HEAD_V41 if version > "V4" else "")
        text = head.format(version=version, echoes=many[1], dynamics=many[2], phases=many[3], slices=self.slices,
                           ms="ms" if version != "V3" else "msec", times=self.times, angulation=self.angulation,
                           centre=self.centre, dynamic=self.dynamic, diffusion=self.diffusion, bits=self.bits,
                           size=self.size, thickness=self.thickness, gap=self.gap, b_values=many[5], gradients=many[6])
        text += "#\n# === IMAGE INFORMATION ==========\n#  sl ec  dyn ph ty    idx ...\n\n"
        for n, ((kind, echo, dynamic, phase, label, b, gradient), number) in enumerate(self.lines):
            index = n if in_order else self.index[n]
            fields = [number, echo, dynamic, phase, kind, 2, index]
            if version != "V3":
                fields += [self.bits, 62, *self.size]
            fields += ["%.5f" % self.scales[n][0], "%.5f" % self.scales[n][1],
                       ("%.5e" % self.scales[n][2]).replace("e-0", "e-00"), 1070, 1860]
            fields += ["%.2f" % a for a in self.angulation] + ["%.2f" % c for c in self.centre_of(number)]
            if version != "V3":
                fields += [self.thickness, self.gap]
            fields += [0, self.orientation, 0, 2, *self.spacing, 30.0, 0.0, 0.0, 1000.0 * (b > 1)]
            fields += [90.0] if version == "V3" else [0, 90.0, 0, 0, 0, 39, 0.0]
            if version > "V4":
                fields += [b, gradient, 8, 0, 0.1, 0.2, 0.3]
            if version == "V4.2":
                fields += [label]
            text += "  ".join(map(str, fields)) + "\n"
        return (text + TAIL).replace("\n", "\r\n")

    def rec(self, in_order=False):
        voxels = numpy.empty_like(self.voxels)
        for n in range(len(self.lines)):
            voxels[n if in_order else self.index[n]] = self.voxels[n]
        return voxels.tobytes()

    def write(self, where, name, version, in_order=False, ends=(".PAR", ".REC")):
        with open(os.path.join(where, name + ends[0]), "w", newline="") as file:
            file.write(self.text(version, in_order))
        with open(os.path.join(where, name + ends[1]), "wb") as file:
            file.write(self.rec(in_order))
        return os.path.join(where, name + ends[0])

    def save(self, name, version, strict=False, kind="float32", ends=(".PAR", ".REC")):
        self.write(folder, name, version, ends=ends)
        with tempfile.TemporaryDirectory() as there:
            twin = self.write(there, "twin", "V4" if version == "V3" else version, True)
            rows.append(row(name + ends[0], nibabel.parrec.load(twin, strict_sort=strict), kind))
            image = nibabel.parrec.load(twin, strict_sort=strict, scaling="fp")
            rows_fp.append(row(name + ends[0], image, kind))


def volume(kind=0, echo=1, dynamic=1, phase=1, label=1, b=1, gradient=1):
    return kind, echo, dynamic, phase, label, b, gradient


def make_par():
    Par([volume(dynamic=n) for n in (1, 2)], angulation=(-13.265, 5.5, 20.25), scales="each",
        dynamic=1).save("v42_transverse_dynamics", "V4.2")
    Par([volume(echo=n) for n in (1, 2, 3)], bits=8, orientation=2, angulation=(10, -7.5, 33),
        scales="each").save("v41_sagittal_echoes", "V4.1")
    Par([volume(kind=n) for n in (0, 3)], orientation=3, angulation=(-30, 10, 20),
        scales="kind").save("v4_coronal_kinds", "V4")
    Par([volume(dynamic=n) for n in (1, 2)], slices=2, orientation=3, angulation=(3, 2, 1), scales="each",
        dynamic=1).save("v3_coronal", "V3", ends=(".par", ".rec"))
    Par([volume(phase=n) for n in (1, 2)], bits=8, orientation=2).save("v3_phases", "V3", kind="uint8")
    Par([volume(dynamic=n) for n in (1, 2)], order=[4, 0, 5, 2, 1, 3], scales="each",
        dynamic=1).save("v42_other_order", "V4.2")
    mixed = [(volume(kind=k, echo=e), s) for s in (1, 2, 3) for e in (1, 2)
             for k in ((0, 1, 2, 3) if s % 2 else (3, 1, 0, 2))]
    Par([volume(kind=k, echo=e) for k in range(4) for e in (1, 2)], scales="kind",
        lines=mixed).save("v42_mixed", "V4.2", strict=True)
    Par([volume(b=1), *(volume(b=2, gradient=n) for n in (1, 2))], diffusion=1,
        scales="kind").save("v42_diffusion", "V4.2")
    Par([volume(label=n) for n in (1, 2)], slices=1, scales="each").save("v42_labels", "V4.2")
    Par([volume()]).save("v42_not_scaled", "V4.2", kind="uint16")


# ---- AFNI ----

CODES = ((0, 1), (0, -1), (1, -1), (1, 1), (2, 1), (2, -1))  # axis of DICOM's coordinates, sign


def attribute(name, value):
    if isinstance(value, str):
        return "\ntype = string-attribute\nname = %s\ncount = %d\n'%s~\n" % (name, len(value) + 1, value)
    kind, blank = ("float", " ") if any(isinstance(v, float) for v in value) else ("integer", "")
    lines = [" ".join("%.7g" % v for v in value[n:n + 5]) for n in range(0, len(value), 5)]
    return "\ntype %s= %s-attribute\nname %s= %s\ncount = %d\n %s\n" % (blank, kind, blank, name, len(value),
                                                                      "\n ".join(lines))


def afni(name, orient=(0, 3, 4), bricks=1, kind=1, order="<", factors=None, turn=None, view=0, pack=False, real=True,
         time=None, space="ORIG"):
    size, origin, delta = (5, 4, 3), [-51.5, 40.25, -30.75], [1.5, 2.25, 3.5]
    dtype = numpy.dtype(order + {0: "u1", 1: "i2", 3: "f4"}[kind])
    if kind == 3:
        voxels = rng.normal(0, 100, (bricks, *size[::-1])).astype(dtype)
    else:
        info = numpy.iinfo(dtype)
        voxels = rng.integers(info.min, info.max, (bricks, *size[::-1]), info.dtype.newbyteorder("="), True).astype(dtype)
    delta = [d * CODES[o][1] for d, o in zip(delta, orient)]
    affine = numpy.zeros((3, 4))
    for n, o in enumerate(orient):
        affine[CODES[o][0], n], affine[CODES[o][0], 3] = delta[n], origin[n]
    if turn is not None:
        cos, sin = numpy.cos(turn), numpy.sin(turn)
        affine[:, :3] = numpy.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]) @ affine[:, :3]
    head = {"HISTORY_NOTE": "[a@b: now] made\\nby 'hand'\ntype = none", "TYPESTRING": "3DIM_HEAD_ANAT",
            "SCENE_DATA": [view, 11, 0, -999, -999, -999, -999, -999], "ORIENT_SPECIFIC": list(orient),
            "ORIGIN": [float(v) for v in origin], "DELTA": [float(v) for v in delta],
            "IJK_TO_DICOM_REAL": [float(v) for v in affine.ravel()],
            "DATASET_RANK": [3, bricks, 0, 0, 0, 0, 0, 0], "DATASET_DIMENSIONS": [*size, 0, 0],
            "BRICK_TYPES": [kind] * bricks, "BRICK_FLOAT_FACS": [float(f) for f in factors or [0] * bricks],
            "TEMPLATE_SPACE": space, "BYTEORDER_STRING": "LSB_FIRST" if order == "<" else "MSB_FIRST"}
    if time:
        head["TAXIS_NUMS"] = [bricks, 0, time[1], -999, -999, -999, -999, -999]
        head["TAXIS_FLOATS"] = [0.0, time[0], 0.0, -30.75, 3.5]

    def write(where, attributes, packed):
        path = os.path.join(where, name)
        with open(path + ".HEAD", "w") as file:
            file.write("".join(attribute(*item) for item in attributes.items()))
        with open(path + (".BRIK.gz" if packed else ".BRIK"), "wb") as file:
            file.write(gzip.compress(voxels.tobytes(), mtime=0) if packed else voxels.tobytes())
        return path + ".HEAD"

    kept = {k: v for k, v in head.items() if real or k != "IJK_TO_DICOM_REAL"}
    write(folder, kept, pack)
    with tempfile.TemporaryDirectory() as there:
        scaled = factors and any(f not in (0, 1) for f in factors)
        image = nibabel.load(write(there, head, False))
        values = numpy.asarray(image.dataobj, dtype=float)
        if scaled:  # nibabel multiplies float voxels in float32; larmor in double, rounded once
            values = voxels.astype(float) * numpy.array([f or 1 for f in factors]).reshape(-1, 1, 1, 1)
            values = numpy.moveaxis(values, 0, -1).transpose(2, 1, 0, 3)
            assert numpy.allclose(values, numpy.asarray(image.dataobj), rtol=1e-6)
        image = nibabel.Nifti1Image(values, image.affine)
        rows_afni.append(row(name + ".HEAD", image, "float32" if scaled or kind == 3 else "uint8 x int16".split()[2 * kind]))


def make_afni():
    for n, orient in enumerate([(0, 3, 4), (1, 2, 5), (3, 0, 5), (2, 4, 1), (4, 1, 2), (5, 3, 0)]):
        afni("orient%d+orig" % n, orient, real=n % 2 == 0)
    afni("oblique+orig", (1, 2, 4), turn=0.3)
    afni("big_endian+acpc", order=">", bricks=2, view=1, factors=[0, 0.125])
    afni("packed+tlrc", kind=0, bricks=3, view=2, pack=True, time=(2500.0, 77001), space="MNI")
    afni("float+tlrc", kind=3, order=">", bricks=2, view=2, time=(2.5, 77002), space="TLRC")
    afni("float_scaled+orig", kind=3, bricks=2, factors=[3.883363e-08, 1.5])


def make_real():
    data = os.environ["LARMOR_TEST_DATA"]
    for name in ("parrec/T1.PAR", "parrec/T2.PAR", "parrec/fieldmap.PAR", "mgz_afni_nifti/phantom_varscale.PAR"):
        path = os.path.join(data, "formats", name)
        rows.append(row("data:formats/" + name, nibabel.load(path), "float32"))
        rows_fp.append(row("data:formats/" + name, nibabel.load(path, scaling="fp"), "float32"))
    name = "one_image_six_formats/afni.BRIK+orig.HEAD"
    rows_afni.append(row("data:formats/" + name, nibabel.load(os.path.join(data, "formats", name)), "int16"))


os.makedirs(folder, exist_ok=True)
make_par()
make_afni()
if "LARMOR_TEST_DATA" in os.environ:
    make_real()
for name, lines in (("parrec.txt", rows), ("parrec_fp.txt", rows_fp), ("afni.txt", rows_afni)):
    with open(os.path.join(here, name), "w") as file:
        file.write("\n".join(lines) + "\n")

"""Pairs of scans whose true map is known, for bench_register.py:
    register_pairs.py LARMOR DATA OUT [SET ...]          sets: rigid affine phantom hard deformable
Each pair is a folder OUT/SET/NN with fixed.nii, moving.nii, truth.txt (3 x 4, a point of the fixed world
to the moving one, RAS, mm), points.txt (points of the brain in the fixed world) and about.json;
deformable pairs have fixed_labels.nii and moving_labels.nii in place of truth and points.

Real scans are not resampled: a turn, a shift and a scale along the axes of the voxels go into the header
of the moving scan, so the truth is as exact as the alignment of the scans was before: by the authors'
transforms (openms; ITK, a point of the FLAIR to the T1) or by their headers (cohort2mm).
SPDX-License-Identifier: Apache-2.0"""
import gzip
import json
import os
import subprocess
import sys

import nibabel
import numpy as np

POINTS = 2000
SEED = int(os.environ.get("LARMOR_BENCH_SEED", "0"))  # other hard starts than those that were looked at
ALIGNED = (1, 2, 4, 7, 9, 10, 11, 12, 13, 14, 16, 17)  # of cohort2mm; the headers of 3 and 5 are not
LPS = np.diag([-1.0, -1, 1, 1])


# ---- files -------------------------------------------------------------------------------------


class Scan:
    """A NIfTI file as it is stored: values are never touched."""

    def __init__(self, path):
        raw = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
        self.path = path
        self.header = nibabel.Nifti1Header(raw[:348])
        size = tuple(int(n) for n in self.header["dim"][1:4])
        kind = self.header.get_data_dtype()
        start = int(self.header["vox_offset"])
        self.stored = np.frombuffer(raw, kind, int(np.prod(size)), start).reshape(size, order="F")
        self.affine = self.header.get_best_affine()

    def write(self, path, affine, first=(0, 0, 0), last=None):
        """The voxels from first to last, in a world where the whole scan had this affine; the affine
        (of the whole) as the header holds it comes back."""
        last = last or self.stored.shape
        shift = np.eye(4)
        shift[:3, 3] = first
        header = self.header.copy()
        part = self.stored[tuple(slice(a, b) for a, b in zip(first, last))]
        header.set_data_shape(part.shape)
        header.set_sform(affine @ shift, 1)
        header.set_qform(affine @ shift, 1)
        header["vox_offset"] = 352
        header["magic"] = b"n+1"
        with open(path, "wb") as out:
            out.write(header.binaryblock + bytes(4) + part.tobytes(order="F"))
        return Scan(path).affine @ np.linalg.inv(shift)

    def world(self, voxels):
        return voxels @ self.affine[:3, :3].T + self.affine[:3, 3]

    def centre(self):
        """Of what is brighter than the mean."""
        return self.world(np.argwhere(self.stored > self.stored.mean())).mean(axis=0)


def read_itk(path):
    """The map of an ITK text file, in RAS."""
    numbers = {}
    for line in open(path):
        name, _, values = line.partition(":")
        if values and name.endswith("arameters"):
            numbers[name] = np.array(values.split(), float)
    matrix, centre = numbers["Parameters"][:9].reshape(3, 3), numbers["FixedParameters"]
    to = np.eye(4)
    to[:3, :3], to[:3, 3] = matrix, numbers["Parameters"][9:] + centre - matrix @ centre
    return LPS @ to @ LPS


def mapped(matrix, points):
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def link(source, path):
    if os.path.lexists(path):
        os.remove(path)
    os.symlink(os.path.relpath(source, os.path.dirname(path)), path)


# ---- scans that are aligned ---------------------------------------------------------------------


def some(points, random):
    return points[random.permutation(len(points))[:POINTS]]


class Sources:
    def __init__(self, larmor, data, out):
        self.larmor, self.data, self.out, self.found = larmor, data, out, {}
        os.makedirs(os.path.join(out, "scans"), exist_ok=True)

    def plain(self, *words):
        """A scan without compression, once."""
        source = os.path.join(self.data, *words)
        path = os.path.join(self.out, "scans", "_".join(words).replace(".gz", ""))
        if path not in self.found:
            scan = Scan(source)
            scan.write(path, scan.affine)
            self.found[path] = Scan(path)
        return self.found[path]

    def cohort(self, n):
        """T1, FLAIR, the map from T1 to FLAIR, brain points in the world of the T1."""
        t1 = self.plain("cohort2mm", "t1", "Subj%d_T1.nii.gz" % n)
        flair = self.plain("cohort2mm", "flair", "Subj%d_FL.nii.gz" % n)
        labels = self.plain("cohort2mm", "labels", "Subj%d_T1_DLMUSE.nii.gz" % n)
        brain = labels.world(np.argwhere(labels.stored > 0))
        return t1, flair, np.eye(4), some(brain, np.random.default_rng(n))

    def openms(self, patient, study):
        """The same; the points: 20 mm or deeper in the head, at most 110 mm below its top."""
        folder = ("openms", "patient%02d" % patient)
        name = "study%d_" % study
        t1, flair = (self.plain(*folder, name + c + ".nii.gz") for c in ("T1W", "FLAIR"))
        to_t1 = read_itk(os.path.join(self.data, *folder, name + "T1W_intrastudy_to_FLAIR.txt"))
        head = flair.path.replace("FLAIR", "deep")
        if not os.path.exists(head):
            subprocess.run([self.larmor, "mask", flair.path, "-o", head, "--close", "10", "--fill", "--erode",
                            "20", "--quiet"], check=True, stdout=subprocess.DEVNULL)
        deep = Scan(head)
        points = deep.world(np.argwhere(deep.stored > 0))
        points = points[points[:, 2] > points[:, 2].max() + 20 - 110]
        points = some(points, np.random.default_rng(10 * patient + study))
        return t1, flair, np.linalg.inv(to_t1), mapped(to_t1, points)

    def openms_studies(self, patient):
        """Two T1 of one patient (months apart), through the authors' common space."""
        first, flair, to_flair, points = self.openms(patient, 1)
        second, _, to_flair_2, _ = self.openms(patient, 2)
        common = [read_itk(os.path.join(self.data, "openms", "patient%02d" % patient,
                                        "study%d_FLAIR_to_common_space.txt" % s)) for s in (1, 2)]
        between = common[1] @ np.linalg.inv(common[0])  # a point of FLAIR 1 to FLAIR 2
        return first, second, np.linalg.inv(to_flair_2) @ between @ to_flair, points


def turned_about(pair):
    """The same pair the other way round."""
    fixed, moving, to, points = pair
    return moving, fixed, np.linalg.inv(to), mapped(to, points)


# ---- pairs -------------------------------------------------------------------------------------


def euler(degrees):
    x, y, z = np.radians(degrees)
    cos, sin = np.cos, np.sin
    return (np.array([[cos(z), -sin(z), 0], [sin(z), cos(z), 0], [0, 0, 1]])
            @ np.array([[cos(y), 0, sin(y)], [0, 1, 0], [-sin(y), 0, cos(y)]])
            @ np.array([[1, 0, 0], [0, cos(x), -sin(x)], [0, sin(x), cos(x)]]))


def about_axis(axis, degrees):
    """Rodrigues."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def write_pair(folder, pair, rotation, offset, scale, about, first=(0, 0, 0), last=None):
    """The moving scan scaled along its voxels' axes, turned about its middle, shifted."""
    fixed, moving, to, points = pair
    os.makedirs(folder, exist_ok=True)
    axes = moving.affine[:3, :3] / np.linalg.norm(moving.affine[:3, :3], axis=0)
    linear = rotation @ axes @ np.diag(scale) @ np.linalg.inv(axes)
    centre, change = moving.centre(), np.eye(4)
    change[:3, :3], change[:3, 3] = linear, centre + offset - linear @ centre
    link(fixed.path, os.path.join(folder, "fixed.nii"))
    affine = moving.write(os.path.join(folder, "moving.nii"), change @ moving.affine, first, last)
    truth = affine @ np.linalg.inv(moving.affine) @ to  # as the header holds it, in float32
    np.savetxt(os.path.join(folder, "truth.txt"), truth[:3], fmt="%.12g")
    np.savetxt(os.path.join(folder, "points.txt"), points, fmt="%.4f")
    about.update(fixed=os.path.basename(fixed.path), moving=os.path.basename(moving.path),
                 offset=list(offset), scale=list(scale), first=list(first), last=list(last or moving.stored.shape))
    json.dump(about, open(os.path.join(folder, "about.json"), "w"), default=float)


def random_change(random, scaled):
    degrees, offset = random.uniform(-15, 15, 3), random.uniform(-20, 20, 3)
    scale = random.uniform(0.9, 1.1, 3) if scaled else np.ones(3)
    return degrees, offset, scale


def real(sources, folder, scaled):
    if scaled:
        pairs = [sources.openms(1, 1), turned_about(sources.openms(1, 2)), sources.openms(1, 2),
                 turned_about(sources.openms(3, 2)), sources.openms(3, 2)]
        people = (10, 11, 12, 13, 14)
    else:
        pairs = [turned_about(sources.openms(1, 1)), sources.openms(1, 1), turned_about(sources.openms(1, 2)),
                 turned_about(sources.openms(3, 2)), sources.openms(3, 2)]
        people = (1, 2, 4, 7, 9)
    pairs += [turned_about(sources.cohort(n)) if n % 2 else sources.cohort(n) for n in people]
    for p, pair in enumerate(pairs):
        random = np.random.default_rng(1000 + 100 * scaled + p)
        degrees, offset, scale = random_change(random, scaled)
        write_pair(os.path.join(folder, "%02d" % p), pair, euler(degrees), offset, scale, {"degrees": list(degrees)})


def phantom(sources, folder):
    """T1 of 1 mm, FLAIR in thick slices in a pose of its own, from label maps of heads; the FLAIR is
    scaled in the header."""
    maps = os.path.join(sources.data, "headlabels")
    maps = [os.path.join(maps, f) for f in sorted(os.listdir(maps)) if f.endswith(".nii.gz")]
    for p in range(10):
        random = np.random.default_rng(2000 + p)
        here, thick = os.path.join(folder, "%02d" % p), round(random.uniform(3, 5), 2)
        drawn = os.path.join(here, "drawn")
        if not os.path.isdir(drawn):
            subprocess.run([sources.larmor, "phantom", drawn, "--subjects", "1", "--spacing", "1", "--contrasts",
                            "t1,flair", "--bias", "40", "--noise", "3", "--thickness", str(thick), "--turn", "15",
                            "--move", "20", "--seed", str(p + 1), "--labels", maps[p % len(maps)], "--quiet"],
                           check=True, stdout=subprocess.DEVNULL)
        t1, flair, brain = (Scan(os.path.join(drawn, *f)) for f in (
            ("t1", "sub-01_T1.nii.gz"), ("flair", "sub-01_FLAIR.nii.gz"), ("truth", "sub-01_brain.nii.gz")))
        t1.path = os.path.join(here, "t1.nii")
        t1.write(t1.path, t1.affine)
        scans = json.load(open(os.path.join(drawn, "truth", "sub-01.json")))["scans"]
        to = np.array(scans["flair"]["head_to_world"]) @ np.linalg.inv(scans["t1"]["head_to_world"])
        points = some(brain.world(np.argwhere(brain.stored > 0)), random)
        write_pair(here, (t1, flair, to, points), np.eye(3), np.zeros(3), random.uniform(0.9, 1.1, 3),
                   {"thickness": thick, "labels": os.path.basename(maps[p % len(maps)])})


def hard(sources, folder):
    """Turned up to 90 degrees about any axis, up to 100 mm away, and cut."""
    pairs = [(sources.cohort(n), 10) for n in ALIGNED]
    pairs += [(sources.openms(*of), 20) for of in ((1, 1), (1, 2), (3, 2))]
    pairs += [(sources.openms_studies(1), 20)]
    p = 0
    for pair, count in pairs:
        for k in range(count):
            random = np.random.default_rng(3000 + p + 1000 * SEED)
            case = turned_about(pair) if k % 2 else pair
            rotation = about_axis(random.normal(size=3), degrees := random.uniform(0, 90))
            away = random.normal(size=3)
            offset = away / np.linalg.norm(away) * (distance := random.uniform(0, 100))
            size = np.array(case[1].stored.shape)  # left, posterior, superior
            first, last = np.zeros(3, int), size.copy()
            if random.random() < 0.5:
                first[2] = random.uniform(0, 0.4) * size[2]
            if random.random() < 0.5:
                sides = ("left", "right", "front", "back", "top")
                for side in random.choice(len(sides), random.integers(1, 4), replace=False):
                    cut = int(random.uniform(0, 0.25) * size[min(side // 2, 2)])
                    if side in (0, 2):
                        first[side // 2] += cut
                    else:
                        last[min(side // 2, 2)] -= cut
            write_pair(os.path.join(folder, "%03d" % p), case, rotation, offset, np.ones(3),
                       {"degrees": degrees, "distance": distance}, first.tolist(), last.tolist())
            p += 1


def deformable(sources, folder):
    for p, (fixed, moving) in enumerate(((1, 2), (4, 7), (9, 10), (11, 12), (13, 14), (16, 17))):
        here = os.path.join(folder, "%02d" % p)
        os.makedirs(here, exist_ok=True)
        for name, n in (("fixed", fixed), ("moving", moving)):
            t1 = sources.plain("cohort2mm", "t1", "Subj%d_T1.nii.gz" % n)
            labels = sources.plain("cohort2mm", "labels", "Subj%d_T1_DLMUSE.nii.gz" % n)
            link(t1.path, os.path.join(here, name + ".nii"))
            link(labels.path, os.path.join(here, name + "_labels.nii"))
        json.dump({"fixed": fixed, "moving": moving}, open(os.path.join(here, "about.json"), "w"))


SETS = {"rigid": lambda s, f: real(s, f, False), "affine": lambda s, f: real(s, f, True),
        "phantom": phantom, "hard": hard, "deformable": deformable}


def main():
    larmor, data, out, *sets = sys.argv[1:]
    sources = Sources(larmor, data, out)
    for name in sets or SETS:
        SETS[name](sources, os.path.join(out, name))


if __name__ == "__main__":
    main()

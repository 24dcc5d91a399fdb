"""Masks of the learned method beside PyTorch's of the same images, and both beside the truth: every head of the cohort,
and two of them turned, flipped, cut, thickened, biased and made noisy. A part of bench_strip.py.
SPDX-License-Identifier: Apache-2.0"""
import hashlib
import itertools
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SOURCE", os.path.dirname(HERE))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
DATA = os.environ.get("LARMOR_TEST_DATA", os.path.join(SOURCE, "..", "shared", "data"))
WEIGHTS = os.path.join(DATA, "networks", "mindgrab", "model.bin")
STORED = os.path.join(SOURCE, "tests", "golden", "mindgrab_heads.txt")
KEPT = os.path.join(BUILD, "bench", "strip")
CHANGED = (1, 7)  # of which heads there are variants
WORSE, ALIKE = -0.003, 0.999


# ---- images ----------------------------------------------------------------------------------


def turned(voxels, order):
    """By 14 degrees about z and 9 about x, about the middle, on the same grid."""
    import numpy as np
    from scipy import ndimage
    a, b = np.radians(14), np.radians(9)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    turn, middle = about_z @ about_x, (np.array(voxels.shape) - 1) / 2
    return ndimage.affine_transform(voxels, turn, middle - turn @ middle, order=order)


def variants(voxels, truth, affine):
    """Name, voxels, truth and affine; axes are L P S, the third one the slices."""
    import numpy as np
    random = np.random.default_rng(3)
    yield "turned", turned(voxels, 1), turned(truth.astype(np.float32), 1) > 0.5, affine
    yield "flipped", voxels[::-1].copy(), truth[::-1].copy(), affine
    low = max(3, np.argwhere(truth)[:, 2].min())
    cut = affine.copy()
    cut[:3, 3] += affine[:3, 2] * (low - 3)
    yield "neck cut off", voxels[:, :, low - 3:], truth[:, :, low - 3:], cut
    slices = voxels.shape[2] // 3 * 3
    groups = lambda v: v[:, :, :slices].reshape(v.shape[0], v.shape[1], -1, 3).mean(3)
    thick = affine.copy()
    thick[:3, 2] *= 3
    thick[:3, 3] += affine[:3, 2]
    yield "slices of 6 mm", groups(voxels), groups(truth.astype(np.float32)) > 0.5, thick
    ramp = [np.linspace(-1, 1, n).reshape([-1 if a == d else 1 for d in range(3)]) for a, n in enumerate(voxels.shape)]
    yield "biased", voxels * np.exp(0.5 * ramp[0] - 0.4 * ramp[1] * ramp[2]).astype(np.float32), truth, affine
    level = 0.1 * np.quantile(voxels, 0.9)
    yield "noisy", np.hypot(voxels + level * random.standard_normal(voxels.shape),
                            level * random.standard_normal(voxels.shape)).astype(np.float32), truth, affine


def heads(folder):
    """Name, path, and truth (the filled union of the labels)."""
    import nibabel
    import numpy as np
    from scipy import ndimage
    cohort = os.path.join(DATA, "cohort2mm")
    for n in range(1, 18):
        path = os.path.join(cohort, "t1", "Subj%d_T1.nii.gz" % n)
        if not os.path.exists(path):
            continue
        labels = nibabel.load(os.path.join(cohort, "labels", "Subj%d_T1_DLMUSE.nii.gz" % n))
        truth = ndimage.binary_fill_holes(np.asarray(labels.dataobj) > 0)
        yield "Subj%d" % n, path, truth
        if n not in CHANGED:
            continue
        image = nibabel.load(path)
        for name, voxels, changed, affine in variants(np.asarray(image.dataobj, np.float32), truth, image.affine):
            to = os.path.join(folder, "Subj%d_%s.nii.gz" % (n, name.replace(" ", "_")))
            nibabel.save(nibabel.Nifti1Image(voxels.astype(np.float32), affine), to)
            yield "Subj%d %s" % (n, name), to, changed


# ---- masks -----------------------------------------------------------------------------------


def golden():
    sys.path.insert(0, os.path.join(SOURCE, "tests", "golden"))
    import make_mindgrab
    return make_mindgrab


def torch_mask(path):
    """Raw, and clean; of an earlier run where the image is the same."""
    import nibabel
    import numpy as np
    voxels = nibabel.load(path)
    key = hashlib.sha256(np.asarray(voxels.dataobj).tobytes() + voxels.affine.tobytes()).hexdigest()[:16]
    kept = os.path.join(KEPT, "torch_%s.nii.gz" % key)
    if not os.path.exists(kept):
        os.makedirs(KEPT, exist_ok=True)
        part = kept.replace("torch_", "part_")
        subprocess.run([sys.executable, golden().__file__, "mask", WEIGHTS, path, part], check=True)
        os.rename(part, kept)
    both = np.asarray(nibabel.load(kept).dataobj)
    return (both & 1) > 0, (both & 2) > 0


def our_mask(path, precision, folder):
    import nibabel
    import numpy as np
    out = os.path.join(folder, "mask.nii.gz")
    subprocess.run([os.environ["LARMOR"], "strip", path, "--mask-out", out, "--method", "learned", "--precision", precision,
                    "--contrast", "auto", "--trust", "--force", "-q"], check=True, stdout=subprocess.DEVNULL)
    return np.asarray(nibabel.load(out).dataobj) > 0


def read_stored():
    stored = {}
    if os.path.exists(STORED):
        for line in open(STORED):
            if not line.startswith("#"):
                name, dice = line.rstrip("\n").split("\t")[:2]
                stored[name] = float(dice)
    return stored


def write_stored(stored):
    with open(STORED, "w") as f:
        f.write("# by bench_strip.py --torch learned: Dice of PyTorch's masks (MindGrab, float32) with the truth\n")
        f.writelines("%s\t%.5f\n" % pair for pair in stored.items())


# ---- rows ------------------------------------------------------------------------------------


def rows(options):
    if not os.path.exists(WEIGHTS) or not os.path.exists(os.path.join(DATA, "cohort2mm")):
        print("skipped: MindGrab's weights or the cohort are not there", file=sys.stderr)
        return []
    dice, stored, found, alike = golden().dice, read_stored(), [], []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LARMOR_MODELS"] = os.path.join(folder, "models")
        subprocess.run([os.environ["LARMOR"], "models", "add", WEIGHTS, "-q"], check=True)
        for name, path, truth in itertools.islice(heads(folder), options.get("heads")):
            ours = our_mask(path, "auto", folder)
            if options.get("torch"):
                raw, clean = torch_mask(path)
                stored[name] = dice(clean, truth)
                write_stored(stored)
                alike.append((dice(ours, raw), name))
            if name not in stored:
                print("skipped: %s, which PyTorch has not been asked (--torch)" % name, file=sys.stderr)
                continue
            mine = dice(ours, truth)
            found.append({"what": "Dice with the truth, " + name, "ours": mine, "peer": stored[name], "unit": "",
                          "ratio": mine - stored[name], "asked": WORSE, "met": bool(mine - stored[name] >= WORSE)})
    if alike:
        worst, name = min(alike)
        found.append({"what": "Dice with PyTorch's mask, the worst of %d (%s)" % (len(alike), name), "ours": worst,
                      "peer": 1.0, "unit": "", "ratio": worst, "asked": ALIKE, "met": bool(worst >= ALIKE)})
    return found

"""Masks of the surface method: beside the truth in a cohort, beside its own of the same head in other versions, beside
the truth of phantoms; and CPU seconds of the whole program. A part of bench_strip.py.

The peer is the mask that anybody makes with a threshold: Otsu's, its parts loosened by 4 mm, the largest kept, widened
and filled (SimpleITK). In rows of versions it is what the same recipe keeps of its own mask.
Versions keep the world: the header tells the turn, but in `head turned`, where the head itself lies otherwise.
Phantoms: the method finds the brain with the fluid around it as far as the dura. The true mask is therefore tissues of
the brain and fluid, above the lowest voxel of the cerebellum; the rows of truth/*_brain.nii.gz, which leaves the fluid
out and goes down the spine, ask for nothing.
SPDX-License-Identifier: Apache-2.0"""
import importlib.util
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SOURCE", os.path.dirname(HERE))
DATA = os.environ.get("LARMOR_TEST_DATA", os.path.join(SOURCE, "..", "shared", "data"))
COHORT = os.path.join(DATA, "cohort2mm")
STORED = os.path.join(SOURCE, "tests", "golden", "mindgrab_heads.txt")  # Dice of PyTorch's masks
LARGE = os.path.join(DATA, "networks", "mindgrab", "t1_crop.nii.gz")  # 256 x 256 x 256 at 1 mm
CHANGED = (1, 7, 12)  # heads of which there are versions
MEAN, WORST, ALIKE, SECONDS = 0.925, 0.88, 0.95, 2.0
CONTRASTS, SEEDS = ("t1", "t2", "flair", "pd", "ct"), (1, 2)
CSF, CEREBELLUM = 6, (9, 10)  # in truth/tissues.tsv


# ---- masks -----------------------------------------------------------------------------------


def dice(a, b):
    return float(2.0 * (a & b).sum() / max(1, a.sum() + b.sum()))


def ours(path, folder):
    """Its mask, and CPU seconds of the program from start to end; None where it ends with an error."""
    import nibabel
    import numpy as np
    out = os.path.join(folder, "mask.nii")
    if os.path.exists(out):
        os.remove(out)
    process = subprocess.Popen([os.environ["LARMOR"], "strip", path, "--mask-out", out, "--method", "surface", "--trust",
                                "--force", "-q"], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        print("   %s: ended with %d" % (os.path.basename(path), process.returncode), file=sys.stderr)
        return None, used.ru_utime + used.ru_stime
    return np.asarray(nibabel.load(out).dataobj) > 0, used.ru_utime + used.ru_stime


def crude(path):
    """The peer's mask, and its CPU seconds; without SimpleITK nothing, so that its numbers are 0."""
    import numpy as np
    try:
        import SimpleITK as sitk
    except ImportError:
        import nibabel
        return np.zeros(nibabel.load(path).shape, bool), 0.0
    start = time.process_time()
    image = sitk.ReadImage(path, sitk.sitkFloat32)
    radius = [max(1, round(4 / mm)) for mm in image.GetSpacing()]
    loose = sitk.BinaryErode(sitk.OtsuThreshold(image, 0, 1), radius)
    largest = sitk.RelabelComponent(sitk.ConnectedComponent(loose)) == 1
    mask = sitk.BinaryFillhole(sitk.BinaryDilate(largest, radius))
    values = np.transpose(sitk.GetArrayFromImage(mask)) > 0
    return values, time.process_time() - start


def onto(mask, affine, image):
    """The mask at the places of the image's voxels."""
    import numpy as np
    from scipy import ndimage
    back = np.linalg.inv(affine) @ image.affine
    return ndimage.affine_transform(mask.astype(np.float32), back[:3, :3], back[:3, 3], output_shape=image.shape[:3],
                                    order=1) > 0.5


# ---- versions of a head ----------------------------------------------------------------------


def tilt(degrees):
    """About an axis that is none of the grid's."""
    import numpy as np
    from scipy.spatial.transform import Rotation
    return Rotation.from_rotvec(np.radians(degrees) * np.array([0.6, -0.48, 0.64])).as_matrix()


def versions(voxels, mask, affine):
    """Name, affine, image, and how a mask of the original looks there. Axes are L P S, the third one the slices."""
    import numpy as np
    from scipy import ndimage

    def axes(change):  # the affine after a change of the order and direction of voxels
        places = [change(v) for v in np.indices(voxels.shape)]
        origin = np.array([p[0, 0, 0] for p in places])
        steps = [np.array([p[tuple(int(a == b) for b in range(3))] for p in places]) - origin for a in range(3)]
        to = np.eye(4)
        to[:3, :3], to[:3, 3] = np.transpose(steps), origin
        return affine @ to

    for name, change in (
            ("axes turned by 90 degrees", lambda v: np.rot90(v, 1, (1, 2)).copy()),
            ("axes flipped", lambda v: v[::-1, ::-1].copy()),
            ("neck cut off", lambda v: v[:, :, max(0, np.argwhere(mask)[:, 2].min() - 3):].copy())):
        yield name, axes(change), change(voxels), change
    turn, shape = tilt(20), (np.array(voxels.shape) * 1.3).astype(int)
    shift = (np.array(voxels.shape) - 1) / 2 - turn @ ((shape - 1) / 2)
    oblique = np.eye(4)
    oblique[:3, :3], oblique[:3, 3] = turn, shift
    moved = lambda v: ndimage.affine_transform(v.astype(np.float32), turn, shift, output_shape=tuple(shape), order=1)
    yield "grid turned by 20 degrees", affine @ oblique, moved(voxels), lambda v: moved(v) > 0.5
    yield "head turned by 20 degrees", affine, moved(voxels), lambda v: moved(v) > 0.5
    count = voxels.shape[2] // 3 * 3
    groups = lambda v: v[:, :, :count].reshape(v.shape[0], v.shape[1], -1, 3).mean(3, dtype=np.float32)
    thick = np.diag([1.0, 1.0, 3.0, 1.0])
    thick[2, 3] = 1
    yield "slices of 6 mm", affine @ thick, groups(voxels), lambda v: groups(v) > 0.5
    ramp = [np.linspace(-1, 1, n).reshape([-1 if a == d else 1 for d in range(3)]) for a, n in enumerate(voxels.shape)]
    bias = np.exp(0.5 * ramp[0] - 0.4 * ramp[1] * ramp[2])
    yield "biased, 0.4 to 2.5", affine, voxels * bias, lambda v: v
    random, level = np.random.default_rng(3), 0.1 * np.median(voxels[mask])
    noisy = np.hypot(voxels + level * random.standard_normal(voxels.shape), level * random.standard_normal(voxels.shape))
    yield "noise, SNR 10", affine, noisy, lambda v: v


# ---- parts -----------------------------------------------------------------------------------


def row(what, mine, peer, asked=None, unit="", most=False):
    met = None if asked is None else bool(mine <= asked if most else mine >= asked)
    return {"what": what, "ours": mine, "peer": peer, "unit": unit, "ratio": mine / peer if peer else 0.0,
            "asked": None if asked is None else "%s %g" % ("<=" if most else ">=", asked), "met": met}


def score(path, truths, folder):
    """Dice of both programs with each truth."""
    mine, _ = ours(path, folder)
    theirs, _ = crude(path)
    return [(dice(mine, t) if mine is not None else 0.0, dice(theirs, t)) for t in truths]


def cohort_rows(folder):
    import nibabel
    import numpy as np
    from scipy import ndimage
    found = []
    for name in sorted(os.listdir(os.path.join(COHORT, "t1"))):
        labels = nibabel.load(os.path.join(COHORT, "labels", name.replace(".nii.gz", "_DLMUSE.nii.gz")))
        truth = ndimage.binary_fill_holes(np.asarray(labels.dataobj) > 0)
        found.append((*score(os.path.join(COHORT, "t1", name), [truth], folder)[0], name.split("_")[0]))
        print("   %s: %.4f, crude %.4f" % (found[-1][2], *found[-1][:2]), file=sys.stderr, flush=True)
    worst, learned = min(found), {}
    if os.path.exists(STORED):
        pairs = [line.split() for line in open(STORED) if not line.startswith("#")]
        learned = {p[0]: float(p[1]) for p in pairs if len(p) == 2}
    both = [(f[0], learned[f[2]]) for f in found if f[2] in learned]
    beside = [row("  mean of %d heads, beside the network MindGrab" % len(both), *map(float, np.mean(both, 0)))] if both else []
    return [row("Dice with the truth, surface, mean of %d heads" % len(found), float(np.mean([f[0] for f in found])),
                float(np.mean([f[1] for f in found])), MEAN),
            row("  the worst (%s)" % worst[2], worst[0], min(f[1] for f in found), WORST)] + beside


def version_rows(folder):
    import nibabel
    import numpy as np
    found = {}
    for n in CHANGED:
        path = os.path.join(COHORT, "t1", "Subj%d_T1.nii.gz" % n)
        image = nibabel.load(path)
        voxels = np.asarray(image.dataobj, np.float32)
        before, theirs = ours(path, folder)[0], crude(path)[0]
        if before is None:
            continue
        for name, affine, changed, look in versions(voxels, before, image.affine):
            to = os.path.join(folder, "version.nii")
            nibabel.save(nibabel.Nifti1Image(changed.astype(np.float32), affine), to)
            after = ours(to, folder)[0]
            found.setdefault(name, []).append((dice(after, look(before)) if after is not None else 0.0,
                                               dice(crude(to)[0], look(theirs)), "Subj%d" % n))
            print("   %s, %s: %.4f, crude %.4f" % (found[name][-1][2], name, *found[name][-1][:2]), file=sys.stderr,
                  flush=True)
    return [row("Dice with the original's mask, %s, the worst of %d (%s)" % (name, len(v), min(v)[2]), min(v)[0],
                min(x[1] for x in v), ALIKE) for name, v in found.items()]


def phantom_truths(folder):
    """Affine, and name to mask, on the grid of the labels."""
    import nibabel
    import numpy as np
    from scipy import ndimage
    image = nibabel.load(os.path.join(folder, "truth", "sub-01_labels.nii.gz"))
    labels = np.asarray(image.dataobj)
    brain = np.asarray(nibabel.load(os.path.join(folder, "truth", "sub-01_brain.nii.gz")).dataobj) > 0
    inside = brain | (labels == CSF)
    inside[:, :, :np.argwhere(np.isin(labels, CEREBELLUM))[:, 2].min()] = False
    pieces, _ = ndimage.label(inside)
    largest = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()
    return image.affine, {"brain and fluid": ndimage.binary_fill_holes(largest), "*_brain": brain}


def phantom_rows(folder):
    import nibabel
    rows = []
    for seed in SEEDS:
        to = os.path.join(folder, "phantom%d" % seed)
        subprocess.run([os.environ["LARMOR"], "phantom", to, "--subjects", "1", "--spacing", "2", "--seed", str(seed),
                        "--contrasts", ",".join(CONTRASTS), "-q"], check=True, stdout=subprocess.DEVNULL)
        affine, truths = phantom_truths(to)
        for contrast in CONTRASTS:
            path = os.path.join(to, contrast, "sub-01_%s.nii.gz" % contrast.upper())
            image = nibabel.load(path)
            both = score(path, [onto(t, affine, image) for t in truths.values()], folder)
            for (name, _), (mine, theirs) in zip(truths.items(), both):
                rows.append(row("Dice with the true mask (%s), phantom %d, %s" % (name, seed, contrast), mine, theirs,
                                ALIKE if name == "brain and fluid" else None))
    return rows


def time_rows(folder):
    paths = [os.path.join(COHORT, "t1", n) for n in sorted(os.listdir(os.path.join(COHORT, "t1")))]
    slowest = max(paths, key=lambda p: ours(p, folder)[1])
    rows = []
    for name, path in (("256 x 256 x 256 at 1 mm", LARGE), ("slowest of the cohort (%s)" % os.path.basename(slowest)[:-10],
                                                           slowest)):
        if os.path.exists(path):  # the better of 2: other work on the machine adds to it
            rows.append(row("CPU of the whole program, %s" % name, min(ours(path, folder)[1] for _ in range(2)),
                            crude(path)[1], SECONDS, "s", most=True))
    return rows


def rows(options):
    del options
    if importlib.util.find_spec("SimpleITK") is None:
        print("   SimpleITK is not there: the peer's numbers are 0", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        found = phantom_rows(folder)
        if not os.path.isdir(os.path.join(COHORT, "t1")):
            print("skipped: the cohort is not there", file=sys.stderr)
            return found
        return cohort_rows(folder) + version_rows(folder) + found + time_rows(folder)

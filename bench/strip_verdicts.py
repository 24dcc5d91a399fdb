#!/usr/bin/python3
"""Verdicts on brain masks: how many planted failures are flagged, and how many good masks are, by
`larmor strip --judge`.

    strip_verdicts.py [--keep FOLDER] [--seed N] [--heads N] [--all] [--json FILE]

Heads: phantoms in T1, T2, FLAIR and PD, with bias, noise and thick slices; and where LARMOR_TEST_DATA has
them the cohort's T1 (truth: all labels, holes filled), its FLAIR where the headers align it, and images
made from label maps of whole heads. Good masks: the truth, wider and narrower, smoothed, and what
`larmor strip --method surface` finds where its Dice is at least 0.92. Failures: of each head five of the kinds
in `planted` (--all: every one). Phantoms, noise, which kinds, and how far each is shifted, turned or cut come from the
seed. The bounds of the verdict were chosen on the seed 0 with fixed masks, on all of the cohort and the label maps:
of these, other seeds have other masks, and only their phantoms are heads that were never looked at.
SPDX-License-Identifier: Apache-2.0"""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

import nibabel
import numpy as np
from scipy import ndimage

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SOURCE", os.path.dirname(HERE))
LARMOR = os.environ.get("LARMOR", os.path.join(SOURCE, "build", "larmor"))
DATA = os.environ.get("LARMOR_TEST_DATA", os.path.join(SOURCE, "..", "shared", "data"))
UNALIGNED = ("Subj3", "Subj5")
SEED = 10  # nothing was chosen on what it gave


class Head:
    """An image and the truth, in RAS order; where voxels are, in millimetres."""

    def __init__(self, name, image, brain, contrast, group):
        self.name, self.contrast, self.group = name, contrast, group
        image = nibabel.as_closest_canonical(image)
        self.affine = image.affine
        self.values = np.asarray(image.dataobj)
        if self.values.dtype not in (np.uint8, np.int16, np.float32):
            self.values = self.values.astype(np.float32)
        self.brain = np.asarray(nibabel.as_closest_canonical(brain).dataobj) > 0
        self.mm = np.array(image.header.get_zooms()[:3], float)
        self.head = None

    def points(self):
        """Millimetres along x y z of every voxel, from the first."""
        return np.meshgrid(*[np.arange(n) * mm for n, mm in zip(self.brain.shape, self.mm)], indexing="ij")

    def find_head(self, folder):
        path, out = os.path.join(folder, "image.nii"), os.path.join(folder, "head.nii")
        save(self.values, self.affine, path)
        subprocess.run([LARMOR, "mask", path, "-o", out, "-q", "--force"], check=True, stdout=subprocess.DEVNULL)
        self.head = np.asarray(nibabel.load(out).dataobj) > 0


def save(array, affine, path):
    if array.dtype == bool:
        array = array.astype(np.uint8)
    image = nibabel.Nifti1Image(array, affine)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


# ---- heads -----------------------------------------------------------------------------------------


def phantoms(folder, count, seed):
    """Of four contrasts, every third with thick slices."""
    for n in range(count):
        where = os.path.join(folder, "phantom%d" % n)
        subprocess.run([LARMOR, "phantom", where, "--subjects", "1", "--spacing", "2",
                        "--seed", str(40 + 1000 * seed + n), "--contrasts", "t1,t2,flair,pd", "--bias", str(10 + 10 * (n % 4)),
                        "--noise", str(2 + n % 3), "--same-grid", "-q"], check=True, stdout=subprocess.DEVNULL)
        brain = nibabel.load(os.path.join(where, "truth", "sub-01_brain.nii.gz"))
        for contrast in ("t1", "t2", "flair", "pd"):
            image = nibabel.load(os.path.join(where, contrast, "sub-01_%s.nii.gz" % contrast.upper()))
            head = Head("phantom%d %s" % (n, contrast), image, brain, contrast, "phantoms")
            yield thick(head) if n % 3 == 2 else head


def thick(head, times=3):
    """Slices of three voxels each along z."""
    depth = head.brain.shape[2] // times
    cut = lambda a: a[:, :, :depth * times].reshape(a.shape[0], a.shape[1], depth, times)
    head.values = cut(head.values).astype(np.float32).mean(3).astype(np.float32)
    head.brain = cut(head.brain).mean(3) > 0.5
    head.affine = head.affine.copy()
    head.affine[:3, 3] += head.affine[:3, 2] * (times - 1) / 2
    head.affine[:3, 2] *= times
    head.mm[2] *= times
    head.name += " thick"
    return head


def filled(labels):
    return nibabel.Nifti1Image(ndimage.binary_fill_holes(np.asarray(labels.dataobj) > 0).astype(np.uint8), labels.affine)


def cohort():
    folder = os.path.join(DATA, "cohort2mm")
    if not os.path.isdir(folder):
        print("no cohort in %s" % DATA, file=sys.stderr)
        return
    for name in sorted(os.listdir(os.path.join(folder, "t1"))):
        who = name.split("_")[0]
        brain = filled(nibabel.load(os.path.join(folder, "labels", who + "_T1_DLMUSE.nii.gz")))
        yield Head(who + " T1", nibabel.load(os.path.join(folder, "t1", name)), brain, "t1", "cohort")
        if who in UNALIGNED:
            continue
        flair = nibabel.load(os.path.join(folder, "flair", who + "_FL.nii.gz"))
        to = np.linalg.inv(brain.affine) @ flair.affine
        there = ndimage.affine_transform(np.asarray(brain.dataobj).astype(np.float32), to[:3, :3], to[:3, 3],
                                         flair.shape, order=1) > 0.5
        yield Head(who + " FLAIR", flair, nibabel.Nifti1Image(there.astype(np.uint8), flair.affine), "flair", "cohort")


# Of the label maps, by what they look like: values in T1 and in T2 of 100 for the brightest.
BONE, AIR, FAT, SOFT, FLUID, GREY, WHITE = range(7)
LOOKS = {"t1": (6, 0, 100, 45, 12, 55, 80), "t2": (6, 0, 55, 30, 100, 62, 45), "flair": (6, 0, 60, 40, 10, 75, 60)}
KIND = {4: FLUID, 5: FLUID, 14: FLUID, 15: FLUID, 24: FLUID, 43: FLUID, 44: FLUID, 2: WHITE, 41: WHITE, 7: WHITE,
        46: WHITE, 16: WHITE, 28: WHITE, 60: WHITE, 502: SOFT, 506: FLUID, 507: FAT, 508: SOFT, 509: SOFT, 511: SOFT,
        512: WHITE, 514: SOFT, 515: BONE, 516: FAT, 530: WHITE}


def drawn(seed):
    folder = os.path.join(DATA, "headlabels")
    if not os.path.isdir(folder):
        return
    for n, name in enumerate(sorted(f for f in os.listdir(folder) if f.endswith(".nii.gz"))):
        labels = nibabel.as_closest_canonical(nibabel.load(os.path.join(folder, name)))
        codes = np.asarray(labels.dataobj).astype(int)[:252:2, :252:2, :252:2]
        affine = labels.affine @ np.diag([2, 2, 2, 1])
        inside = (codes > 0) & (codes < 500)  # with threads down to the neck and specks: no part of a good mask
        pieces, _ = ndimage.label(ndimage.binary_opening(inside, iterations=2))
        largest = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()
        brain = ndimage.binary_fill_holes(ndimage.binary_dilation(largest, iterations=2) & inside)
        random = np.random.default_rng([seed, n])
        for contrast, look in LOOKS.items():
            table = np.zeros(1000)
            for code in np.unique(codes):
                table[code] = 0 if code == 0 else look[KIND.get(code, GREY)]
            image = ndimage.gaussian_filter(table[codes], 0.6)
            image *= 1 + 0.25 * np.sin(np.arange(image.shape[0]) / 60 + n + seed)[:, None, None]
            image = np.hypot(image + random.normal(0, 2, image.shape), random.normal(0, 2, image.shape))
            yield Head("%s %s" % (name[:15], contrast), nibabel.Nifti1Image(image.astype(np.float32), affine),
                       nibabel.Nifti1Image(brain.astype(np.uint8), affine), contrast, "label maps")


# ---- masks -----------------------------------------------------------------------------------------


def distance(mask, mm):
    """Millimetres to the mask, below 0 inside."""
    return ndimage.distance_transform_edt(~mask, mm) - ndimage.distance_transform_edt(mask, mm)


def good(head, random):
    d = distance(head.brain, head.mm)
    yield "truth", head.brain
    yield "wider", d <= random.uniform(1, 2.5)
    yield "narrower", d < -random.uniform(1, 2.5)
    yield "smoothed", ndimage.gaussian_filter(head.brain.astype(np.float32), random.uniform(1.5, 4) / head.mm) > 0.5


def moved(mask, mm, shift=(0, 0, 0), turn=np.eye(3)):
    """Turned about its centre, then shifted by millimetres."""
    centre = np.array(ndimage.center_of_mass(mask)) * mm
    back = np.linalg.inv(turn)
    scale = np.diag(mm)
    matrix = np.linalg.inv(scale) @ back @ scale
    offset = np.linalg.inv(scale) @ (centre - back @ (centre + np.array(shift)))
    return ndimage.affine_transform(mask.astype(np.float32), matrix, offset, order=1) > 0.5


def turned(axis, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.eye(3)
    a, b = [n for n in range(3) if n != axis]
    turn[a, a] = turn[b, b] = c
    turn[a, b], turn[b, a] = -s, s
    return turn


def ball(points, centre, radius):
    return sum((p - c) ** 2 for p, c in zip(points, centre)) <= radius ** 2


def planted(head, other, random):
    """Names of masks that are wrong, and what makes them."""
    m, mm, p = head.brain, head.mm, head.points()
    x, y, z = p
    d = distance(m, mm)
    low = np.array([q[m].min() for q in p])
    high = np.array([q[m].max() for q in p])
    mid = np.array([q[m].mean() for q in p])
    any_of = random.uniform
    side = random.choice([-1, 1])
    tall = high[2] - low[2]
    lowest = [q[m & (z < low[2] + 6)].mean() for q in p]
    near = lambda centre, radius: head.head & ball(p, centre, radius)
    out = {}
    for axis, least, most, name in ((0, 15, 30, "to the side"), (1, 16, 30, "to front or back"), (2, 17, 30, "up or down")):
        shift = np.zeros(3)
        shift[axis] = any_of(least, most) * random.choice([-1, 1])
        out["shifted " + name] = lambda shift=shift: moved(m, mm, shift)
        turn = turned(axis, any_of(30, 60) * random.choice([-1, 1]))
        out["turned about " + "xyz"[axis]] = lambda turn=turn: moved(m, mm, turn=turn)
    wide, narrow, cut = any_of(8, 14), any_of(8, 14), any_of(35, 50)
    out["too wide"] = lambda: d <= wide
    out["too narrow"] = lambda: d <= -narrow
    out["frontal lobe missing"] = lambda: m & (y < high[1] - cut)
    out["occipital lobe missing"] = lambda: m & (y > low[1] + cut)
    out["temporal lobe missing"] = lambda: m & ~((side * (x - mid[0]) > 22) & (z < low[2] + 0.55 * tall) & (y > mid[1] - 15))
    out["vertex missing"] = lambda: m & (z < high[2] - cut + 10)
    out["a half missing"] = lambda: m & (side * (x - mid[0]) > 0)
    out["cerebellum missing"] = lambda: m & ~((z < low[2] + 0.36 * tall) & (y < mid[1] + 5))
    out["neck included"] = lambda: m | near((lowest[0], lowest[1], lowest[2] - 28), any_of(38, 50))
    out["tongue included"] = lambda: m | near((mid[0], mid[1] + 30, low[2] - 15), any_of(38, 50))
    eye = any_of(24, 30)
    out["eyes included"] = lambda: m | near((mid[0] - 32, high[1] - 2, low[2] + 42), eye) | \
        near((mid[0] + 32, high[1] - 2, low[2] + 42), eye)
    out["face included"] = lambda: m | near((mid[0], high[1] - 5, low[2] + 20), any_of(42, 50))
    out["scalp at a side included"] = lambda: m | near((mid[0] + side * ((high[0] - low[0]) / 2 + 5), mid[1], mid[2] + 10),
                                                       any_of(28, 40))
    out["scalp at the vertex included"] = lambda: m | near((mid[0] + side * 20, mid[1], high[2] + 4), any_of(28, 40))
    gap = any_of(6, 12)
    out["in two pieces"] = lambda: m & (abs(y - mid[1]) > gap)
    out["with a hole"] = lambda: m & ~ball(p, (mid[0] + side * 20, mid[1], mid[2] + 10), any_of(22, 30))
    out["the whole head"] = lambda: head.head
    radius = (3 * m.sum() * mm.prod() / 4 / np.pi) ** (1 / 3)
    out["a ball"] = lambda: ball(p, mid, radius)
    edge = (m.sum() * mm.prod()) ** (1 / 3) / 2
    out["a box"] = lambda: np.all([abs(q - c) < edge for q, c in zip(p, mid)], axis=0)
    out["nearly empty"] = lambda: ball(p, mid, any_of(6, 20))
    out["upside down"] = lambda: moved(m, mm, turn=np.diag([1.0, 1, -1]))
    out["back to front"] = lambda: moved(m, mm, turn=np.diag([1.0, -1, 1]))
    if other is not None:
        to = np.linalg.inv(other.affine) @ head.affine
        out["of another head"] = lambda: ndimage.affine_transform(other.brain.astype(np.float32), to[:3, :3], to[:3, 3],
                                                                  m.shape, order=1) > 0.5
    return out


def dice(a, b):
    return 2 * (a & b).sum() / max(a.sum() + b.sum(), 1)


# ---- the experiment --------------------------------------------------------------------------------


def judge(image, mask):
    done = subprocess.run([LARMOR, "strip", image, "--judge", mask, "--json", "-q", "-j", "1"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        return {"doubtful": True, "reason": "error: " + done.stderr.strip().split("\n")[0]}
    return json.loads(done.stdout)


def every_head(folder, count, seed):
    yield from phantoms(folder, count, seed)
    yield from cohort()
    yield from drawn(seed)


# What a mask must have less of than Dice to be a failure, else nothing was planted: a lobe that the image cuts off,
# another head's brain that lies where this one does.
PLANTED, OTHER = 0.985, 0.9
OF_EACH = 5


def masks_of(head, other, folder, random, every):
    """Rows of (good or not, kind, mask)."""
    for kind, mask in good(head, random):
        yield True, kind, mask
    out = os.path.join(folder, "surface.nii")
    subprocess.run([LARMOR, "strip", os.path.join(folder, "image.nii"), "--mask-out", out, "--method", "surface",
                    "--trust", "--force", "-q", "-j", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if os.path.exists(out):
        mask = np.asarray(nibabel.load(out).dataobj) > 0
        if dice(mask, head.brain) >= 0.92:
            yield True, "surface", mask
    kinds = planted(head, other, random)
    for kind in list(kinds) if every else random.permutation(list(kinds))[:OF_EACH]:
        mask = kinds[kind]()
        if dice(mask, head.brain) < (OTHER if kind == "of another head" else PLANTED):
            yield False, kind, mask


def of_head(job):
    head, other, folder, seed, every = job
    os.makedirs(folder, exist_ok=True)
    head.find_head(folder)
    image = os.path.join(folder, "image.nii")
    rows = []
    for n, (is_good, kind, mask) in enumerate(masks_of(head, other, folder, np.random.default_rng(seed), every)):
        path = os.path.join(folder, "mask%02d.nii" % n)
        save(mask, head.affine, path)
        rows.append(dict(judge(image, path), head=head.name, group=head.group, good=is_good, kind=str(kind),
                         dice=float(dice(mask, head.brain)), mask=path))
    return rows


def experiment(folder, heads, seed, every, json_path=None):
    found, last, jobs = [], {}, []
    for n, head in enumerate(every_head(folder, heads, seed)):
        kind = head.group + " " + head.contrast
        jobs.append((head, last.get(kind), os.path.join(folder, "head%03d" % n), [seed, n], every))
        last[kind] = head
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for rows in pool.map(of_head, jobs):
            found += rows
            for r in rows:
                if r["doubtful"] == r["good"]:
                    print("%s: %s, %s (Dice %.3f): %s" % ("false flag" if r["good"] else "missed", r["head"], r["kind"],
                                                          r["dice"], r["reason"] or "not flagged"), file=sys.stderr, flush=True)
            if json_path:  # what is there so far
                with open(json_path, "w") as f:
                    json.dump(found, f)
    return found


def row(what, ours, asked, met, unit="%"):
    return {"what": what, "ours": ours, "peer": 0, "unit": unit, "ratio": 0, "asked": asked, "met": met}


def rows(options=None):
    """As bench/table.py has them. options: "keep" a folder, "heads" how many phantoms, "seed", "all" the kinds."""
    options = options or {}
    seed = options.get("seed") or SEED
    with tempfile.TemporaryDirectory() as folder:
        found = experiment(options.get("keep") or folder, options.get("heads") or 2, seed, options.get("all"),
                           options.get("json"))
    out = []
    for group in ("phantoms", "cohort", "label maps", "all"):
        bad = [r for r in found if not r["good"] and group in (r["group"], "all")]
        fine = [r for r in found if r["good"] and group in (r["group"], "all")]
        if not bad or not fine:
            continue
        recall = 100 * sum(r["doubtful"] for r in bad) / len(bad)
        false = 100 * sum(r["doubtful"] for r in fine) / len(fine)
        out.append(row("verdict: flagged of %d planted failures, %s" % (len(bad), group), recall, 100, recall == 100))
        out.append(row("verdict: flagged of %d good masks, %s" % (len(fine), group), false, 2, false <= 2))
    return out


if __name__ == "__main__":
    import table
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--heads", type=int, default=2)
    parser.add_argument("--json")
    build = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
    sys.exit(table.finish(rows(vars(parser.parse_args())), os.path.join(build, "bench", "strip_verdicts.json")))

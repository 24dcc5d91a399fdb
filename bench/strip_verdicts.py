#!/usr/bin/python3
"""Verdicts on brain masks: how many planted failures are flagged, and how many good masks are, by
`larmor strip --judge`.

    strip_verdicts.py [--keep FOLDER] [--half 0|1] [--heads N]

Heads: phantoms of five contrasts, with bias, noise and thick slices; and where LARMOR_TEST_DATA has
them the cohort's T1 (truth: all labels, holes filled), its FLAIR where the headers align it, and images
made from label maps of whole heads. Good masks: the truth, 2 mm wider and narrower, smoothed, and what
`larmor strip --method surface` finds where its Dice is at least 0.92. Failures: `planted` below. Each
head belongs to half 0 (thresholds were chosen there) or 1.
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


class Head:
    """An image and the truth, in RAS order; where voxels are, in millimetres."""

    def __init__(self, name, half, image, brain, contrast):
        self.name, self.half, self.contrast = name, half, contrast
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


def phantoms(folder, count):
    """Of five contrasts, every other with thick slices."""
    for n in range(count):
        where = os.path.join(folder, "phantom%d" % n)
        subprocess.run([LARMOR, "phantom", where, "--subjects", "1", "--spacing", "2" if n % 2 else "1.6",
                        "--seed", str(40 + n), "--contrasts", "t1,t2,flair,pd,ct", "--bias", str(10 + 10 * (n % 4)),
                        "--noise", str(2 + n % 3), "--same-grid", "-q"], check=True, stdout=subprocess.DEVNULL)
        brain = nibabel.load(os.path.join(where, "truth", "sub-01_brain.nii.gz"))
        for contrast in ("t1", "t2", "flair", "pd", "ct"):
            image = nibabel.load(os.path.join(where, contrast, "sub-01_%s.nii.gz" % contrast.upper()))
            yield thick(Head("phantom%d %s" % (n, contrast), n % 2, image, brain, contrast)) \
                if n % 3 == 2 else Head("phantom%d %s" % (n, contrast), n % 2, image, brain, contrast)


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
    for n, name in enumerate(sorted(os.listdir(os.path.join(folder, "t1")))):
        who = name.split("_")[0]
        brain = filled(nibabel.load(os.path.join(folder, "labels", who + "_T1_DLMUSE.nii.gz")))
        yield Head(who + " T1", n % 2, nibabel.load(os.path.join(folder, "t1", name)), brain, "t1")
        if who in UNALIGNED:
            continue
        flair = nibabel.load(os.path.join(folder, "flair", who + "_FL.nii.gz"))
        to = np.linalg.inv(brain.affine) @ flair.affine
        there = ndimage.affine_transform(np.asarray(brain.dataobj).astype(np.float32), to[:3, :3], to[:3, 3],
                                         flair.shape, order=1) > 0.5
        yield Head(who + " FLAIR", n % 2, flair, nibabel.Nifti1Image(there.astype(np.uint8), flair.affine), "flair")


# Of the label maps, by what they look like: values in T1 and in T2 of 100 for the brightest.
BONE, AIR, FAT, SOFT, FLUID, GREY, WHITE = range(7)
LOOKS = {"t1": (6, 0, 100, 45, 12, 55, 80), "t2": (6, 0, 55, 30, 100, 62, 45), "flair": (6, 0, 60, 40, 10, 75, 60)}
KIND = {4: FLUID, 5: FLUID, 14: FLUID, 15: FLUID, 24: FLUID, 43: FLUID, 44: FLUID, 2: WHITE, 41: WHITE, 7: WHITE,
        46: WHITE, 16: WHITE, 28: WHITE, 60: WHITE, 502: SOFT, 506: FLUID, 507: FAT, 508: SOFT, 509: SOFT, 511: SOFT,
        512: WHITE, 514: SOFT, 515: BONE, 516: FAT, 530: WHITE}


def drawn():
    folder = os.path.join(DATA, "headlabels")
    if not os.path.isdir(folder):
        return
    for n, name in enumerate(sorted(f for f in os.listdir(folder) if f.endswith(".nii.gz"))):
        labels = nibabel.as_closest_canonical(nibabel.load(os.path.join(folder, name)))
        codes = np.asarray(labels.dataobj).astype(int)[:252:2, :252:2, :252:2]
        affine = labels.affine @ np.diag([2, 2, 2, 1])
        brain = ndimage.binary_fill_holes((codes > 0) & (codes < 500))
        random = np.random.default_rng(n)
        for contrast, look in LOOKS.items():
            table = np.zeros(1000)
            for code in np.unique(codes):
                table[code] = 0 if code == 0 else look[KIND.get(code, GREY)]
            image = ndimage.gaussian_filter(table[codes], 0.6)
            image *= 1 + 0.25 * np.sin(np.arange(image.shape[0]) / 60 + n)[:, None, None]
            image = np.hypot(image + random.normal(0, 2, image.shape), random.normal(0, 2, image.shape))
            yield Head("%s %s" % (name[:15], contrast), n % 2, nibabel.Nifti1Image(image.astype(np.float32), affine),
                       nibabel.Nifti1Image(brain.astype(np.uint8), affine), contrast)


# ---- masks -----------------------------------------------------------------------------------------


def distance(mask, mm):
    """Millimetres to the mask, below 0 inside."""
    return ndimage.distance_transform_edt(~mask, mm) - ndimage.distance_transform_edt(mask, mm)


def good(head):
    d = distance(head.brain, head.mm)
    yield "truth", head.brain
    yield "wider by 2 mm", d <= 2.01
    yield "narrower by 2 mm", d < -2.01
    yield "smoothed", ndimage.gaussian_filter(head.brain.astype(np.float32), 3 / head.mm) > 0.5


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


def planted(head, other):
    """Names and masks that are wrong."""
    m, mm, p = head.brain, head.mm, head.points()
    x, y, z = p
    d = distance(m, mm)
    low = np.array([q[m].min() for q in p])
    high = np.array([q[m].max() for q in p])
    mid = np.array([q[m].mean() for q in p])
    for name, shift in (("left", (-15, 0, 0)), ("front", (0, 16, 0)), ("back", (0, -16, 0)), ("up", (0, 0, 16)),
                        ("down", (0, 0, -18))):
        yield "shifted to the " + name if name in ("left", "front", "back") else "shifted " + name, moved(m, mm, shift)
    yield "8 mm too wide", d <= 8
    yield "10 mm too wide", d <= 10
    yield "8 mm too narrow", d <= -8
    yield "frontal lobe missing", m & (y < high[1] - 35)
    yield "occipital lobe missing", m & (y > low[1] + 35)
    yield "temporal lobe missing", m & ~((x > mid[0] + 22) & (z < low[2] + 0.55 * (high[2] - low[2])) & (y > mid[1] - 15))
    yield "vertex missing", m & (z < high[2] - 25)
    yield "left half missing", m & (x > mid[0])
    yield "right half missing", m & (x < mid[0])
    yield "cerebellum missing", m & ~((z < low[2] + 0.36 * (high[2] - low[2])) & (y < mid[1] + 5))
    lowest = [q[m & (z < low[2] + 6)].mean() for q in p]
    neck = head.head & ball(p, (lowest[0], lowest[1], lowest[2] - 28), 38)
    yield "neck included", m | neck
    tongue = head.head & ball(p, (mid[0], mid[1] + 30, low[2] - 15), 38)
    yield "tongue included", m | tongue
    eyes = head.head & (ball(p, (mid[0] - 32, high[1] - 2, low[2] + 42), 24) | ball(p, (mid[0] + 32, high[1] - 2, low[2] + 42), 24))
    yield "eyes included", m | eyes
    yield "face included", m | (head.head & ball(p, (mid[0], high[1] - 5, low[2] + 20), 42))
    yield "scalp at the side included", m | (head.head & ball(p, (high[0] + 5, mid[1], mid[2] + 10), 28))
    yield "scalp at the vertex included", m | (head.head & ball(p, (mid[0] + 20, mid[1], high[2] + 4), 28))
    yield "in two pieces", m & (abs(y - mid[1]) > 6)
    yield "with a hole", m & ~ball(p, (mid[0] + 20, mid[1], mid[2] + 10), 22)
    yield "the whole head", head.head
    radius = (3 * m.sum() * mm.prod() / 4 / np.pi) ** (1 / 3)
    yield "a ball", ball(p, mid, radius)
    side = (m.sum() * mm.prod()) ** (1 / 3) / 2
    yield "a box", np.all([abs(q - c) < side for q, c in zip(p, mid)], axis=0)
    yield "nearly empty", ball(p, mid, 12)
    yield "turned about x", moved(m, mm, turn=turned(0, 30))
    yield "turned about y", moved(m, mm, turn=turned(1, 30))
    yield "turned about z", moved(m, mm, turn=turned(2, 30))
    yield "upside down", moved(m, mm, turn=np.diag([1.0, 1, -1]))
    yield "back to front", moved(m, mm, turn=np.diag([1.0, -1, 1]))
    if other is not None:
        to = np.linalg.inv(other.affine) @ head.affine
        there = ndimage.affine_transform(other.brain.astype(np.float32), to[:3, :3], to[:3, 3], m.shape, order=1) > 0.5
        if dice(there, m) < 0.9:
            yield "of another head", there


def dice(a, b):
    return 2 * (a & b).sum() / max(a.sum() + b.sum(), 1)


# ---- the experiment --------------------------------------------------------------------------------


def judge(image, mask):
    done = subprocess.run([LARMOR, "strip", image, "--judge", mask, "--json", "-q", "-j", "1"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        return {"doubtful": True, "reason": "error: " + done.stderr.strip().split("\n")[0]}
    return json.loads(done.stdout)


def every_head(folder, count):
    yield from phantoms(folder, count)
    yield from cohort()
    yield from drawn()


def masks_of(head, other, folder):
    """Rows of (good or not, kind, mask)."""
    for kind, mask in good(head):
        yield True, kind, mask
    out = os.path.join(folder, "surface.nii")
    subprocess.run([LARMOR, "strip", os.path.join(folder, "image.nii"), "--mask-out", out, "--method", "surface",
                    "--trust", "--force", "-q", "-j", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if os.path.exists(out):
        mask = np.asarray(nibabel.load(out).dataobj) > 0
        if dice(mask, head.brain) >= 0.92:
            yield True, "surface", mask
    for kind, mask in planted(head, other):
        if dice(mask, head.brain) < 0.985:  # else nothing was planted, as of a lobe that the image cuts off
            yield False, kind, mask


def of_head(job):
    head, other, folder = job
    os.makedirs(folder, exist_ok=True)
    head.find_head(folder)
    image = os.path.join(folder, "image.nii")
    rows = []
    for n, (is_good, kind, mask) in enumerate(masks_of(head, other, folder)):
        path = os.path.join(folder, "mask%02d.nii" % n)
        save(mask, head.affine, path)
        rows.append(dict(judge(image, path), head=head.name, half=head.half, good=is_good, kind=kind,
                         dice=float(dice(mask, head.brain)), mask=path))
    return rows


def experiment(folder, heads, half=None):
    found, last, jobs = [], {}, []
    for n, head in enumerate(every_head(folder, heads)):
        group = head.name.split(" ")[-1]
        if half is None or head.half == half:
            jobs.append((head, last.get(group), os.path.join(folder, "head%03d" % n)))
        last[group] = head
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for rows in pool.map(of_head, jobs):
            found += rows
    return found


def row(what, ours, asked, met, unit="%"):
    return {"what": what, "ours": ours, "peer": 0, "unit": unit, "ratio": 0, "asked": asked, "met": met}


def rows(options=None):
    """As bench/table.py has them. options: "keep" a folder, "heads" how many phantoms."""
    options = options or {}
    with tempfile.TemporaryDirectory() as folder:
        found = experiment(options.get("keep") or folder, options.get("heads") or 6, options.get("half"))
    out = []
    for half in (0, 1):
        bad = [r for r in found if not r["good"] and r["half"] == half]
        fine = [r for r in found if r["good"] and r["half"] == half]
        if not bad or not fine:
            continue
        where = "thresholds chosen on these" if half == 0 else "heads held out"
        recall = 100 * sum(r["doubtful"] for r in bad) / len(bad)
        false = 100 * sum(r["doubtful"] for r in fine) / len(fine)
        out.append(row("verdict: flagged of %d planted failures, %s" % (len(bad), where), recall, 100, recall == 100))
        out.append(row("verdict: flagged of %d good masks, %s" % (len(fine), where), false, 2, false <= 2))
    for r in found:
        if r["doubtful"] == r["good"]:
            print("%s: %s, %s (Dice %.3f): %s" % ("false flag" if r["good"] else "missed", r["head"], r["kind"], r["dice"],
                                                  r["reason"] or "not flagged"), file=sys.stderr)
    if options.get("json"):
        with open(options["json"], "w") as f:
            json.dump(found, f)
    return out


if __name__ == "__main__":
    import table
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep")
    parser.add_argument("--half", type=int)
    parser.add_argument("--heads", type=int, default=6)
    parser.add_argument("--json")
    build = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
    sys.exit(table.finish(rows(vars(parser.parse_args())), os.path.join(build, "bench", "strip_verdicts.json")))

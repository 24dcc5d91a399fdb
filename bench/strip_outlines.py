#!/usr/bin/python3
"""A page of outlines: every test head with the mask that `larmor strip` finds, its method, volume and verdict,
and its Dice where the truth is known. Writes BUILD/bench/strip/outlines.html, one file without scripts.

    strip_outlines.py [--method auto|learned|surface] [--out FILE] [HEAD ...]

A head is a file; without one they are phantoms, and where LARMOR_TEST_DATA has them the cohort's T1 and FLAIR, the
patients of openms, a T1 in MINC, one of 1 mm, CT, and images made from label maps of whole heads.
SPDX-License-Identifier: Apache-2.0"""
import argparse
import base64
import glob
import html
import json
import os
import subprocess
import tempfile

import nibabel
import numpy as np
from scipy import ndimage

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SOURCE", os.path.dirname(HERE))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
LARMOR = os.environ.get("LARMOR", os.path.join(BUILD, "larmor"))
DATA = os.environ.get("LARMOR_TEST_DATA", os.path.join(SOURCE, "..", "shared", "data"))
STYLE = """body{font:15px sans-serif;background:#121318;color:#e8e8ea;margin:2em}h1{font-size:1.4em}
.heads{display:grid;grid-template-columns:repeat(auto-fill,minmax(430px,1fr));gap:18px}
figure{margin:0;padding:10px;background:#1b1d24;border-radius:6px;border:2px solid transparent}
figure.doubtful{border-color:#e5484d}img{width:100%;display:block}figcaption{line-height:1.5;padding-top:8px}
.doubtful b.verdict{color:#ff6369}.good b.verdict{color:#4cc38a}.mute{color:#a0a3ad}"""


def drawn_heads(folder):
    """Phantoms, and images made from label maps, as strip_verdicts.py makes them: written to files."""
    import strip_verdicts
    for head in list(strip_verdicts.phantoms(folder, 2, strip_verdicts.SEED)) + list(strip_verdicts.drawn(strip_verdicts.SEED)):
        name = os.path.join(folder, head.name.replace(" ", "_"))
        strip_verdicts.save(head.values, head.affine, name + ".nii")
        strip_verdicts.save(head.brain, head.affine, name + "_brain.nii")
        yield name + ".nii", name + "_brain.nii"
    where = os.path.join(folder, "ct")
    subprocess.run([LARMOR, "phantom", where, "--subjects", "1", "--spacing", "2", "--contrasts", "ct", "--same-grid", "-q"],
                   check=True, stdout=subprocess.DEVNULL)
    yield os.path.join(where, "ct", "sub-01_CT.nii.gz"), os.path.join(where, "truth", "sub-01_brain.nii.gz")


def heads(folder):
    """Images and, where it is known, the labels whose union is the brain."""
    cohort = os.path.join(DATA, "cohort2mm")
    for kind in ("t1", "flair") if os.path.isdir(cohort) else ():
        for name in sorted(os.listdir(os.path.join(cohort, kind))):
            labels = os.path.join(cohort, "labels", name.split("_")[0] + "_T1_DLMUSE.nii.gz")
            yield os.path.join(cohort, kind, name), labels if kind == "t1" else None
    for path in sorted(glob.glob(os.path.join(DATA, "openms", "*", "*.nii.gz"))):
        yield path, None
    for name, truth in (("formats/minc/brain.mnc.gz", None), ("networks/mindgrab/t1_crop.nii.gz", None)):
        if os.path.exists(os.path.join(DATA, name)):
            yield os.path.join(DATA, name), truth
    scans = os.path.join(DATA, "dicom", "ct_head_ge")
    if os.path.isdir(scans):
        ct = os.path.join(folder, "ct_head_ge")
        subprocess.run([LARMOR, "convert", scans, "-o", ct, "-q"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for path in sorted(glob.glob(os.path.join(ct, "**", "*.nii*"), recursive=True)):
            yield path, None
    yield from drawn_heads(os.path.join(folder, "drawn"))


def dice(mask, labels):
    a = np.asarray(nibabel.load(mask).dataobj) > 0
    b = ndimage.binary_fill_holes(np.asarray(nibabel.load(labels).dataobj) > 0)
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def figure(image, labels, method, folder):
    picture, mask = os.path.join(folder, "check.png"), os.path.join(folder, "mask.nii")
    done = subprocess.run([LARMOR, "strip", image, "--mask-out", mask, "--check", picture, "--method", method, "--trust",
                           "--json", "--force", "-q"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    name = os.path.basename(image).split(".")[0]
    if "openms" in image:  # whose names are the same for each
        name = os.path.basename(os.path.dirname(image)) + " " + name
    name = html.escape(name)
    if done.returncode:
        return '<figure class="doubtful"><figcaption><b>%s</b> <b class="verdict">failed</b><br/>%s</figcaption></figure>' % (
            name, html.escape(done.stderr.strip())), None
    v = json.loads(done.stdout)
    png = base64.b64encode(open(picture, "rb").read()).decode()
    known = ", Dice %.3f" % dice(mask, labels) if labels else ""
    words = "doubtful: " + v["reason"] if v["doubtful"] else "good"
    return ('<figure class="%s"><img alt="%s" src="data:image/png;base64,%s"/><figcaption><b>%s</b> '
            '<span class="mute">%s, %.0f ml%s</span><br/><b class="verdict">%s</b></figcaption></figure>' % (
                "doubtful" if v["doubtful"] else "good", name, png, name, html.escape((v["method"] + " " + v["model"]).strip()),
                v["millilitres"], known, html.escape(words))), v["doubtful"]


def page(out, method="auto", images=None):
    """Writes it and returns how many heads there are, how many are doubtful, and how many failed."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = os.path.join(folder, "drawn")
        os.mkdir(drawn)
        found = [figure(image, labels, method, folder) for image, labels in ([(i, None) for i in images] if images
                                                                            else heads(folder))]
    doubtful, failed = sum(f[1] is True for f in found), sum(f[1] is None for f in found)
    text = "%d heads, %d doubtful, %d failed" % (len(found), doubtful, failed)
    os.makedirs(os.path.dirname(os.path.abspath(out)), exist_ok=True)
    with open(out, "w") as f:
        f.write('<!DOCTYPE html><html><head><meta charset="utf-8"/><title>Brain masks</title><style>%s</style></head><body>'
                "<h1>Brain masks: %s</h1><div class=\"heads\">%s</div></body></html>\n" % (
                    STYLE, text, "\n".join(f[0] for f in found)))
    print("%s: %s" % (out, text))
    return len(found), doubtful, failed


def rows(options=None):
    """As bench/table.py has them. options: "method", surface if it is not said (learned takes 10 s of CPU a head)."""
    method = (options or {}).get("method") or "surface"
    count, _, _ = page(os.path.join(BUILD, "bench", "strip", "outlines.html"), method)
    return [{"what": "outlines: heads on the page, by %s" % method, "ours": count, "peer": 0, "unit": "heads", "ratio": 0,
             "asked": None, "met": True}]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--method", default="auto")
    parser.add_argument("--out", default=os.path.join(BUILD, "bench", "strip", "outlines.html"))
    parser.add_argument("heads", nargs="*")
    asked = parser.parse_args()
    page(asked.out, asked.method, asked.heads)

#!/usr/bin/python3
"""Bias field, resampling and normalization beside SimpleITK (the N4 of ANTs), scipy and
intensity-normalization: CPU seconds of the work alone on one thread, medians; the peer's numbers are
compared with ours in the same run.

Writes BUILD/bench/intensity.json and the article's figure, BUILD/histograms_*.png.   bench_intensity.py [PART ...]
Peers are those of BUILD/peers (./dev setup --full) or of the Python named by LARMOR_BENCH_PYTHON; what
is absent is left out, and said so. N4 runs on scans of LARMOR_TEST_DATA where they are, else on a phantom.
SPDX-License-Identifier: Apache-2.0"""
import os
import statistics
import subprocess
import sys

import bench_resample
import table

SOURCE, BUILD = bench_resample.SOURCE, bench_resample.BUILD
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(BUILD, "bench", "intensity")
DATA = os.environ.get("LARMOR_TEST_DATA", os.path.join(SOURCE, "..", "shared", "data"))
PYTHON = os.environ.get("LARMOR_BENCH_PYTHON", os.path.join(BUILD, "peers", "bin", "python"))


def larmor(*words):
    subprocess.run([os.path.join(BUILD, "larmor"), *map(str, words)], check=True,
                   stdout=subprocess.DEVNULL)


def side(command, work, runs, threads, out, files):
    """CPU s, wall s, peak MB, and numbers; None where the peer is not installed."""
    env = dict(os.environ, ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS=str(threads))
    for name in ("OMP", "OPENBLAS", "MKL"):
        env[name + "_NUM_THREADS"] = str(threads)
    done = subprocess.run([*command, work, str(runs), str(threads), out, *files], env=env,
                          stdout=subprocess.PIPE, text=True)
    if done.returncode == 77:
        return None
    if done.returncode:
        sys.exit("%s failed" % work)
    cpu, wall, peak, *numbers = map(float, done.stdout.split())
    return cpu, wall, peak / 1024, numbers


def ours(work, runs, files, threads=1, out=""):
    return side([os.path.join(OUT, "intensity_ours")], work, runs, threads, out, files)


def peer(work, runs, files, threads=1, out=""):
    if not os.path.exists(PYTHON):
        return None
    return side([PYTHON, "-W", "ignore", os.path.join(HERE, "intensity_peers.py")], work, runs, threads,
                out, files)


def row(what, ours, peer, asked, unit="s", most=False):
    ours, peer = float(ours), float(peer)
    ratio = ours / peer if most else peer / ours
    return {"what": what, "ours": round(ours, 6), "peer": round(peer, 6), "unit": unit,
            "ratio": round(ratio, 3), "asked": "%s %g" % ("<=" if most else ">=", asked),
            "met": ratio <= asked if most else ratio >= asked}


def voxels(path):
    import nibabel
    return nibabel.load(path).get_fdata(dtype="float32")


def spread(ratio):
    """Coefficient of variation, in percent."""
    ratio = ratio.astype("float64")
    return float(100 * ratio.std() / ratio.mean())


def bench_n4():
    head = os.path.join(DATA, "networks", "mindgrab", "t1_crop.nii.gz")
    thick = os.path.join(DATA, "openms", "patient01", "study1_T1W.nii.gz")
    cases = [("1 mm head", head), ("thick-slice T1", thick)]
    if not os.path.exists(head):
        print("LARMOR_TEST_DATA has no scans: N4 runs on a phantom")
        cases = [("1 mm phantom", phantoms()[0][0])]
    rows = []
    for what, path in cases:
        field, theirs = os.path.join(OUT, "field.nii.gz"), os.path.join(OUT, "field_peer.nii.gz")
        one = ours("n4-ants", 3, [path], 1, field)
        turns = [[ours("n4-ants", 3, [path], threads)[1] for threads in (1, 2)] for _ in range(5)]
        walls = [statistics.median(turn) for turn in zip(*turns)]
        other = peer("n4", 1, [path], 1, theirs)
        if other is None:
            return rows
        image = voxels(path)
        inside = image > image.mean()
        apart = spread((voxels(field) / voxels(theirs))[inside])
        rows += [row("N4 as ANTs, %s" % what, one[0], other[0], 50),
                 row("  peak memory", one[2], other[2], 1, "MB", most=True),
                 {"what": "  deviation of field / ITK's", "ours": round(apart, 4), "peer": 0, "unit": "%",
                  "ratio": round(apart, 4), "asked": "<= 0.05", "met": apart <= 0.05},
                 row("  two threads, wall", walls[1], walls[0], 1.7)]
        for preset in ("default", "fast"):
            rows.append(row("N4 %s, %s" % (preset, what), ours("n4-" + preset, 3, [path])[0], other[0], 50))
    return rows


def phantoms():
    """Three heads of 1 mm with their brain masks."""
    folder = os.path.join(OUT, "heads")
    paths = [("%s/t1/sub-0%d_T1.nii.gz" % (folder, n), "%s/truth/sub-0%d_brain.nii.gz" % (folder, n))
             for n in (1, 2, 3)]
    if not all(os.path.exists(p) for pair in paths for p in pair):
        larmor("phantom", folder, "--subjects", 3, "--spacing", 1, "--contrasts", "t1", "--force")
    return paths


def bench_normalize():
    three = phantoms()
    one, all_three = list(three[0]), [p for pair in three for p in pair]
    rows = []
    for what, work, files, forms, runs, asked in (
            ("FCM", "fcm", one, ["fcm"], 1, 150),
            ("KDE", "kde", one, ["kde:version 2", "kde:package"], 3, 5),
            ("WhiteStripe", "whitestripe", one, ["whitestripe:version 2", "whitestripe:package"], 3, 5),
            ("Nyul, fit of 3", "nyul-fit", all_three, ["nyul-fit"], 3, 5),
            ("Nyul, apply to one", "nyul-apply", all_three, ["nyul-apply"], 3, 5)):
        mine = ours(work, 7, files)
        found = [f for f in (peer(form, runs, files) for form in forms) if f]
        if found:
            best = min(found)
            print("%s: ours %s, the peer's %s" % (what, mine[3], [f[3] for f in found]))
            rows.append(row(what, mine[0], best[0], asked))
    return rows


# ---- how well a known field is found -----------------------------------------------------------


def heads():
    """Label maps of real heads where they are, else the phantom's own anatomy."""
    folder = os.path.join(DATA, "headlabels")
    if os.path.isdir(folder):
        return [os.path.join(folder, f) for f in sorted(os.listdir(folder)) if f.endswith(".nii.gz")]
    print("LARMOR_TEST_DATA has no label maps: the phantom draws its own heads")
    return [None] * 3


def bench_phantoms():
    """The deviation of found / true field in the head, beside that of ITK as ANTsPy sets it."""
    rows, all_ours, all_theirs = [], [], []
    for h, labels in enumerate(heads()):
        for percent in (20, 40, 60, 80):
            case = os.path.join(OUT, "field_%d_%d" % (h, percent))
            if not os.path.exists(case):
                larmor("phantom", case, "--subjects", 1, "--spacing", 1, "--contrasts", "t1", "--bias", percent,
                       "--noise", 3, "--seed", percent + h, *(["--labels", labels] if labels else []))
            scan, mine, theirs = (os.path.join(case, f) for f in
                                  ("t1/sub-01_T1.nii.gz", "found.nii.gz", "itk.nii.gz"))
            ours("n4-default", 1, [scan], 1, mine)
            if not os.path.exists(theirs) and peer("n4", 1, [scan], 1, theirs) is None:
                return rows
            true = voxels(os.path.join(case, "truth/sub-01_t1_bias.nii.gz"))
            inside = voxels(os.path.join(case, "truth/sub-01_labels.nii.gz")) > 0
            found = [spread((voxels(f) / true)[inside]) for f in (mine, theirs)]
            all_ours.append(found[0])
            all_theirs.append(found[1])
            rows.append(row("field within 1 +- %.1f, head %d" % (percent / 100, h + 1), *found, 1, "%", most=True))
    mean = [sum(all_ours) / len(all_ours), sum(all_theirs) / len(all_theirs)]
    return rows + [row("field of phantoms, mean", *mean, 0.75, "%", most=True)]


def draw_histograms():
    """The article's figure: T1 of a cohort, raw against normalized."""
    folder = os.path.join(DATA, "cohort2mm", "t1")
    if not os.path.isdir(folder):
        print("LARMOR_TEST_DATA has no cohort: no histograms")
        return []
    scans = [os.path.join(folder, f) for f in sorted(os.listdir(folder)) if f.endswith(".nii.gz")]
    for method in ("zscore", "nyul"):
        after, picture = os.path.join(OUT, method), os.path.join(BUILD, "histograms_%s.png" % method)
        larmor("normalize", method, *scans, "--foreground", "head", "-o", after + "/", "--force", "--quiet")
        larmor("quality", *scans, "--after", after, "--plot", picture, "--force", "--quiet")
        print("histograms of %d T1, raw and after %s: %s" % (len(scans), method, picture))
    return []


PARTS = {"n4": bench_n4, "resample": lambda: bench_resample.rows(5), "normalize": bench_normalize,
         "phantoms": bench_phantoms, "histograms": draw_histograms}


def main():
    asked = sys.argv[1:] or list(PARTS)
    if not all(a in PARTS for a in asked):
        sys.exit("parts: " + " ".join(PARTS))
    os.makedirs(OUT, exist_ok=True)
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-I", SOURCE + "/include",
                    HERE + "/intensity_ours.c", "-o", os.path.join(OUT, "intensity_ours"), "-L", BUILD,
                    "-Wl,-rpath," + BUILD, "-llarmor"], check=True)
    os.environ.setdefault("PEERS", PYTHON)
    rows = [r for part in asked for r in PARTS[part]()]
    if not os.path.exists(PYTHON):
        print("no peers: ./dev setup --full installs them")
    return table.finish(rows, os.path.join(BUILD, "bench", "intensity.json"))


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""Registration beside ANTsPy and elastix: CPU seconds of the work alone on one thread, files read before,
and the mean error over points of the brain (TRE) where the true map is known (register_pairs.py).

Writes BUILD/bench/register.json.   bench_register.py [--keep] [--ours] [PART ...]
Parts: rigid affine (real scans), phantom, hard, deformable, verdict (of one person, mirrored, of two), pictures
(contours of real pairs before and after, into BUILD/register). What every pair gave is in BUILD/bench/register/PART.tsv. --keep takes the peers' results of an earlier run where they are, --ours leaves the peers out.
Peers, and the numpy and nibabel that make the pairs, are those of BUILD/peers (./dev setup --full) or of
the Python named by LARMOR_BENCH_PYTHON; scans are those of LARMOR_TEST_DATA. LARMOR_BENCH_SEED: a number for
other hard starts. With all peers it takes three quarters of an hour, nearly all of it theirs.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import statistics
import subprocess
import sys

import table

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SOURCE", os.path.dirname(HERE))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
OUT = os.path.join(BUILD, "bench", "register")
DATA = os.environ.get("LARMOR_TEST_DATA", os.path.join(SOURCE, "..", "shared", "data"))
PYTHON = os.environ.get("LARMOR_BENCH_PYTHON", os.path.join(BUILD, "peers", "bin", "python"))
GROSS = 5.0  # mm
RUNS = 3

keep = with_peers = False
absent = set()
real = {}  # of each part: our error, and each peer's


# ---- one registration ----------------------------------------------------------------------------


def run(command):
    """The lines it prints; None where the peer is not installed."""
    env = dict(os.environ, ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS="1")
    for name in ("OMP", "OPENBLAS", "MKL"):
        env[name + "_NUM_THREADS"] = "1"
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True)
    if done.returncode == 77:
        return None
    if done.returncode:
        sys.exit("%s failed" % " ".join(command))
    return done.stdout.split("\n")


def files(pair, labels=False):
    names = ["fixed", "moving"] + ["fixed_labels", "moving_labels"] * labels
    return [os.path.join(pair, n + ".nii") for n in names]


def apart_mm(pair, one, other):
    """The mean distance of two maps over points of the brain."""
    apart = [a - b for a, b in zip(one, other)]
    total = count = 0
    for line in open(os.path.join(pair, "points.txt")):
        point = (*map(float, line.split()), 1.0)
        total += sum(sum(a * p for a, p in zip(apart[r:r + 4], point)) ** 2 for r in (0, 4, 8)) ** 0.5
        count += 1
    return total / count


def placed(pair, matrix):
    """The map that was found, and its error."""
    true = [float(n) for n in open(os.path.join(pair, "truth.txt")).read().split()]
    return {"map": matrix, "error": apart_mm(pair, matrix, true)}


def bytes_of(path):
    """As float32."""
    import struct
    with open(path, "rb") as f:
        size = struct.unpack_from("<3h", f.read(348), 42)
    return 4 * size[0] * size[1] * size[2]


def ours(pair, kind, runs=1):
    labels = kind == "deformable"
    numbers, reason = run([os.path.join(OUT, "register_ours"), kind, str(runs), "1", *files(pair, labels)])[:2]
    cpu, wall, peak, doubtful, *rest = map(float, numbers.split())
    found = {"cpu": cpu, "wall": wall, "doubtful": int(doubtful), "reason": reason,
             "memory": 1024 * peak / sum(bytes_of(f) for f in files(pair))}
    if labels:
        found.update(dice=rest[12], folded=rest[13])
    else:
        found.update(placed(pair, rest[:12]))
    return found


def peer(pair, work):
    """As ours(), or None; what was found is kept beside the pair."""
    kept = os.path.join(pair, work + ".json")
    if keep and os.path.exists(kept):
        return json.load(open(kept))
    if not with_peers or work in absent:
        return None
    labels = work == "ants-syn"
    lines = run([PYTHON, "-W", "ignore", os.path.join(HERE, "register_peers.py"), work, *files(pair, labels)])
    if lines is None:
        absent.add(work)
        return None
    numbers = next(line for line in reversed(lines) if line.strip())  # packages print of their own
    cpu, wall, peak, *rest = map(float, numbers.split())
    found = {"cpu": cpu, "wall": wall, "memory": 1024 * peak / sum(bytes_of(f) for f in files(pair))}
    if labels:
        found.update(dice=rest[0], folded=rest[1])
    else:
        found.update(placed(pair, rest))
    json.dump(found, open(kept, "w"))
    return found


def pairs_of(part):
    """Made anew: it takes seconds, and what a pair is may have changed. Peers' results stay."""
    subprocess.run([PYTHON if os.path.exists(PYTHON) else sys.executable, os.path.join(HERE, "register_pairs.py"),
                    os.path.join(BUILD, "larmor"), DATA, OUT, part], check=True)
    folder = os.path.join(OUT, part)
    return [os.path.join(folder, p) for p in sorted(os.listdir(folder))]


def note(part, results):
    """results: (pair, who, what was found)."""
    with open(os.path.join(OUT, part + ".tsv"), "w") as f:
        f.write("pair\twho\terror\tcpu\twall\tmemory\tdoubtful\tdice\tfolded\treason\n")
        for pair, who, found in results:
            values = [found.get(k, "") for k in ("error", "cpu", "wall", "memory", "doubtful", "dice", "folded")]
            f.write("\t".join([os.path.basename(pair), who,
                               *("%.4f" % v if isinstance(v, float) else str(v) for v in values),
                               found.get("reason", "")]) + "\n")


# ---- rows ----------------------------------------------------------------------------------------


def row(what, ours, peer, unit, asked, met):
    """`asked` in words; None asks for nothing."""
    return {"what": what, "ours": round(float(ours), 6), "peer": round(float(peer), 6), "unit": unit,
            "ratio": round(float(ours) / peer, 4) if peer else 0, "asked": asked,
            "met": None if asked is None else bool(met)}


def mean(results, what):
    return sum(r[what] for r in results) / len(results)


def median(results, what):
    return statistics.median(r[what] for r in results)


def among(pairs, *found):
    """How far each of three is from the mean of the other two, where the true map is not known well: the first
    of the three, and the better of the others."""
    away = []
    for n, those in enumerate(found):
        others = [f for m, f in enumerate(found) if m != n]
        away.append(statistics.mean(
            apart_mm(pair, those[p]["map"], [sum(m) / 2 for m in zip(*(o[p]["map"] for o in others))])
            for p, pair in enumerate(pairs)))
    return away[0], min(away[1:])


def linear(part, kind, cpu_s, title, split=()):
    """The error beside the best peer's, CPU beside ANTs'."""
    works = ["ants-" + kind, "elastix-" + kind, "elastix-%s-more" % kind]
    found, pairs = {who: [] for who in ["larmor"] + works}, pairs_of(part)
    for pair in pairs:
        here = {"larmor": ours(pair, kind, RUNS), **{work: peer(pair, work) for work in works}}
        print("%s %s: %s" % (part, os.path.basename(pair), ", ".join(
            "%s %.3f mm %.2f s" % (who, f["error"], f["cpu"]) for who, f in here.items() if f)), flush=True)
        for who, f in here.items():
            found[who].append(f)
    note(part, [(p, who, f) for who in found for p, f in zip(pairs, found[who]) if f])
    mine, rows = found["larmor"], []
    others = [w for w in works if all(found[w])]  # of every pair, or it is not compared
    if others:
        best = min(others, key=lambda w: mean(found[w], "error"))
        errors = mean(mine, "error"), mean(found[best], "error")
        if part == "phantom":
            rows.append(row("%s, error, %s" % (title, best), *errors, "mm", "<= 0.9 x",
                            errors[0] <= 0.9 * errors[1]))
        else:
            rows.append(row("%s, error, %s" % (title, best), *errors, "mm", None, None))
            real[part] = mean(mine, "error"), {w.replace(kind, ""): mean(found[w], "error") for w in others}
        best_median = min(others, key=lambda w: median(found[w], "error"))
        rows.append(row("  median, %s" % best_median, median(mine, "error"), median(found[best_median], "error"), "mm",
                        None, None))
        for who in others:
            if who != best:
                rows.append(row("  beside %s" % who, errors[0], mean(found[who], "error"), "mm", None, None))
        for name, of in split:
            rows.append(row("  %s, beside %s" % (name, best), mean(mine[of], "error"),
                            mean(found[best][of], "error"), "mm", None, None))
            if len(others) == len(works):
                rows.append(row("  %s, from the mean of two others" % name,
                                *among(pairs[of], *(found[w][of] for w in ("larmor", works[0], works[2]))),
                                "mm", None, None))
    else:
        rows.append(row("%s, error" % title, mean(mine, "error"), 0, "mm", None, None))
    cpu, ants = mean(mine, "cpu"), found["ants-" + kind] if "ants-" + kind in others else None
    rows.append(row("  CPU, beside what is asked", cpu, cpu_s, "s", "<= %g" % cpu_s, cpu <= cpu_s))
    if ants:
        rows.append(row("  CPU, ants", cpu, mean(ants, "cpu"), "s", "<= 1/15" if kind == "affine" else None,
                        cpu <= mean(ants, "cpu") / 15))
    for name, of in (split if ants else ()):
        rows.append(row("  %s, CPU, ants" % name, mean(mine[of], "cpu"), mean(ants[of], "cpu"), "s", None, None))
    most = max(m["memory"] for m in mine)
    rows.append(row("  memory / images in float32", most, 12, "x", "<= 12", most <= 12))
    rows.append(row("  called doubtful, of %d" % len(mine), mean(mine, "doubtful") * len(mine), 0, "", None, None))
    return rows


def bench_both():
    """What is asked of real scans, over rigid and affine maps alike; of programs that did both."""
    rigid, affine = real["rigid"], real["affine"]
    both = {w: (rigid[1][w] + affine[1][w]) / 2 for w in rigid[1] if w in affine[1]}
    best, error = min(both, key=both.get), (rigid[0] + affine[0]) / 2
    return row("rigid and affine, real scans, error, %s" % best.strip("-"), error, both[best], "mm", "<= +0.02",
               error <= both[best] + 0.02)


SPLIT = (("openms", slice(0, 5)), ("cohort2mm", slice(5, 10)))


def bench_rigid():
    return linear("rigid", "rigid", 1.2, "rigid, real scans", SPLIT)


def bench_affine():
    return linear("affine", "affine", 2, "affine, real scans", SPLIT)


def bench_phantom():
    return linear("phantom", "affine", 2, "affine, phantoms")


def bench_hard():
    """Every second pair rigid, every second affine; the true maps are rigid."""
    results, pairs = [], pairs_of("hard")
    for n, pair in enumerate(pairs):
        results.append(ours(pair, "affine" if n // 2 % 2 else "rigid"))
        last = results[-1]
        if last["error"] > GROSS or last["doubtful"]:
            print("hard %s: %.2f mm, %s" % (os.path.basename(pair), last["error"], last["reason"] or "no doubt"),
                  flush=True)
    note("hard", [(p, "larmor", r) for p, r in zip(pairs, results)])
    gross = [r for r in results if r["error"] > GROSS]
    silent = [r for r in gross if not r["doubtful"]]
    good = [r for r in results if r["error"] <= GROSS]
    alarms = 100 * mean(good, "doubtful") if good else 100
    return [row("%d hard starts, off by > %g mm" % (len(results), GROSS), len(gross), 2, "", "<= 2", len(gross) <= 2),
            row("  of these not called doubtful", len(silent), 0, "", "0", not silent),
            row("  false alarms of the good", alarms, 2, "%", "<= 2", alarms <= 2),
            row("  error of the good, median", median(good, "error") if good else 0, 0, "mm", None, None),
            row("  CPU, median", median(results, "cpu"), 0, "s", None, None)]


def bench_deformable():
    mine, theirs, pairs = [], [], pairs_of("deformable")
    for pair in pairs:
        mine.append(ours(pair, "deformable"))
        theirs.append(peer(pair, "ants-syn"))
        print("deformable %s: %s" % (os.path.basename(pair), ", ".join(
            "Dice %.4f, %.1f s, %d fold" % tuple(f[-1][k] for k in ("dice", "cpu", "folded"))
            for f in (mine, theirs) if f[-1])), flush=True)
    note("deformable", [(p, who, f) for who, found in (("larmor", mine), ("ants-syn", theirs))
                        for p, f in zip(pairs, found) if f])
    theirs = theirs if all(theirs) else []
    folded = sum(m["folded"] for m in mine)
    rows = []
    if theirs:
        dice = mean(mine, "dice"), mean(theirs, "dice")
        cpu = mean(mine, "cpu"), mean(theirs, "cpu")
        rows = [row("deformable, Dice, ants-syn", *dice, "", ">= -0.005", dice[0] >= dice[1] - 0.005),
                row("  CPU", *cpu, "s", "<= 1/8", cpu[0] <= cpu[1] / 8)]
    most = max(m["memory"] for m in mine)
    return rows + [row("  voxels that fold", folded, sum(t["folded"] for t in theirs), "", "0", folded == 0),
                   row("  memory / images in float32", most, 12, "x", "<= 12", most <= 12)]


def real_pairs():
    """(name, fixed, moving) of the T1 and FLAIR of each person of the cohort, and what openms has on its FLAIR."""
    pairs = [(name[:-len("_T1.nii.gz")], "cohort2mm/t1/" + name, "cohort2mm/flair/" + name.replace("_T1", "_FL"))
             for name in sorted(os.listdir(os.path.join(DATA, "cohort2mm", "t1")))]
    for patient in ("patient01", "patient03"):
        for scan in sorted(os.listdir(os.path.join(DATA, "openms", patient))):
            study = scan.split("_")[0]
            if scan.endswith(("T1W.nii.gz", "T2W.nii.gz")):
                pairs.append(("openms_%s_%s" % (patient, scan[:-len(".nii.gz")]),
                              "openms/%s/%s_FLAIR.nii.gz" % (patient, study), "openms/%s/%s" % (patient, scan)))
    return [(name, os.path.join(DATA, fixed), os.path.join(DATA, moving)) for name, fixed, moving in pairs]


def larmor(*words):
    return subprocess.run([os.path.join(BUILD, "larmor"), *words], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)


def bench_verdict():
    """Sharpness and doubt of pairs of one person, of one who is mirrored, and of two people."""
    pairs = real_pairs()
    mirror, mirrored = os.path.join(OUT, "mirror.txt"), os.path.join(OUT, "mirrored.nii")
    with open(mirror, "w") as f:
        f.write("#Insight Transform File V1.0\nTransform: AffineTransform_double_3_3\n"
                "Parameters: -1 0 0 0 1 0 0 0 1 0 0 0\nFixedParameters: 0 0 0\n")
    found = {"one person": [], "one person, mirrored": [], "two people": []}
    for n, (name, fixed, moving) in enumerate(pairs):
        cohort = [p for p in pairs if ("openms" in p[0]) == ("openms" in name)]
        other = next(p for p in cohort[cohort.index(pairs[n]) + 1:] + cohort if p[0].split("_")[:2] != name.split("_")[:2])
        larmor("warp", moving, "-o", mirrored, "--like", moving, "-t", mirror, "--force")
        for kind, what in zip(found, (moving, mirrored, other[2])):
            v = json.loads(larmor("register", fixed, what, "--json").stdout)
            found[kind].append(v)
            print("verdict %s, %s: sharpness %.3f %s" % (name, kind, v["sharpness"], v["reason"]), flush=True)
    rows = []
    for kind, verdicts in found.items():
        sharp = [v["sharpness"] for v in verdicts]
        rows.append(row("%d of %s, sharpness from, to" % (len(sharp), kind), min(sharp), max(sharp), "", None, None))
        rows.append(row("  called doubtful", sum(v["doubtful"] for v in verdicts), len(sharp), "", None, None))
    return rows


def bench_pictures():
    """Contours of every real pair, before and after, into BUILD/register/."""
    folder = os.path.join(BUILD, "register")
    os.makedirs(folder, exist_ok=True)
    pairs = real_pairs()
    doubtful = sum(larmor("register", fixed, moving, "--force", "--check", os.path.join(folder, name + ".png")).returncode != 0
                   for name, fixed, moving in pairs)
    return [row("%d pictures in build/register, doubtful" % len(pairs), doubtful, 0, "", None, None)]


PARTS = {"rigid": bench_rigid, "affine": bench_affine, "phantom": bench_phantom, "hard": bench_hard,
         "deformable": bench_deformable, "verdict": bench_verdict,
         "pictures": bench_pictures}


def main():
    global keep, with_peers
    asked = [a for a in sys.argv[1:] if not a.startswith("--")] or list(PARTS)
    switches = {a for a in sys.argv[1:] if a.startswith("--")}
    if not all(a in PARTS for a in asked) or switches - {"--keep", "--ours"}:
        sys.exit("bench_register.py [--keep] [--ours] [PART ...]; parts: " + " ".join(PARTS))
    if not os.path.isdir(os.path.join(DATA, "cohort2mm")):
        sys.exit("LARMOR_TEST_DATA has no scans to register")
    keep, with_peers = "--keep" in switches, "--ours" not in switches and os.path.exists(PYTHON)
    os.makedirs(OUT, exist_ok=True)
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-I", SOURCE + "/include",
                    HERE + "/register_ours.c", "-o", os.path.join(OUT, "register_ours"), "-L", BUILD,
                    "-Wl,-rpath," + BUILD, "-llarmor", "-lm"], check=True)
    rows = [r for part in asked for r in PARTS[part]()]
    if len(real) == 2:
        rows.append(bench_both())
    if absent:
        print("left out, not installed: " + ", ".join(sorted(absent)))
    if not os.path.exists(PYTHON):
        print("no peers: ./dev setup --full installs them")
    return table.finish(rows, os.path.join(BUILD, "bench", "register.json"))


if __name__ == "__main__":
    sys.exit(main())

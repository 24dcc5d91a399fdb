"""larmor prepare of a cohort: what part of the cores' time is in the steps themselves, what of it the machine
gave, and how well the memory was foretold. rows(larmor, folder) returns rows for bench_data.py; alone:
data_prepare.py [LARMOR] prints them.

Each cohort (2 mm heads of LARMOR_TEST_DATA, and phantoms of 1 mm) is resampled, N4-corrected, registered and
z-scored by all cores. "steps" is processor time inside steps against processor time of the whole program
('core_seconds' of prepare --json; of one thread alone it is exact). Idle is what threads could have had and did not ask
for: the clock times the cores, less what they ran and what they waited for a core that others had
(/proc/PID/task/*/schedstat), so that a busy machine does not count against us.
SPDX-License-Identifier: Apache-2.0"""
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

STUDY = """data:
  images:
    t1:    {path: "%s", role: input, contrast: t1}
    flair: {path: "%s", role: target, contrast: flair}
  split: {valid: 0.25, seed: 1}
prepare:
  - n4: {}
  - resample: {images: t1, spacing: %s}
  - register: {move: flair, to: t1%s}
  - resample: {images: flair, onto: t1}
  - normalize: {method: zscore}
"""
ASKED = 0.9


def watch(process):
    """-> seconds that threads of a process ran, waited for a core, and passed, until it ends."""
    seen, peak, began = {}, 0, time.time()
    while process.poll() is None:
        for path in glob.glob("/proc/%d/task/*/schedstat" % process.pid):
            try:
                with open(path) as file:
                    ran, waited = file.read().split()[:2]
                seen[path.split("/")[-2]] = (int(ran), int(waited))
            except OSError:
                pass
        try:
            with open("/proc/%d/status" % process.pid) as file:
                for line in file:
                    if line.startswith("VmHWM:"):
                        peak = max(peak, 1024 * int(line.split()[1]))
        except OSError:
            pass
        time.sleep(0.02)
    return (1e-9 * sum(v[0] for v in seen.values()), 1e-9 * sum(v[1] for v in seen.values()),
            time.time() - began, peak)


def prepare(larmor, study, work, threads):
    env = dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_WAIT_POLICY="passive")
    command = [larmor, "prepare", study, "-o", work, "--force", "--quiet", "--json"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    ran, waited, wall, peak = watch(process)
    result = json.loads(process.stdout.read())
    return result, ran, waited, wall, peak


def cohorts(larmor, folder):
    """-> name, study file"""
    data = os.environ.get("LARMOR_TEST_DATA", "")
    real = os.path.join(data, "cohort2mm")
    if os.path.isdir(os.path.join(real, "t1")):
        path = os.path.join(folder, "real.yaml")
        with open(path, "w") as file:
            file.write(STUDY % (real + "/t1/{subject}_T1.nii.gz", real + "/flair/{subject}_FL.nii.gz", "2", ""))
        yield "heads of 2 mm", path
    phantoms = os.path.join(folder, "phantoms")
    subprocess.run([larmor, "phantom", phantoms, "-n", "6", "--spacing", "1", "--quiet"], check=True,
                   stdout=subprocess.DEVNULL)
    for kind in ["affine", "deformable"]:
        path = os.path.join(folder, kind + ".yaml")
        with open(path, "w") as file:
            file.write(STUDY % ("phantoms/t1/{subject}_T1.nii.gz", "phantoms/flair/{subject}_FLAIR.nii.gz", "1",
                                ", kind: " + kind))
        yield "phantoms of 1 mm, " + kind, path


def row(what, value, asked=None, unit="part"):
    return {"what": "prepare " + what, "ours": round(value, 3), "peer": 0, "unit": unit, "ratio": 0,
            "asked": asked, "met": None if asked is None else value >= asked}


def rows(larmor, folder):
    out, cores = [], len(os.sched_getaffinity(0))
    for name, study in cohorts(larmor, folder):
        plan = json.loads(subprocess.run([larmor, "prepare", study, "-n", "--json", "-o", folder + "/none"],
                                         check=True, capture_output=True, text=True).stdout)
        alone = prepare(larmor, study, os.path.join(folder, "work"), 1)
        steps = alone[0]["core_seconds"]
        result, ran, waited, wall, peak = prepare(larmor, study, os.path.join(folder, "work"), cores)
        idle = max(0, 1 - (ran + waited) / (cores * wall))
        in_steps = steps["steps"] / steps["all"]
        out.append(row(name + ": processor time in steps", in_steps))
        out.append(row(name + ": in steps, and reading scans", in_steps + steps["reading"] / steps["all"]))
        out.append(row(name + ": cores that work or wait for one", 1 - idle))
        # the same work by all cores: what it took more of the processor is no step
        work = max(steps["all"], result["core_seconds"]["all"])
        out.append(row(name + ": cores' time in steps", steps["steps"] / work * (1 - idle), ASKED))
        out.append(row(name + ": peak memory to forecast", peak / max(plan["memory"], 1)))
    return out


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as where:
        for line in rows(sys.argv[1] if len(sys.argv) > 1 else "build/larmor", where):
            print("%-70s %8.3f %s" % (line["what"], line["ours"], "" if line["met"] is None else
                                      "asked %.2f: %s" % (line["asked"], "met" if line["met"] else "missed")))

#!/usr/bin/python3
"""What a network is fed with, beside TorchIO and MONAI, on the same two cores.

Writes BUILD/bench/data.json.   bench_data.py [PART ...] [RUNS]
patches   64^3 patches of a T1 and a FLAIR, each patch with its own flip, affine, elastic, noise and gamma, from
          1 mm volumes that are in memory: patches per second of two workers, CPU of each patch, and the peak
          memory of all processes together (proportional set size, of the whole program).
loader    a training step on such patches with larmor's loader, beside the same step on a batch that is ready.
prepare   resample, N4, register, z-score of a cohort by all cores: what part of their time is in the steps.
Peers are those of BUILD/peers (./dev setup --full) or of the Python named by LARMOR_BENCH_PYTHON; what is
absent is left out, and said so.

How the peers are used, each as its documentation does:
TorchIO   a dataset in memory; a patch is drawn by UniformSampler and then augmented, by two workers; and
          (volumes) whole volumes augmented in a Queue with two workers, eight patches from each.
MONAI     CacheDataset of all volumes, RandSpatialCropSamplesd (eight a volume), Rand3DElasticd, which has the
          affine map in the same interpolation, and the others on the patch, by two workers.
Parameters are TorchIO's defaults, which are larmor's; MONAI's are set to about the same.
SPDX-License-Identifier: Apache-2.0"""
import os
import subprocess
import sys
import tempfile
import threading
import time

import data_loader
import data_prepare
import table

SOURCE = os.environ.get("SOURCE", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
PYTHON = os.environ.get("LARMOR_BENCH_PYTHON", os.path.join(BUILD, "peers", "bin", "python"))
OUT = os.path.join(BUILD, "bench", "data")
ABSENT, SUBJECTS, SIZE, WORKERS, FROM_ONE = 77, 2, 64, 2, 8
PEERS = {"TorchIO": 10, "TorchIO, volumes": 10, "MONAI": 10}  # what is asked


def scans():
    """T1 and FLAIR of each head, 1 mm."""
    paths = [(os.path.join(OUT, "heads", "t1", "sub-%02d_T1.nii.gz" % n),
              os.path.join(OUT, "heads", "flair", "sub-%02d_FLAIR.nii.gz" % n)) for n in range(1, SUBJECTS + 1)]
    if not all(os.path.exists(p) for pair in paths for p in pair):
        subprocess.run([os.path.join(BUILD, "larmor"), "phantom", os.path.join(OUT, "heads"), "--force",
                        "--subjects", str(SUBJECTS), "--spacing", "1", "--same-grid", "--type", "float32"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return paths


# ---- a tree of processes -----------------------------------------------------------------------


def tree(pid):
    """The process and all that it started."""
    found = [pid]
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, task)) as f:
            for child in f.read().split():
                try:
                    found += tree(int(child))
                except OSError:
                    pass  # it has ended meanwhile
    return found


def memory_mb(pids):
    kb = 0
    for pid in pids:
        try:
            with open("/proc/%d/smaps_rollup" % pid) as f:
                kb += next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
        except OSError:
            pass
    return kb / 1000


def cpu(pids):
    ticks = 0
    for pid in pids:
        with open("/proc/%d/stat" % pid) as f:
            ticks += sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


class Peak(threading.Thread):
    """Looks at the memory of a process and its children ten times a second."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.mb, self.over = pid, 0, False
        self.start()

    def run(self):
        while not self.over:
            try:
                self.mb = max(self.mb, memory_mb(tree(self.pid)))
            except OSError:
                return
            time.sleep(0.1)


# ---- peers -------------------------------------------------------------------------------------


def torchio_steps():
    import torchio as tio
    return tio.Compose([tio.RandomFlip(), tio.RandomAffine(), tio.RandomElasticDeformation(), tio.RandomNoise(),
                        tio.RandomGamma()])


def torchio_subjects(paths):
    import torchio as tio
    subjects = [tio.Subject(t1=tio.ScalarImage(t1), flair=tio.ScalarImage(flair)) for t1, flair in paths]
    for subject in subjects:
        subject.load()
    return subjects


def torchio_patches(paths, count):
    import torch
    import torchio as tio
    subjects, steps = torchio_subjects(paths), torchio_steps()

    class Patches(torch.utils.data.Dataset):
        def __len__(self):
            return count

        def __getitem__(self, n):
            sampler = tio.data.UniformSampler(SIZE)
            return steps(next(sampler(subjects[n % len(subjects)], num_patches=1)))

    return tio.SubjectsLoader(Patches(), batch_size=FROM_ONE, num_workers=WORKERS), "t1"


def torchio_volumes(paths, count):
    import torchio as tio
    subjects = torchio_subjects(paths)
    data = tio.SubjectsDataset(subjects * (count // FROM_ONE // len(subjects) + 1), transform=torchio_steps())
    queue = tio.Queue(data, max_length=2 * FROM_ONE, samples_per_volume=FROM_ONE,
                      sampler=tio.data.UniformSampler(SIZE), num_workers=WORKERS)
    return tio.SubjectsLoader(queue, batch_size=FROM_ONE, num_workers=0), "t1"


def monai_patches(paths, count):
    import monai.data
    import monai.transforms as mt
    import numpy
    import torch
    both = ["t1", "flair"]
    turn = (numpy.radians(10),) * 3
    steps = mt.Compose([
        mt.LoadImaged(both), mt.EnsureChannelFirstd(both),
        mt.RandSpatialCropSamplesd(both, (SIZE,) * 3, num_samples=FROM_ONE, random_size=False),
        mt.RandFlipd(both, prob=0.5, spatial_axis=0),
        mt.Rand3DElasticd(both, sigma_range=(5, 8), magnitude_range=(50, 150), prob=1, rotate_range=turn,
                          scale_range=(0.1,) * 3, mode="bilinear", padding_mode="zeros"),
        mt.RandGaussianNoised(both, prob=1, std=0.25), mt.RandAdjustContrastd(both, prob=1, gamma=(0.74, 1.35))])
    data = monai.data.CacheDataset([dict(zip(both, pair)) for pair in paths], steps, cache_rate=1, progress=False)
    many = torch.utils.data.ConcatDataset([data] * (count // FROM_ONE // len(paths) + 1))
    return monai.data.DataLoader(many, batch_size=1, num_workers=WORKERS), "t1"


SIDES = {"TorchIO": (torchio_patches, 64), "TorchIO, volumes": (torchio_volumes, 32), "MONAI": (monai_patches, 64)}


def side(name, paths):
    """Prints patches per second and CPU seconds of each patch. The first batches, while workers begin, are left
    out; so is what they had begun when the time is up."""
    import warnings
    warnings.simplefilter("ignore")
    try:
        make, count = SIDES[name]
        loader, image = make([paths[n:n + 2] for n in range(0, len(paths), 2)], 4 * count)
    except ImportError:
        sys.exit(ABSENT)
    done, begun, start = 0, 0, None
    batches = iter(loader)  # held: its workers end with it
    for batch in batches:
        images = batch[image]["data"] if "TorchIO" in name else batch[image]
        assert tuple(images.shape) == (FROM_ONE, 1, SIZE, SIZE, SIZE)
        if start is not None:
            done += len(images)
            if done >= count:
                break
            continue
        begun += 1
        if begun == WORKERS:
            start, before = time.perf_counter(), cpu(tree(os.getpid()))
    print((time.perf_counter() - start) / done, (cpu(tree(os.getpid())) - before) / done)
    sys.stdout.flush()
    os._exit(0)  # workers end with it


def measure(name, paths):
    """-> wall and CPU seconds of a patch, and peak MB; None where the peer is absent"""
    if not os.path.exists(PYTHON):
        return None
    run = subprocess.Popen([PYTHON, os.path.abspath(__file__), "--side", name, *sum(paths, ())],
                           env=dict(os.environ, OMP_NUM_THREADS="1"), stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True)
    peak = Peak(run.pid)
    words = run.communicate()[0].split()
    peak.over = True
    if run.returncode == ABSENT:
        return None
    if run.returncode:
        sys.exit("%s failed" % name)
    return float(words[0]), float(words[1]), peak.mb


def ours(paths, count=1200):
    program = os.path.join(OUT, "data_patches")
    run = subprocess.Popen([program, str(WORKERS), str(count), str(SIZE), "2", *sum(paths, ())],
                           stdout=subprocess.PIPE, text=True)
    peak = Peak(run.pid)
    words = run.communicate()[0].split()
    peak.over = True
    if run.returncode:
        sys.exit("data_patches failed")
    return float(words[1]) / count, float(words[0]) / count, peak.mb


def middle(of):
    return [sorted(column)[len(column) // 2] for column in zip(*of)]


def patches(runs):
    paths, rows = scans(), []
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-I", SOURCE + "/include", "-I", SOURCE + "/src",
                    os.path.join(SOURCE, "bench", "data_patches.c"), "-o", os.path.join(OUT, "data_patches"), "-L",
                    BUILD, "-llarmor", "-Wl,-rpath," + os.path.abspath(BUILD), "-lm", "-lpthread"], check=True)
    for name, asked in PEERS.items():  # in turns, so that both meet the same machine
        mine, theirs = [], []
        for _ in range(runs):
            mine.append(ours(paths))
            theirs.append(measure(name, paths))
            if theirs[0] is None:
                break
        if theirs[0] is None:
            print("%s is not installed: left out" % name)
            continue
        mine, theirs = middle(mine), middle(theirs)
        for what, at, unit, scale in (("patches", 0, "/s", 1), ("CPU of a patch", 1, "ms", 1000)):
            ratio = theirs[at] / mine[at]
            show = lambda s: 1 / s if unit == "/s" else s * scale
            rows.append({"what": "%s (%s)" % (what, name), "ours": show(mine[at]), "peer": show(theirs[at]),
                         "unit": unit, "ratio": round(ratio, 2), "asked": ">= %d" % asked, "met": ratio >= asked})
        ratio = mine[2] / theirs[2]
        rows.append({"what": "peak memory (%s)" % name, "ours": mine[2], "peer": theirs[2], "unit": "MB",
                     "ratio": round(ratio, 3), "asked": "<= 0.3", "met": ratio <= 0.3})
    return rows


def loader(_):
    scans()
    return data_loader.rows(OUT, os.path.join(OUT, "heads"))


def prepare(_):
    with tempfile.TemporaryDirectory() as folder:
        return data_prepare.rows(os.path.join(BUILD, "larmor"), folder)


PARTS = {"patches": patches, "loader": loader, "prepare": prepare}


def main():
    words = [w for w in sys.argv[1:] if not w.isdigit()]
    runs = int(next((w for w in sys.argv[1:] if w.isdigit()), 3))
    asked = words or list(PARTS)
    if not all(part in PARTS for part in asked):
        sys.exit("bench_data.py [PART ...] [RUNS]; parts: " + " ".join(PARTS))
    os.makedirs(OUT, exist_ok=True)
    return table.finish([row for part in asked for row in PARTS[part](runs)], os.path.join(BUILD, "bench", "data.json"))


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[1] == "--side":
        side(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main())

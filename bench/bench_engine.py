#!/usr/bin/python3
"""The engine beside PyTorch: training steps and inference of whole networks, each side in its own
process, taking turns; one thread, CPU seconds and peak memory of the whole process. Then what one
can see of larmor alone: two threads, same bits, and each kind of layer against the machine's peak.

Writes BUILD/bench/engine.json.   bench_engine.py [--steps N] [--again] [WORD ...]
Only rows whose name contains all WORDs ("resnet", "unet", "inference", 16, "bfloat16", "threads",
"layers") are measured. Peers: Debian's PyTorch, and that of BUILD/peers (./dev setup --full) or of the
Pythons in LARMOR_BENCH_PYTHON (separated by colons). Which of them and of plain and channels_last_3d is
fastest is tried once for each row and kept in BUILD/bench/engine_peers.json; --again tries anew.
SPDX-License-Identifier: Apache-2.0"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

SOURCE = os.environ.get("SOURCE", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
OUT = os.path.join(BUILD, "bench")
PEER = os.path.join(SOURCE, "bench", "torch_side.py")
STEP, WHOLE = [96, 112, 96], [160, 192, 160]
LAYOUTS = ["plain", "channels_last_3d"]
LOSS = {"float32": 1e-4, "bfloat16": 1e-2}  # of the losses of the first step, relative


class Work:
    def __init__(self, what, network, channels, precision, faster, less, mode="train", size=STEP,
                 ways=(), slabs=None):
        self.what = "%s, %d channels, %s" % (what, channels, precision)
        self.network, self.channels, self.precision = network, channels, precision
        self.faster, self.less, self.mode, self.size = faster, less, mode, size
        self.ways, self.slabs = ways, slabs

    def forms(self, version):
        if self.mode == "train":
            return LAYOUTS
        return [layout + "," + way for layout in LAYOUTS for way in self.ways
                if way != "compile" or int(version.split(".")[0]) > 1]

    def settings(self):
        return ["name=" + self.network, "channels=%d" % self.channels] + (
            ["blocks=2", "order=conv-norm-relu"] if self.network == "resnet" else ["levels=3"])


WORKS = [
    Work("residual network step", "resnet", 16, "float32", 3.0, 0.45),
    Work("residual network step", "resnet", 32, "float32", 3.0, 0.5),
    Work("residual network step", "resnet", 16, "bfloat16", 1.4, 0.3),
    Work("residual network step", "resnet", 32, "bfloat16", 1.5, 0.5),
    Work("U-Net step", "unet", 16, "float32", 2.0, 0.4),
    Work("U-Net step", "unet", 32, "float32", 2.0, 0.4),
    Work("U-Net step", "unet", 16, "bfloat16", 1.5, 0.4),
    Work("U-Net step", "unet", 32, "bfloat16", 1.5, 0.4),
    Work("inference 160x192x160", "resnet", 16, "float32", 2.2, 0.45, "predict", WHOLE, ["jit"], 0.2),
    Work("inference 160x192x160 beside torch.compile", "resnet", 16, "float32", None, None, "predict",
         WHOLE, ["compile"]),
    Work("inference 160x192x160, any form", "resnet", 16, "bfloat16", None, None, "predict", WHOLE,
         ["jit", "eager", "compile"]),
]


# ---- two processes that take turns -------------------------------------------------------------


class Side:
    """Answers each line with CPU seconds, wall seconds, loss (and ours, a hash of its result)."""

    def __init__(self, command, threads, quiet=False):
        env = dict(os.environ, OMP_NUM_THREADS=str(threads))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL if quiet else None, text=True,
                                        env=env)

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("a side of the benchmark ended early: " + " ".join(
                os.path.basename(a) for a in self.process.args))
        words = line.split()
        return [float(n) for n in words[:3]] + words[3:]

    def step(self):
        self.process.stdin.write("step\n")
        self.process.stdin.flush()
        return self.read()

    def finish(self):
        """-> peak and base memory in MB, and the plan's."""
        self.process.stdin.close()
        memory = self.read()
        self.process.wait()
        return memory[0] / 1024, memory[1] / 1024, memory[2] / 1048576


def our_side(work, folder, threads, memory=0, mode=None):
    return Side([os.path.join(OUT, "engine_step"), str(threads), folder] + list(map(str, work.size))
                + [mode or work.mode, work.precision, str(memory)] + work.settings(), threads)


def peer_side(python, form, work, folder, threads, quiet=False):
    return Side([python, "-W", "ignore", PEER, "run", work.network, str(work.channels),
                 work.precision, work.mode, form, str(threads), folder]
                + list(map(str, work.size)), threads, quiet)


def steps_of(side, count):
    """The first step apart: libraries load, memory is touched, programs are compiled."""
    first = side.step()
    return first, [side.step() for _ in range(count)]


# ---- which peer --------------------------------------------------------------------------------


def pythons():
    """Path and PyTorch version of each peer that runs here."""
    named = os.environ.get("LARMOR_BENCH_PYTHON", "").split(":")
    found = {}
    for python in ["/usr/bin/python3", os.path.join(BUILD, "peers", "bin", "python")] + named:
        if python and os.path.exists(python):
            asked = subprocess.run([python, PEER, "version"], capture_output=True, text=True)
            if asked.returncode == 0:
                found[asked.stdout.strip()] = python
    return found


def exact_loss(work, folder, python):
    """What the work's first loss should be: PyTorch's plain form in float32. (PyTorch 2.15's batch
    norm in channels_last_3d is 4e-4 off at this size; bfloat16 is measured against float32.)"""
    plain = Work("", work.network, work.channels, "float32", 1, 1, work.mode, work.size)
    side = peer_side(python, "plain" if work.mode == "train" else "plain,eager", plain, folder, 1)
    loss = side.step()[2]
    side.finish()
    return loss


def fastest(work, peers, folder, again):
    """-> version, form, and the loss that both sides should have."""
    path = os.path.join(OUT, "engine_peers.json")
    kept = json.load(open(path)) if os.path.exists(path) else {}
    known = kept.get(work.what, {})
    if again or known.get("versions") != sorted(peers):
        known = {"versions": sorted(peers), "seconds": {}}
        for version, python in peers.items():
            for form in work.forms(version):
                try:
                    side = peer_side(python, form, work, folder, 1, quiet=True)
                    times = steps_of(side, 2 if "jit" in form else 1)[1]
                    memory = side.finish()
                except RuntimeError:
                    continue  # a form that this version cannot run
                name = version + " " + form
                known["seconds"][name] = times[-1][0]
                print("  PyTorch %-34s %8.3f s %8.0f MB" % (name, times[-1][0], memory[0]),
                      flush=True)
        known["loss"] = exact_loss(work, folder, next(iter(peers.values())))
        kept[work.what] = known
        with open(path, "w") as f:
            json.dump(kept, f, indent=1)
    if not known["seconds"]:
        sys.exit("no PyTorch runs '%s'" % work.what)
    best = min(known["seconds"], key=known["seconds"].get)
    version, form = best.split(" ")
    return version, form, known["loss"]


# ---- rows --------------------------------------------------------------------------------------


def row(what, ours, peer, unit, asked=None, speed=False, note=""):
    """speed: the ratio is peer / ours, asked at least; else ours / peer, asked at most."""
    ratio = peer / ours if speed else ours / peer
    met = None if asked is None else ratio >= asked if speed else ratio <= asked
    asked = None if asked is None else "%s %g" % (">=" if speed else "<=", asked)
    print("%-66s %9.3f %9.3f %-4s %7.3f %8s %-3s %s" % (
        what, ours, peer, unit, ratio, asked or "", {True: "yes", False: "NO", None: ""}[met], note),
        flush=True)
    return {"what": what, "ours": round(ours, 4), "peer": round(peer, 4), "unit": unit,
            "ratio": round(ratio, 3), "asked": asked, "met": met, "note": note}


def write_samples(work, folder):
    subprocess.run(["/usr/bin/python3", PEER, "write", work.network, str(work.channels), folder]
                   + list(map(str, work.size)), check=True)


def agree(work, ours, peer):
    """The same loss from the same weights, or nothing measured means anything."""
    difference = abs(ours - peer) / abs(peer)
    if not difference <= LOSS[work.precision]:
        sys.exit("the losses of '%s' differ: %g and %g" % (work.what, ours, peer))


def measure(work, peers, steps, again):
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write_samples(work, folder)
        version, form, loss = fastest(work, peers, folder, again)
        ours, peer = our_side(work, folder, 1), peer_side(peers[version], form, work, folder, 1)
        first = ours.step()
        agree(work, first[2], loss)
        peer.step()
        if "jit" in form:
            peer.step()  # still optimizes in its second run
        times = [(ours.step()[0], peer.step()[0]) for _ in range(steps)]
        ours_s, peer_s = (statistics.median(t[n] for t in times) for n in (0, 1))
        ours_m, peer_m = ours.finish(), peer.finish()
        note = "PyTorch %s %s" % (version.split("+")[0], form)
        rows += [row(work.what + ", CPU", ours_s, peer_s, "s", work.faster, True, note),
                 row(work.what + ", peak memory", ours_m[0], peer_m[0], "MB", work.less,
                     note="plan %.0f, PyTorch's start %.0f" % (ours_m[2], peer_m[1])),
                 row(work.what + ", peak above start", ours_m[0] - ours_m[1],
                     peer_m[0] - peer_m[1], "MB")]
        if work.slabs:
            side = our_side(work, folder, 1, memory=int(0.6 * work.slabs * peer_m[0] * 1048576),
                            mode="slabs")
            slab, times = steps_of(side, 2)
            agree(work, slab[2], first[2])
            memory = side.finish()
            rows += [row(work.what + ", in slabs, CPU", min(t[0] for t in times), peer_s, "s",
                         speed=True),
                     row(work.what + ", in slabs, peak memory", memory[0], peer_m[0], "MB",
                         work.slabs)]
    return rows


def threads_rows(steps):
    """larmor alone on one and two threads: wall time, and the bits of loss and gradients."""
    rows = []
    for work in (WORKS[0], WORKS[2], WORKS[4]):
        with tempfile.TemporaryDirectory() as folder:
            write_samples(work, folder)
            one, two = our_side(work, folder, 1), our_side(work, folder, 2)
            same = one.step()[2:] == two.step()[2:]
            times = []
            for _ in range(max(steps, 5)):
                a, b = one.step(), two.step()
                same = same and a[2:] == b[2:]
                times.append((a[1], b[1]))
            one.finish(), two.finish()
            # other work on the machine lengthens single steps: the shortest of each
            a, b = (min(t[n] for t in times) for n in (0, 1))
            rows.append(row(work.what + ", wall on 2 threads beside 1 thread", b, a, "s", 1.7, True))
            print("%-66s %s" % ("  loss and gradients have the same bits on 1 and 2 threads",
                                "yes" if same else "NO"))
            rows.append({"what": work.what + ", same bits on 1 and 2 threads (always; costs nothing)",
                         "ours": int(same), "peer": 1, "unit": "", "ratio": int(same),
                         "asked": ">= 1", "met": same, "note": ""})
    return rows


def layer_rows():
    """Each kind of layer: the share of this machine's peak that it reaches."""
    rows = []
    done = subprocess.run([os.path.join(OUT, "engine_kernels")], stdout=subprocess.PIPE, text=True,
                          env=dict(os.environ, OMP_NUM_THREADS="1"), check=True)
    print("\n%-44s %-8s %9s %9s %5s %9s %7s %s" % ("layers, 96x112x96 voxels, 1 thread", "", "ms",
                                                   "rate", "", "peak", "share", "code"))
    for line in done.stdout.splitlines():
        kind, precision, ms, rate, unit, peak, code = line.split("\t")
        share = float(rate) / float(peak) if float(peak) else 0
        print("%-44s %-8s %9.2f %9.1f %-5s %9.1f %6.0f%% %s" % (
            kind, precision, float(ms), float(rate), unit, float(peak), 100 * share, code))
        rows.append({"what": "layer %s, %s (%s ms)" % (kind, precision, ms), "ours": float(rate),
                     "peer": float(peak), "unit": unit, "ratio": round(share, 3), "asked": None,
                     "met": None, "note": code})
    return rows


def compile_programs():
    os.makedirs(OUT, exist_ok=True)
    for name, flags in (("engine_step", ["-O2"]),
                        ("engine_kernels", ["-O3", "-ffp-contract=fast"])):
        subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", *flags, "-I", SOURCE + "/include", "-I",
                        SOURCE + "/src", os.path.join(SOURCE, "bench", name + ".c"), "-o",
                        os.path.join(OUT, name), "-L", BUILD, "-llarmor",
                        "-Wl,-rpath," + os.path.abspath(BUILD)], check=True)


def main():
    parser = argparse.ArgumentParser(description="The engine beside PyTorch.")
    parser.add_argument("words", nargs="*", metavar="WORD", help="measure only rows that have it")
    parser.add_argument("--steps", type=int, default=5, help="steps of which the median is taken")
    parser.add_argument("--again", action="store_true", help="look for the fastest peer anew")
    asked = parser.parse_args()
    wanted = lambda name: all(w in name.replace(",", "").split() for w in asked.words)
    compile_programs()
    peers = pythons()
    if not peers:
        sys.exit("PyTorch is not installed: try ./dev setup --full")
    print("PyTorch " + ", ".join(sorted(peers)))
    print("%-66s %9s %9s %-4s %7s %8s" % ("what", "ours", "peer", "", "ratio", "asked"))
    rows = []
    for work in WORKS:
        if wanted(work.what + " " + work.network):
            rows += measure(work, peers, asked.steps, asked.again)
    if wanted("threads"):
        rows += threads_rows(asked.steps)
    if wanted("layers"):
        rows += layer_rows()
    if not rows:
        sys.exit("no row has all of these words: " + " ".join(asked.words))
    with open(os.path.join(OUT, "engine.json"), "w") as f:
        json.dump(rows, f, indent=1)
        f.write("\n")
    return 0 if all(r["met"] is not False for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

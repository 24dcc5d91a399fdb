#!/usr/bin/python3
"""One training step (forward, loss, backward, AdamW) of the default network on 96x112x96 voxels, by
larmor and by PyTorch (Debian's python3-torch), each in its own process, taking turns.

Writes BUILD/bench/train.json.   bench_train.py [STEPS]
SPDX-License-Identifier: Apache-2.0"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

import table

SOURCE = os.environ.get("SOURCE", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
SIZE = [96, 112, 96]
sys.path.insert(0, os.path.join(SOURCE, "tests", "golden"))


def memory_kb(field):
    for line in open("/proc/self/status"):
        if line.startswith(field + ":"):
            return int(line.split()[1])


def torch_side(threads, folder):
    """The peer: answers as engine_step.c does."""
    import numpy as np
    import torch
    import make_net
    torch.set_num_threads(threads)
    base = memory_kb("VmRSS")
    torch.manual_seed(0)
    net = make_net.Net(dict(make_net.BASE, channels=16))
    net.load_state_dict(torch.load(os.path.join(folder, "weights.pt")))
    net.train()
    shape = (1, 1, SIZE[2], SIZE[1], SIZE[0])
    x, y = (torch.from_numpy(np.fromfile(os.path.join(folder, n), np.float32).reshape(shape))
            for n in ("input", "target"))
    adam = torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.99), eps=1e-8,
                             weight_decay=1e-2)
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        adam.zero_grad()
        loss = torch.nn.functional.mse_loss(net(x), y)
        loss.backward()
        adam.step()
        print("%.6f %.6f %.8f" % (time.process_time() - cpu, time.perf_counter() - wall,
                                  loss.item()), flush=True)
    print(memory_kb("VmHWM"), base, 0, flush=True)


def write_samples(folder):
    """Weights and volumes that both sides read; in a process of its own, for its memory."""
    import torch
    import make_net
    case = dict(make_net.BASE, channels=16, size=SIZE)
    net = make_net.build(case).float()
    x, y = make_net.samples(case)
    x.float().numpy().tofile(os.path.join(folder, "input"))
    y.float().numpy().tofile(os.path.join(folder, "target"))
    torch.save(net.state_dict(), os.path.join(folder, "weights.pt"))
    make_net.save(os.path.join(folder, "weights.safetensors"),
                  {n: t.numpy() for n, t in net.state_dict().items() if "tracked" not in n}, {})


class Side:
    def __init__(self, command, threads):
        env = dict(os.environ, OMP_NUM_THREADS=str(threads))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=env)

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("a side of the benchmark ended early: %s" % self.process.args)
        return [float(n) for n in line.split()[:3]]

    def step(self):
        self.process.stdin.write("step\n")
        self.process.stdin.flush()
        return self.read()

    def finish(self):
        self.process.stdin.close()
        memory = self.read()
        self.process.wait()
        return memory


def measure(threads, steps, folder, program):
    """Medians of CPU and wall seconds, and memory in kB, of ours and the peer's."""
    ours = Side([program, str(threads), folder] + [str(n) for n in SIZE]
                + ["train", "float32", "0", "name=resnet", "channels=16"], threads)
    peer = Side([sys.executable, os.path.abspath(__file__), "--torch", str(threads), folder],
                threads)
    first = ours.step(), peer.step()  # warm-up; also the check that both do the same
    if abs(first[0][2] - first[1][2]) > 1e-4 * first[1][2]:
        sys.exit("the losses differ: %g and %g" % (first[0][2], first[1][2]))
    times = [(ours.step(), peer.step()) for _ in range(steps)]
    median = lambda side, n: statistics.median(t[side][n] for t in times)
    return ([median(0, n) for n in (0, 1)] + ours.finish(),
            [median(1, n) for n in (0, 1)] + peer.finish())


def row(what, ours, peer, unit, faster=None, less=None):
    """faster: asked of peer / ours; less: asked of ours / peer; neither: ours / peer, not asked."""
    ratio = peer / ours if faster else ours / peer
    met = None if not (faster or less) else ratio >= faster if faster else ratio <= less
    asked = ">= %g" % faster if faster else "<= %g" % less if less else None
    return {"what": what, "ours": round(ours, 4), "peer": round(peer, 4), "unit": unit,
            "ratio": round(ratio, 3), "asked": asked, "met": met}


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    out = os.path.join(BUILD, "bench")
    os.makedirs(out, exist_ok=True)
    program = os.path.join(out, "engine_step")
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-std=gnu11", "-I", SOURCE + "/include", "-I",
                    SOURCE + "/src", SOURCE + "/bench/engine_step.c", "-o", program, "-L", BUILD,
                    "-llarmor", "-Wl,-rpath," + os.path.abspath(BUILD)], check=True)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, os.path.abspath(__file__), "--write", folder], check=True)
        for threads in (1, 2):
            ours, peer = measure(threads, steps, folder, program)
            name = "training step, %d thread%s" % (threads, "s" if threads > 1 else "")
            rows += [row(name + ", CPU", ours[0], peer[0], "s", faster=2),
                     row(name + ", wall", ours[1], peer[1], "s", faster=2),
                     row(name + ", peak memory", ours[2] / 1024, peer[2] / 1024, "MB", less=0.65),
                     row(name + ", peak above start", (ours[2] - ours[3]) / 1024,
                         (peer[2] - peer[3]) / 1024, "MB")]
    return table.finish(rows, os.path.join(out, "train.json"))


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "--torch":
        torch_side(int(sys.argv[2]), sys.argv[3])
    elif len(sys.argv) > 2 and sys.argv[1] == "--write":
        write_samples(sys.argv[2])
    else:
        sys.exit(main())

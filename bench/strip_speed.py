"""The network of the learned method beside the same in PyTorch: one box, each side in its own process, taking turns; CPU
and wall seconds, and peak memory of the whole process. A part of bench_strip.py.
SPDX-License-Identifier: Apache-2.0"""
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SOURCE", os.path.dirname(HERE))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
DATA = os.environ.get("LARMOR_TEST_DATA", os.path.join(SOURCE, "..", "shared", "data"))
MINDGRAB = os.path.join(DATA, "networks", "mindgrab")
SETTINGS = ["name=meshnet", "channels=15", "dilations=16 8 4 2 1", "repeat=5", "activation=gelu", "norm=instance",
            "plain=yes"]
FASTER = {"bfloat16": 4.0, "float32": 3.0}
MOST_GB = 1.5
RUNS = 1


def compile_ours():
    program = os.path.join(BUILD, "bench", "engine_step")
    os.makedirs(os.path.dirname(program), exist_ok=True)
    flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", "jansson"], text=True).split()
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-I", SOURCE + "/include", "-I", SOURCE + "/src", "-o",
                    program, os.path.join(HERE, "engine_step.c"), "-L", BUILD, "-llarmor", "-lm",
                    "-Wl,-rpath," + BUILD] + flags, check=True)
    return program


class Side:
    """Answers each line with CPU and wall seconds; at the end with its peak in kB."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, OMP_WAIT_POLICY="passive"))
        self.seconds = []

    def step(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        words = self.process.stdout.readline().split()
        if not words:
            sys.exit("a side of the bench ended early: %s" % self.process.args[0])
        self.seconds.append([float(w) for w in words[:2]])

    def end(self):
        self.process.stdin.close()
        peak = float(self.process.stdout.readline().split()[0])
        self.process.wait()
        return [statistics.median(column) for column in zip(*self.seconds)] + [peak / 1e6]


def weights_of(folder):
    """MindGrab's, as larmor keeps them."""
    store = os.path.join(folder, "models")
    subprocess.run([os.environ["LARMOR"], "models", "add", os.path.join(MINDGRAB, "model.bin"), "-q"], check=True,
                   env=dict(os.environ, LARMOR_MODELS=store))
    os.rename(os.path.join(store, "mindgrab.safetensors"), os.path.join(folder, "weights.safetensors"))


def measure(program, folder, size, precision, threads):
    ours = Side([program, str(threads), folder, *map(str, size), "predict", precision, "0", *SETTINGS])
    peer = Side([sys.executable, os.path.abspath(__file__), folder, *map(str, size), precision, str(threads)])
    for _ in range(RUNS):
        ours.step()
        peer.step()
    return ours.end(), peer.end()


def rows(options):
    del options
    found, threads = [], len(os.sched_getaffinity(0))
    image = os.path.join(MINDGRAB, "t1_crop.nii.gz")
    if not os.path.exists(image):
        print("skipped: MindGrab's weights and test head are not there", file=sys.stderr)
        return found
    program = compile_ours()
    with tempfile.TemporaryDirectory() as folder:
        weights_of(folder)
        size = write_box(image, folder)
        what = "network, %d x %d x %d voxels, %%s" % tuple(size)
        for precision in ("bfloat16", "float32"):
            ours, peer = measure(program, folder, size, precision, threads)
            for n, unit in enumerate(("CPU", "wall")):
                asked = FASTER[precision] if n == 0 else None
                ratio = peer[n] / ours[n]
                found.append({"what": what % precision + ", " + unit, "ours": ours[n], "peer": peer[n], "unit": "s",
                              "ratio": ratio, "asked": asked, "met": asked and ratio >= asked})
            found.append({"what": what % precision + ", peak memory (asked: at most)", "ours": ours[2], "peer": peer[2],
                          "unit": "GB", "ratio": peer[2] / ours[2], "asked": MOST_GB, "met": ours[2] <= MOST_GB})
    return found


# ---- PyTorch's side --------------------------------------------------------------------------


def golden():
    sys.path.insert(0, os.path.join(SOURCE, "tests", "golden"))
    import make_mindgrab
    return make_mindgrab


def write_box(image, folder):
    import nibabel
    import numpy as np
    g = golden()
    box, _ = g.box_of(nibabel.load(image), g.head_of(image, os.environ["LARMOR"]))
    box.astype("<f4").ravel(order="F").tofile(os.path.join(folder, "input"))
    np.zeros(0, "<f4").tofile(os.path.join(folder, "target"))
    return box.shape


def serve(folder, size, precision, threads):
    import time

    import numpy as np
    import torch
    g = golden()
    torch.set_num_threads(threads)
    kernels, last, bias = g.read_weights(os.path.join(MINDGRAB, "model.bin"))
    type_of = torch.bfloat16 if precision == "bfloat16" else torch.float32
    box = torch.from_numpy(np.fromfile(os.path.join(folder, "input"), "<f4").reshape(size[::-1])).to(type_of)[None, None]
    kernels = [k.permute(0, 1, 4, 3, 2).contiguous().to(type_of) for k in kernels]  # the box lies k, j, i
    last, bias = last.to(type_of), bias.to(type_of)

    def run(x, layout):
        with torch.inference_mode():
            x = x.to(memory_format=layout)
            for n, kernel in enumerate(kernels):
                d = g.DILATIONS[n % len(g.DILATIONS)]
                x = torch.nn.functional.conv3d(x, kernel.to(memory_format=layout), padding=d, dilation=d)
                x = torch.nn.functional.gelu(torch.nn.functional.group_norm(x, g.CHANNELS, eps=1e-5))
            return torch.nn.functional.conv3d(x, last, bias)

    def seconds(x, layout):
        cpu, wall = time.process_time(), time.perf_counter()
        run(x, layout)
        return time.process_time() - cpu, time.perf_counter() - wall
    layouts = [torch.contiguous_format, torch.channels_last_3d]
    some = box[:, :, 64:128, 64:128, 64:128]
    best = min(layouts, key=lambda layout: min(seconds(some, layout)[0] for _ in range(2)))
    for _ in sys.stdin:
        print("%.6f %.6f" % seconds(box, best), flush=True)
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            print(line.split()[1], flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], [int(w) for w in sys.argv[2:5]], sys.argv[5], int(sys.argv[6]))

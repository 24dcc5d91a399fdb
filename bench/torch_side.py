"""The PyTorch side of bench_engine.py, in a process of its own: steps on request, and files that both
sides read. Runs with Debian's PyTorch 1.13 and with the newest, so it uses what both have.

torch_side.py run NETWORK CHANNELS PRECISION WORK FORM THREADS FOLDER NX NY NZ
torch_side.py write NETWORK CHANNELS FOLDER NX NY NZ
torch_side.py version
NETWORK resnet or unet; PRECISION float32 or bfloat16 (autocast); WORK train or predict; FORM plain or
channels_last_3d, for predict also after a comma: eager, jit (freeze and optimize_for_inference),
compile (inductor).
SPDX-License-Identifier: Apache-2.0"""
import json
import math
import os
import struct
import sys
import time

import numpy as np
import torch
from torch import nn

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests",
                                "golden"))
SEED, SLOPE = 7, 0.01


def conv(inputs, outputs, stride=1):
    return nn.Conv3d(inputs, outputs, 3, stride=stride, padding=1, bias=False)


class Layer(nn.Module):
    """conv, norm, activation; with the names of larmor's parameters."""

    def __init__(self, inputs, outputs, unet, stride=1):
        super().__init__()
        self.conv = conv(inputs, outputs, stride)
        self.norm = nn.InstanceNorm3d(outputs, affine=True) if unet else nn.BatchNorm3d(outputs)
        self.act = nn.LeakyReLU(SLOPE, inplace=True) if unet else nn.ReLU(inplace=True)

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = Layer(channels, channels, False)
        self.second = Layer(channels, channels, False)

    def forward(self, x):
        return self.second(self.first(x)) + x


class ResNet(nn.Module):
    def __init__(self, channels, blocks=2):
        super().__init__()
        self.first = Layer(1, channels, False)
        self.blocks = nn.Sequential(*(Block(channels) for _ in range(blocks)))
        self.last = nn.Conv3d(channels, 1, 1)

    def forward(self, x):
        return self.last(self.blocks(self.first(x)))


class Level(nn.Module):
    def __init__(self, inputs, outputs, stride=1, below=0):
        super().__init__()
        if below:
            self.up = nn.ConvTranspose3d(below, outputs, 2, stride=2, bias=False)
        self.first = Layer(inputs, outputs, True, stride)
        self.second = Layer(outputs, outputs, True)

    def forward(self, x, skip=None):
        if skip is not None:
            x = torch.cat((self.up(x), skip), 1)
        return self.second(self.first(x))


class UNet(nn.Module):
    """As src/net/models/unet.c, of 3 levels; sizes that can be halved twice."""

    def __init__(self, channels, levels=3):
        super().__init__()
        wide = [channels << n for n in range(levels)]
        self.encoder = nn.ModuleList(Level(wide[n - 1] if n else 1, wide[n], 2 if n else 1)
                                     for n in range(levels))
        self.decoder = nn.ModuleList(Level(2 * wide[n], wide[n], below=wide[n + 1])
                                     for n in range(levels - 1))
        self.last = nn.Conv3d(channels, 1, 1)

    def forward(self, x):
        kept = []
        for level in self.encoder:
            x = level(x)
            kept.append(x)
        for n in range(len(self.decoder) - 1, -1, -1):
            x = self.decoder[n](x, kept[n])
        return self.last(x)


def network(name, channels):
    return {"resnet": ResNet, "unet": UNet}[name](channels)


# ---- files -----------------------------------------------------------------------------------


def write(name, channels, folder, size):
    """Weights, statistics and two volumes that do not depend on the version of PyTorch."""
    import make_net
    tensors = {}
    for key, value in network(name, channels).state_dict().items():
        if "tracked" in key:
            continue
        n = make_net.normal(SEED, make_net.stream_of(key), value.numel()).reshape(value.shape)
        if value.ndim == 5:
            n = n * math.sqrt(2 / (value.numel() // value.shape[0]))
        elif key.endswith("norm.weight"):
            n = 1 + 0.2 * n
        elif key.endswith("var"):
            n = 1 + 0.2 * np.abs(n)
        else:
            n = 0.1 * n
        tensors[key] = n.astype(np.float32)
    make_net.save(os.path.join(folder, "weights.safetensors"), tensors, {})
    voxels = size[0] * size[1] * size[2]
    x = make_net.normal(SEED, 1, voxels).astype(np.float32)
    x.tofile(os.path.join(folder, "input"))
    (np.abs(x) + 0.5 * make_net.normal(SEED, 2, voxels)).astype(np.float32).tofile(
        os.path.join(folder, "target"))


def read_weights(path):
    with open(path, "rb") as f:
        head = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    return {key: torch.from_numpy(np.frombuffer(data[slice(*t["data_offsets"])], np.float32)
                                  .reshape(t["shape"]).copy())
            for key, t in head.items() if key != "__metadata__"}


# ---- running ---------------------------------------------------------------------------------


def memory_kb(field):
    for line in open("/proc/self/status"):
        if line.startswith(field + ":"):
            return int(line.split()[1])


def loss_in_pieces(out, path):
    """Mean square difference to a file, without holding it: memory is being measured."""
    total, planes = 0.0, out[0, 0]
    with open(path, "rb") as f:
        for plane in planes:
            target = np.frombuffer(f.read(4 * plane.numel()), np.float32)
            total += np.square(plane.float().numpy().ravel().astype(np.float64) - target).sum()
    return total / planes.numel()


def predictor(net, x, precision, form):
    half = precision == "bfloat16"
    if form == "jit":
        if half:
            net = net.to(torch.bfloat16)
            x = x.to(torch.bfloat16)
        example = x[:, :, :32, :32, :32]  # traced small: its memory is not the work's
        with torch.no_grad():
            net = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, example)))
        return net, x, False
    if form == "compile":
        from torch._inductor import config
        config.freezing = True
        net = torch.compile(net)
    return net, x, half


def run(name, channels, precision, work, form, threads, folder, size):
    layout, _, way = form.partition(",")
    torch.set_num_threads(threads)
    base = memory_kb("VmRSS")
    net = network(name, channels)
    net.load_state_dict(read_weights(os.path.join(folder, "weights.safetensors")), strict=False)
    shape = (1, 1, size[2], size[1], size[0])
    at = lambda n: os.path.join(folder, n)
    x = torch.from_numpy(np.fromfile(at("input"), np.float32).reshape(shape))
    if layout == "channels_last_3d":
        net = net.to(memory_format=torch.channels_last_3d)
        x = x.to(memory_format=torch.channels_last_3d)
    half = precision == "bfloat16"
    if work == "train":
        net.train()
        if way == "compile":
            net = torch.compile(net)
        y = torch.from_numpy(np.fromfile(at("target"), np.float32).reshape(shape))
        adam = torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.99), eps=1e-8,
                                 weight_decay=1e-2)

        def step():
            adam.zero_grad(set_to_none=True)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                loss = torch.nn.functional.mse_loss(net(x).float(), y)
            loss.backward()
            adam.step()
            return loss
        result = lambda loss: loss.item()
    else:
        net, x, half = predictor(net.eval(), x, precision, way)

        def step():
            with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                return net(x)
        result = lambda out: loss_in_pieces(out, at("target"))
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        got = step()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print("%.6f %.6f %.8f" % (cpu, wall, result(got)), flush=True)
        del got
    print(memory_kb("VmHWM"), base, 0, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "run":
        run(sys.argv[2], int(sys.argv[3]), *sys.argv[4:7], int(sys.argv[7]), sys.argv[8],
            [int(n) for n in sys.argv[9:12]])
    elif sys.argv[1] == "write":
        write(sys.argv[2], int(sys.argv[3]), sys.argv[4], [int(n) for n in sys.argv[5:8]])
    else:
        print(torch.__version__)

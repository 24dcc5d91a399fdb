#!/usr/bin/python3
"""Reference losses, gradients and ten training steps of the network, by PyTorch in float64.

Needs python3-torch (Debian 12: 1.13.1) and numpy. Weights, inputs and targets are a formula that
tests/unit/net/golden.h computes too (Philox 4x32-10), so only results are stored. The full-size case takes
a few minutes and 4 GB.   make_net.py [CASE ...]
SPDX-License-Identifier: Apache-2.0"""
import json
import math
import os
import struct
import sys

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 7


def philox(seed, stream, index):
    """Four 32-bit words for each index; Salmon 2011, doi:10.1145/2063384.2063405."""
    low = np.uint64(0xFFFFFFFF)
    index = np.asarray(index, np.uint64)
    c = [index & low, index >> np.uint64(32),
         np.full_like(index, stream & 0xFFFFFFFF), np.full_like(index, stream >> 32)]
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), p1 & low,
             (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p0 & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def uniform(high, low):
    bits = ((high << np.uint64(32)) | low) >> np.uint64(12)
    return (bits.astype(np.float64) + 0.5) * 2.0 ** -52


def normal(seed, stream, count):
    w = philox(seed, stream, np.arange(count))
    return np.sqrt(-2 * np.log(uniform(w[0], w[1]))) * np.cos(6.283185307179586 * uniform(w[2], w[3]))


def stream_of(name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def single(x):
    """Rounded to float32, as both sides start from the same numbers."""
    return torch.from_numpy(np.asarray(x, np.float32).astype(np.float64))


class Layer(torch.nn.Module):
    def __init__(self, inputs, case):
        super().__init__()
        self.conv = torch.nn.Conv3d(inputs, case["channels"], case["kernel"],
                                    padding=case["kernel"] // 2, bias=False)
        self.norm = torch.nn.BatchNorm3d(case["channels"])
        self.norm_last = case["order"] == "conv-relu-norm"

    def forward(self, x):
        x = self.conv(x)
        return self.norm(torch.relu(x)) if self.norm_last else torch.relu(self.norm(x))


class Block(torch.nn.Module):
    def __init__(self, case):
        super().__init__()
        self.first, self.second = Layer(case["channels"], case), Layer(case["channels"], case)

    def forward(self, x):
        return self.second(self.first(x)) + x


class Net(torch.nn.Module):
    def __init__(self, case):
        super().__init__()
        self.first = Layer(case["inputs"], case)
        self.blocks = torch.nn.ModuleList(Block(case) for _ in range(case["blocks"]))
        self.last = torch.nn.Conv3d(case["channels"], case["outputs"], 1)
        self.final = case["final"]

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        x = self.last(x)
        return torch.relu(x) if self.final == "relu" else x


def build(case):
    net = Net(case).double()
    with torch.no_grad():
        for name, p in net.named_parameters():
            n = normal(SEED, stream_of(name), p.numel()).reshape(p.shape)
            if name.endswith("conv.weight") or name == "last.weight":
                n = n * math.sqrt(2 / (p.numel() // p.shape[0]))
            elif name.endswith("norm.weight"):
                n = 1 + 0.2 * n
            else:
                n = 0.1 * n
            p.copy_(single(n))
    return net


def samples(case):
    i, j, k = case["size"]
    count = case["batch"] * case["inputs"] * i * j * k
    x = normal(SEED, 1, count).reshape(case["batch"], case["inputs"], k, j, i)
    noise = normal(SEED, 2, case["batch"] * case["outputs"] * i * j * k)
    noise = noise.reshape(case["batch"], case["outputs"], k, j, i)
    return single(x), single(np.abs(x[:, :1]) + 0.5 * noise)


def save(path, tensors, notes):
    """The safetensors format, written here so that the reference needs no code under test."""
    kinds = {np.dtype("float64"): "F64", np.dtype("float32"): "F32"}
    tensors = sorted(tensors.items(), key=lambda t: -t[1].dtype.itemsize)
    header, offset = {"__metadata__": notes}, 0
    for name, value in tensors:
        header[name] = {"dtype": kinds[value.dtype], "shape": list(value.shape),
                        "data_offsets": [offset, offset + value.nbytes]}
        offset += value.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for _, value in tensors:
            f.write(np.ascontiguousarray(value).tobytes())


def loss_of(case, net, x, y):
    function = torch.nn.functional.mse_loss if case["loss"] == "mse" else torch.nn.functional.l1_loss
    return function(net(x), y)


def make(name, case):
    net, (x, y) = build(case), samples(case)
    net.train()
    loss = loss_of(case, net, x, y)
    loss.backward()
    tensors = {"loss": np.array([loss.item()])}
    for p_name, p in net.named_parameters():
        tensors["gradient." + p_name] = p.grad.numpy().astype(np.float32)
    for b_name, b in net.named_buffers():
        if "running" in b_name:
            tensors[b_name] = b.numpy().astype(np.float32)
    if name != "full":
        net.eval()
        with torch.no_grad():
            out = net(x)
            held_out = (torch.nn.functional.mse_loss if case["loss"] == "mse"
                        else torch.nn.functional.l1_loss)(out, y)
        tensors["held_out_loss"] = np.array([held_out.item()])
        tensors["output"] = out.numpy().reshape(-1)[::7].astype(np.float32)
    finish(name, case, tensors)


def finish(name, case, tensors):
    notes = {key: " ".join(map(str, value)) if isinstance(value, list) else str(value)
             for key, value in case.items()}
    save(os.path.join(HERE, "net", name + ".safetensors"), tensors, notes)
    print(name, tensors["loss"] if "loss" in tensors else tensors["losses"])


def one_cycle(steps, top):
    """fastai v1's fit_one_cycle: rate and beta1 of each step."""
    up = int(steps * 0.3)
    def cosine(a, b, part):
        return b + (a - b) / 2 * (1 + math.cos(math.pi * part))
    for n in range(steps):
        if n < up:
            yield cosine(top / 25, top, n / up), cosine(0.95, 0.85, n / up)
        else:
            part = (n - up) / (steps - up)
            yield cosine(top, top / 25e4, part), cosine(0.85, 0.95, part)


def trajectory(name, case):
    net, (x, y) = build(case), samples(case)
    net.train()
    adam = torch.optim.Adam(net.parameters(), lr=1, betas=(0.9, 0.99), eps=1e-8)
    losses, plan = [], list(one_cycle(10, 5e-3))
    for rate, beta1 in plan:
        adam.zero_grad()
        loss = loss_of(case, net, x, y)
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for p in net.parameters():
                p.mul_(1 - 0.01 * rate)
        adam.param_groups[0]["lr"], adam.param_groups[0]["betas"] = rate, (beta1, 0.99)
        adam.step()
    tensors = {"losses": np.array(losses), "rates": np.array([p[0] for p in plan]),
               "betas": np.array([p[1] for p in plan])}
    for p_name, p in net.named_parameters():
        tensors["weight." + p_name] = p.detach().numpy().astype(np.float32)
    for b_name, b in net.named_buffers():
        if "running" in b_name:
            tensors[b_name] = b.numpy().astype(np.float32)
    finish(name, case, tensors)


BASE = {"channels": 5, "blocks": 2, "kernel": 3, "order": "conv-relu-norm", "final": "none",
        "loss": "mse", "batch": 1, "size": [13, 18, 11], "inputs": 1, "outputs": 1}
CASES = {
    "plain": {},
    "norm_first": {"order": "conv-norm-relu"},
    "norm_first_relu_mae": {"order": "conv-norm-relu", "final": "relu", "loss": "mae", "batch": 2},
    "relu": {"final": "relu"},
    "mae_two": {"loss": "mae", "batch": 2, "inputs": 2, "outputs": 2},
    "four_inputs": {"inputs": 4, "blocks": 1},
    "deep": {"blocks": 6, "channels": 3, "size": [9, 6, 7]},
    "flat": {"size": [17, 12, 1], "batch": 3, "blocks": 1},
    "wide": {"channels": 20, "blocks": 1, "size": [8, 7, 9], "batch": 2},
    "kernel5": {"kernel": 5, "blocks": 1, "size": [7, 8, 9], "channels": 3},
    "sixteen": {"channels": 16, "batch": 2, "order": "conv-norm-relu"},
    "full": {"channels": 16, "size": [96, 112, 96]},
}

if __name__ == "__main__":
    os.makedirs(os.path.join(HERE, "net"), exist_ok=True)
    for case_name, changes in CASES.items():
        if len(sys.argv) == 1 or case_name in sys.argv[1:]:
            make(case_name, {**BASE, **changes})
    if len(sys.argv) == 1 or "trajectory" in sys.argv[1:]:
        trajectory("trajectory", {**BASE, "batch": 2, "size": [20, 17, 12]})

#!/usr/bin/python3
"""Reference losses, gradients and predictions of the networks that a study can name, by PyTorch in
float64: U-Net, MeshNet and the residual network with their choices of norm, activation, kernel and
resolution. Parameters are named as in src/net/models/; weights and samples are those of make_net.py.
Of a tensor with more than 4000 values every seventh is kept.   make_models.py [CASE ...]
SPDX-License-Identifier: Apache-2.0"""
import math
import os
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import make_net

MANY = 4000


def edges(case, edge):
    """z y x; a two-dimensional network has 1 along z."""
    return (1 if case["dims"] == 2 else edge, edge, edge)


class Layer(nn.Module):
    """conv, norm, activation, in the case's order; `act` False: without the last."""

    def __init__(self, case, inputs, outputs, stride=1, dilation=1, kernel=None):
        super().__init__()
        size = edges(case, kernel or case["kernel"])
        around = edges(case, dilation)
        self.case = case
        self.conv = nn.Conv3d(inputs, outputs, size, stride=edges(case, stride), dilation=around,
                              padding=[d * (k // 2) for d, k in zip(around, size)],
                              bias=case["norm"] == "none")
        if case["kernels"] == "weight-norm":
            nn.utils.weight_norm(self.conv)
        if case["kernels"] == "spectral-norm":
            nn.utils.spectral_norm(self.conv)
        if case["norm"] != "none":
            affine = not case["plain"]
            self.norm = (nn.BatchNorm3d(outputs, affine=affine) if case["norm"] == "batch" else
                         nn.InstanceNorm3d(outputs, affine=affine) if case["norm"] == "instance" else
                         nn.GroupNorm(case["groups"], outputs, affine=affine))

    def normed(self, x):
        return x if self.case["norm"] == "none" else self.norm(x)

    def act(self, x):
        return {"relu": torch.relu, "leaky": lambda t: functional.leaky_relu(t, 0.01),
                "elu": functional.elu, "gelu": functional.gelu}[self.case["activation"]](x)

    def forward(self, x, act=True):
        x = self.conv(x)
        if self.case["order"] == "conv-relu-norm":
            return self.normed(self.act(x))
        x = self.normed(x)
        return self.act(x) if act else x


class Block(nn.Module):
    def __init__(self, case):
        super().__init__()
        channels = case["channels"]
        self.first, self.second = Layer(case, channels, channels), Layer(case, channels, channels)

    def forward(self, x):
        return self.second(self.first(x)) + x


class ResNet(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.first = Layer(case, case["inputs"], case["channels"])
        self.blocks = nn.Sequential(*(Block(case) for _ in range(case["blocks"])))

    def forward(self, x):
        return self.blocks(self.first(x))


class MeshNet(nn.Module):
    def __init__(self, case):
        super().__init__()
        case = dict(case, order="conv-norm-relu")
        widths = [case["inputs"]] + [case["channels"]] * len(case["dilations"]) * case["repeat"]
        self.layers = nn.Sequential(*(
            Layer(case, widths[n], widths[n + 1],
                  dilation=case["dilations"][n % len(case["dilations"])])
            for n in range(len(widths) - 1)))

    def forward(self, x):
        return self.layers(x)


class Level(nn.Module):
    def __init__(self, case, inputs, outputs, stride=1, below=0):
        super().__init__()
        self.case = case
        free = dict(case, kernels="free")
        if below and case["up"] == "transposed":
            self.up = nn.ConvTranspose3d(below, outputs, edges(case, 2), stride=edges(case, 2),
                                         bias=case["norm"] == "none")
        elif below:
            self.up = nn.Conv3d(below, outputs, 1, bias=case["norm"] == "none")
        self.first = Layer(case, inputs, outputs, stride=stride)
        self.second = Layer(case, outputs, outputs)
        if case["residual"] and (inputs != outputs or stride != 1):
            self.side = nn.Conv3d(inputs, outputs, 1, stride=edges(case, stride),
                                  bias=free["norm"] == "none")

    def meet(self, x, skip):
        x = self.up(x)
        if self.case["up"] != "transposed":
            mode = "nearest" if self.case["up"] == "nearest" else "trilinear"
            x = functional.interpolate(
                x, scale_factor=edges(self.case, 2), mode=mode,
                align_corners=None if mode == "nearest" else False)
        x = x[:, :, :skip.shape[2], :skip.shape[3], :skip.shape[4]]
        return x + skip if self.case["skip"] == "add" else torch.cat((x, skip), 1)

    def forward(self, x):
        y = self.second(self.first(x), act=not self.case["residual"])
        if not self.case["residual"]:
            return y
        return self.second.act(y + (self.side(x) if hasattr(self, "side") else x))


class UNet(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.case = case = dict(case, order="conv-norm-relu")
        wide = [min(case["channels"] << n, case["most"]) for n in range(case["levels"])]
        stride = 1 if case["down"] == "pool" else 2
        self.encoder = nn.ModuleList(
            Level(case, wide[n - 1] if n else case["inputs"], wide[n], stride if n else 1)
            for n in range(len(wide)))
        self.decoder = nn.ModuleList(
            Level(case, wide[n] * (1 if case["skip"] == "add" else 2), wide[n], below=wide[n + 1])
            for n in range(len(wide) - 1))

    def forward(self, x):
        kept = []
        for n, level in enumerate(self.encoder):
            if n and self.case["down"] == "pool":
                x = functional.max_pool3d(x, edges(self.case, 2), ceil_mode=True)
            x = level(x)
            kept.append(x)
        for n in range(len(self.decoder) - 1, -1, -1):
            x = self.decoder[n](self.decoder[n].meet(x, kept[n]))
        return x


class Net(nn.Module):
    def __init__(self, case):
        super().__init__()
        kinds = {"resnet": ResNet, "unet": UNet, "meshnet": MeshNet}
        self.inner = kinds[case["name"]](case)
        self.last = nn.Conv3d(case["channels"], case["outputs"], 1)
        self.final = case["final"]

    def forward(self, x):
        x = self.last(self.inner(x))
        return {"none": lambda t: t, "relu": torch.relu, "sigmoid": torch.sigmoid,
                "softmax": lambda t: torch.softmax(t, 1)}[self.final](x)


def larmor(name):
    return name[len("inner."):] if name.startswith("inner.") else name


def build(case):
    net = Net(case).double()
    with torch.no_grad():
        for name, p in list(net.named_parameters()) + list(net.named_buffers()):
            name = larmor(name)
            if "running" in name or "tracked" in name:
                continue
            n = make_net.normal(make_net.SEED, make_net.stream_of(name), p.numel()).reshape(p.shape)
            if name.endswith(("norm.weight", "weight_g")):
                n = 1 + 0.2 * n
            elif p.ndim == 5:
                n = n * math.sqrt(2 / (p.numel() // p.shape[0]))
            elif not name.endswith(("weight_u", "weight_v")):
                n = 0.1 * n
            p.copy_(make_net.single(n))
    return net


def kept(value):
    value = value.detach().numpy().astype(np.float32)
    return value if value.size <= MANY else value.reshape(-1)[::7]


def make(name, case):
    net, (x, y) = build(case), make_net.samples(case)
    net.train()
    loss = make_net.loss_of(case, net, x, y)
    loss.backward()
    tensors = {"loss": np.array([loss.item()])}
    for p_name, p in net.named_parameters():
        tensors["gradient." + larmor(p_name)] = kept(p.grad)
    for b_name, b in net.named_buffers():
        if "tracked" not in b_name:
            tensors[larmor(b_name)] = kept(b)
    net.eval()
    with torch.no_grad():
        out = net(x)
        tensors["held_out_loss"] = np.array([make_net.loss_of(case, lambda _: out, x, y).item()])
    tensors["output"] = out.numpy().reshape(-1)[::7].astype(np.float32)
    notes = {key: ("yes" if value else "no") if isinstance(value, bool) else value
             for key, value in case.items()}
    make_net.finish(name, notes, tensors)


BASE = {"name": "unet", "channels": 3, "blocks": 1, "levels": 3, "most": 320, "dilations": [1],
        "repeat": 1, "kernel": 3, "order": "conv-norm-relu", "activation": "leaky",
        "norm": "instance", "groups": 2, "plain": False, "down": "stride", "up": "transposed",
        "skip": "concat", "residual": False, "kernels": "free", "dims": 3, "final": "none",
        "loss": "mse", "batch": 2, "size": [13, 18, 11], "inputs": 1, "outputs": 1}
RESNET = {"name": "resnet", "channels": 5, "activation": "relu", "norm": "batch",
          "size": [9, 11, 7]}
MESHNET = {"name": "meshnet", "channels": 5, "activation": "relu", "norm": "batch",
           "dilations": [1, 2, 4, 1]}
CASES = {
    "unet": {"inputs": 2},
    "unet_residual": {"residual": True, "outputs": 2, "size": [9, 14, 7]},
    "unet_deep": {"levels": 4, "channels": 2, "most": 5, "batch": 1, "size": [17, 9, 12]},
    "unet_pool": {"down": "pool", "up": "linear", "skip": "add", "levels": 2, "channels": 4,
                  "size": [11, 14, 9], "final": "relu", "loss": "mae"},
    "unet_nearest": {"up": "nearest", "norm": "group", "activation": "elu", "levels": 2,
                     "channels": 4, "residual": True},
    "unet_flat": {"dims": 2, "size": [15, 18, 3], "norm": "batch", "plain": True,
                  "activation": "gelu"},
    "unet_bare": {"norm": "none", "activation": "relu", "levels": 2, "batch": 1},
    "unet_sixteen": {"channels": 16, "levels": 2, "inputs": 2, "size": [11, 8, 9]},
    "meshnet": {**MESHNET, "inputs": 2},
    "meshnet_softmax": {**MESHNET, "dilations": [2, 3], "repeat": 2, "outputs": 3, "batch": 1,
                        "norm": "instance", "plain": True, "final": "softmax"},
    "meshnet_line": {**MESHNET, "channels": 15, "dilations": [16, 8, 4, 2, 1], "outputs": 2,
                     "norm": "instance", "plain": True, "activation": "gelu",
                     "size": [23, 19, 35]},
    "resnet_weight_norm": {**RESNET, "kernels": "weight-norm", "norm": "none"},
    "resnet_spectral": {**RESNET, "kernels": "spectral-norm", "norm": "none"},
    "resnet_gelu": {**RESNET, "activation": "gelu", "norm": "instance", "final": "sigmoid",
                    "order": "conv-relu-norm"},
}

if __name__ == "__main__":
    for case_name, changes in CASES.items():
        if len(sys.argv) == 1 or case_name in sys.argv[1:]:
            make(case_name, {**BASE, **changes})

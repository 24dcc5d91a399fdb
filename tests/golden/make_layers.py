#!/usr/bin/python3
"""Reference results and gradients of layers without weights, by PyTorch in float64.

Needs python3-torch (Debian 12: 1.13.1) and numpy. The cases are those of `shapes` in
tests/unit/tensor/test_layers.c, in the same order. Inputs are exact in float32, those of a maximum halves, so
that many are equal; results are stored as float32.   make_layers.py
SPDX-License-Identifier: Apache-2.0"""
import os

import numpy as np
import torch
import torch.nn.functional as F

from make_net import save

CASES = [
    ((5, 6, 7), lambda x: F.max_pool3d(x, 2, 2, ceil_mode=True)),
    ((4, 5, 9), lambda x: F.max_pool3d(x, (3, 2, 3), (2, 1, 2), ceil_mode=True)),
    ((1, 7, 4), lambda x: F.max_pool3d(x, (1, 2, 1), (1, 3, 1), ceil_mode=True)),
    ((5, 6, 7), lambda x: F.avg_pool3d(x, 2, 2, ceil_mode=True)),
    ((4, 5, 9), lambda x: F.avg_pool3d(x, (3, 2, 3), (2, 1, 2), ceil_mode=True)),
    ((5, 6, 7), lambda x: F.adaptive_avg_pool3d(x, 1)),
    ((3, 4, 5), lambda x: F.interpolate(x, scale_factor=2, mode="nearest")),
    ((1, 4, 5), lambda x: F.interpolate(x, scale_factor=(1, 3, 2), mode="nearest")),
    ((3, 4, 5), lambda x: F.interpolate(x, scale_factor=2, mode="trilinear", align_corners=False)),
    ((1, 4, 5), lambda x: F.interpolate(x, scale_factor=(1, 3, 2), mode="trilinear", align_corners=False)),
    ((3, 4, 5), lambda x: F.pad(x, (3, 1, 2, 0, 1, 2))),  # x, y, z; before, after
    ((3, 4, 5), lambda x: F.pad(x, (2, 4, 3, 0, 1, 2), mode="reflect")),
    ((3, 4, 5), lambda x: F.pad(x, (2, 6, 3, 0, 1, 2), mode="replicate")),
    ((3, 4, 5), lambda x: F.pad(x, (2, 5, 4, 0, 1, 2), mode="circular")),
    ((3, 5, 7), lambda x: F.elu(x, 0.75)),
    ((3, 5, 7), F.gelu),
    ((3, 5, 7), torch.sigmoid),
    ((3, 5, 7), lambda x: F.softmax(x, 1)),
]


def main():
    draw, tensors = np.random.default_rng(5), {}
    for number, (size, function) in enumerate(CASES):
        x = draw.normal(size=(1, 3) + size).astype(np.float32)
        if number < 3:
            x = np.round(x * 2).astype(np.float32) / 2
        x = torch.from_numpy(x.astype(np.float64)).requires_grad_()
        y = function(x)
        dy = torch.from_numpy(draw.normal(size=y.shape).astype(np.float32).astype(np.float64))
        y.backward(dy)
        for name, value in (("in", x), ("out", y), ("dout", dy), ("din", x.grad)):
            tensors[f"{number}.{name}"] = value.detach().numpy().astype(np.float32)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.safetensors")
    save(path, tensors, {"torch": torch.__version__})


if __name__ == "__main__":
    main()

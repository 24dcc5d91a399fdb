#!/usr/bin/python3
"""Normalized kernels and their gradients, by torch.nn.utils.weight_norm and spectral_norm in float64.

Needs python3-torch (Debian 12: 1.13.1) and numpy. One convolution 3 -> 4 of 3x3x1 voxels and one transposed
convolution 3 -> 4 of 2x2x2, each with either normalization, after one step in training.   make_kernels.py
SPDX-License-Identifier: Apache-2.0"""
import os

import numpy as np
import torch

from make_net import HERE, save, single


def case(layer, normalize, rng):
    layer = normalize(layer.double())
    with torch.no_grad():
        for _, tensor in list(layer.named_parameters()) + list(layer.named_buffers()):
            tensor.copy_(single(rng.standard_normal(tensor.shape)))
            if tensor.dim() == 1:  # of spectral norm: unit vectors
                tensor.copy_(single(tensor / tensor.norm()))
    out = {name: t.detach().numpy().copy() for name, t in
           list(layer.named_parameters()) + list(layer.named_buffers())}
    layer.train()
    layer(torch.zeros(1, 3, 4, 4, 4, dtype=torch.float64))  # the hook sets layer.weight
    gradient = single(rng.standard_normal(layer.weight.shape))
    layer.weight.backward(gradient)
    out["kernel"], out["gradient"] = layer.weight.detach().numpy(), gradient.numpy()
    for name, p in layer.named_parameters():
        out["gradient." + name] = p.grad.numpy()
    for name, b in layer.named_buffers():
        out["after." + name] = b.numpy()
    return out


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    tensors = {}
    for name, normalize in (("weight_norm", torch.nn.utils.weight_norm),
                            ("spectral_norm", torch.nn.utils.spectral_norm)):
        conv = torch.nn.Conv3d(3, 4, (1, 3, 3), bias=False)
        up = torch.nn.ConvTranspose3d(3, 4, 2, stride=2, bias=False)
        for kind, layer in (("conv", conv), ("up", up)):
            for key, value in case(layer, normalize, rng).items():
                tensors[f"{name}.{kind}.{key}"] = np.ascontiguousarray(value, np.float64)
    save(os.path.join(HERE, "net", "kernels.safetensors"), tensors, {})

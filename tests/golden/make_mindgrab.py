#!/usr/bin/env python3
"""MindGrab in PyTorch, after the recipe of `larmor strip --method learned`: the head's box on a grid of 1 mm, values
between two quantiles, the network in float32, its logits back onto the scan's own grid. Nothing of larmor runs in it but
`larmor mask`, which says where the head is.

  make_mindgrab.py weights FILE                a small file of known layout with random weights, for tests
  make_mindgrab.py mask WEIGHTS IMAGE OUT      the mask of an image, on its grid, before it is cleaned
SPDX-License-Identifier: Apache-2.0"""
import os
import subprocess
import sys
import tempfile

import numpy as np

MARGIN, SPACING, TALLEST, WIDEST = 5.0, 1.0, 260, 300
DILATIONS, REPEAT, CHANNELS = (16, 8, 4, 2, 1), 5, 15


# ---- the network -----------------------------------------------------------------------------


def read_weights(path):
    """Layers of [di][dj][dk][in][out], a last one of [in][out] with two biases; as PyTorch wants them."""
    import torch
    flat, at, kernels = np.fromfile(path, "<f4"), 0, []
    for n in range(len(DILATIONS) * REPEAT):
        inputs = CHANNELS if n else 1
        kernel = flat[at:at + 27 * inputs * CHANNELS].reshape(3, 3, 3, inputs, CHANNELS)
        kernels.append(torch.from_numpy(kernel.transpose(4, 3, 0, 1, 2).copy()))
        at += kernel.size
    last = torch.from_numpy(flat[at:at + 2 * CHANNELS].reshape(CHANNELS, 2).T.copy().reshape(2, CHANNELS, 1, 1, 1))
    bias = torch.from_numpy(flat[at + 2 * CHANNELS:].copy())
    assert bias.numel() == 2
    return kernels, last, bias


def network(weights, box):
    """Logit of the brain less that of the rest; box and result are arrays [i][j][k]."""
    import torch
    kernels, last, bias = weights
    with torch.inference_mode():
        x = torch.from_numpy(np.ascontiguousarray(box, np.float32))[None, None]
        for n, kernel in enumerate(kernels):
            dilation = DILATIONS[n % len(DILATIONS)]
            x = torch.nn.functional.conv3d(x, kernel, padding=dilation, dilation=dilation)
            x = torch.nn.functional.group_norm(x, CHANNELS, eps=1e-5)
            x = torch.nn.functional.gelu(x)
        out = torch.nn.functional.conv3d(x, last, bias)[0]
        return (out[1] - out[0]).numpy()


# ---- the box ---------------------------------------------------------------------------------


def corners(size):
    low, high = [-0.5] * 3, [n - 0.5 for n in size]
    return np.array([[(low, high)[b >> a & 1][a] for a in range(3)] for b in range(8)])


def head_grid(image, head):
    """Shape [i][j][k] and affine of the box around a head mask, axes LIA, as FreeSurfer's conform would lay them."""
    move = lambda points: points @ image.affine[:3, :3].T + image.affine[:3, 3]
    anchor = move(np.array(image.shape) / 2)
    field, inside = move(corners(image.shape)), move(np.argwhere(head))
    low = np.maximum(inside.min(0) - MARGIN, field.min(0))
    high = np.minimum(inside.max(0) + MARGIN, field.max(0))
    for a, most in enumerate((WIDEST, WIDEST, TALLEST)):
        if high[a] - low[a] > most:
            low[a] = high[a] - most if a == 2 else (low[a] + high[a] - most) / 2
            high[a] = low[a] + most
    low, high = np.ceil((low - anchor) / SPACING - 1e-3), np.floor((high - anchor) / SPACING + 1e-3)
    size = (high - low).astype(int) + 1
    low, high = anchor + low * SPACING, anchor + high * SPACING
    affine = np.array([[-SPACING, 0, 0, high[0]], [0, 0, SPACING, low[1]], [0, -SPACING, 0, high[2]], [0, 0, 0, 1]])
    return (size[0], size[2], size[1]), affine


def resample(voxels, source, onto, shape, outside):
    """Linear; half a voxel beyond the field of view still takes the value at its edge."""
    from scipy import ndimage
    move = np.linalg.inv(source) @ onto
    out = ndimage.affine_transform(voxels, move[:3, :3], move[:3, 3], shape, np.float32, order=1, mode="nearest")
    at = np.indices(shape, np.float32)
    for a in range(3):
        index = sum(np.float32(move[a, n]) * at[n] for n in range(3)) + np.float32(move[a, 3])
        out[(index < -0.5001) | (index > voxels.shape[a] - 0.4999)] = outside
    return out


def box_of(image, head):
    voxels = np.asarray(image.dataobj, np.float32)
    shape, affine = head_grid(image, head)
    spacing = np.sqrt((image.affine[:3, :3]**2).sum(0))
    if (spacing < SPACING).any():  # a coarser grid reads neighbours' mean
        from scipy import ndimage
        wide = np.sqrt(np.maximum(0, (SPACING / spacing)**2 - 1)) * 0.42466
        voxels = ndimage.gaussian_filter(voxels, np.where(wide < 0.1, 0, wide), mode="nearest")
    box = resample(voxels, image.affine, affine, shape, voxels.min())
    low, high = np.quantile(box, [0.02, 0.98])
    return np.clip((box - low) / (high - low), 0, 1), affine


def head_of(path, larmor):
    import nibabel
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "head.nii.gz")
        subprocess.run([larmor, "mask", path, "-o", out, "-q"], check=True, stdout=subprocess.DEVNULL)
        return np.asarray(nibabel.load(out).dataobj) > 0


def mask_of(weights, path, larmor):
    """On the grid of the image: the network's own answer, and the same less small pieces and holes."""
    import nibabel
    from scipy import ndimage
    image = nibabel.load(path)
    box, affine = box_of(image, head_of(path, larmor))
    logits = network(weights, box)
    raw = resample(logits, affine, image.affine, image.shape, -1) > 0
    pieces, count = ndimage.label(raw)
    clean = raw if count < 2 else pieces == 1 + np.argmax(ndimage.sum(raw, pieces, range(1, count + 1)))
    return raw, ndimage.binary_fill_holes(clean), logits


def dice(a, b):
    return 2.0 * (a & b).sum() / max(1, a.sum() + b.sum())


def main(argv):
    larmor = os.environ.get("LARMOR", "larmor")
    if argv[1:2] == ["weights"]:
        count = 27 * CHANNELS + 24 * 27 * CHANNELS**2 + 2 * CHANNELS + 2
        (0.1 * np.random.default_rng(8).standard_normal(count)).astype("<f4").tofile(argv[2])
    elif argv[1:2] == ["mask"]:
        import nibabel
        image = nibabel.load(argv[3])
        raw = mask_of(read_weights(argv[2]), argv[3], larmor)[0]
        nibabel.save(nibabel.Nifti1Image(raw.astype(np.uint8), image.affine), argv[4])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv)

#!/usr/bin/env python3
"""MindGrab in PyTorch, after the recipe of `larmor strip --method learned`: the head's box on a grid of 1 mm, values
between two quantiles, the network in float32, its logits back onto the scan's own grid. Nothing of larmor runs in it but
`larmor mask`, which says where the head is.

  make_mindgrab.py                             mindgrab.txt: logits of random weights in a random box; and
                                               tiny_strip.safetensors, a model file of one layer that marks what is bright
  make_mindgrab.py weights FILE                those weights, as a file of MindGrab's layout
  make_mindgrab.py mask WEIGHTS IMAGE OUT      the mask of an image, on its grid: 1 as the network gives it, and 2 more
                                               where the largest piece and its holes are
  make_mindgrab.py slices WEIGHTS IMAGE        mindgrab_slices.txt: how many voxels of it lie in each slice, along i, j, k
SPDX-License-Identifier: Apache-2.0"""
import os
import subprocess
import sys
import tempfile

import numpy as np

MARGIN, SPACING, TALLEST, WIDEST = 20.0, 1.0, 260, 300
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


def head_grid(image, head):
    """Shape [i][j][k] and affine of the box around a head mask, axes LIA, as FreeSurfer's conform would lay them."""
    move = lambda points: points @ image.affine[:3, :3].T + image.affine[:3, 3]
    anchor = move(np.array(image.shape) / 2)
    inside = move(np.argwhere(head))
    low, high = inside.min(0), inside.max(0)
    for a, most in enumerate((WIDEST, WIDEST, TALLEST)):
        if high[a] - low[a] > most:
            low[a] = high[a] - most if a == 2 else (low[a] + high[a] - most) / 2
            high[a] = low[a] + most
    low = np.ceil((low - MARGIN - anchor) / SPACING - 1e-3)
    high = np.floor((high + MARGIN - anchor) / SPACING + 1e-3)
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


# ---- what is stored --------------------------------------------------------------------------

SEED, SIZE, EVERY = 8, (20, 24, 28), 97  # as tests/unit/brain/test_strip_models.c


def random_weights(path):
    import make_net
    count = 27 * CHANNELS + (len(DILATIONS) * REPEAT - 1) * 27 * CHANNELS**2 + 2 * CHANNELS + 2
    (0.1 * make_net.normal(SEED, 1, count)).astype("<f4").tofile(path)


def write_golden():
    import make_net
    import torch
    with tempfile.TemporaryDirectory() as folder:
        random_weights(os.path.join(folder, "weights"))
        weights = read_weights(os.path.join(folder, "weights"))
    w = make_net.philox(SEED, 2, np.arange(np.prod(SIZE)))
    box = make_net.uniform(w[0], w[1]).astype(np.float32).reshape(SIZE, order="F")
    logits = network(weights, box).ravel(order="F")
    with open(os.path.join(make_net.HERE, "mindgrab.txt"), "w") as f:
        f.write("# by make_mindgrab.py with PyTorch %s: every %dth logit\n" % (torch.__version__, EVERY))
        f.writelines("%.6f\n" % value for value in logits[::EVERY])


def write_tiny():
    """Not by larmor's own code: what it must be able to read."""
    import hashlib
    import make_net
    tensors = {"layers.0.conv.weight": np.full((1, 1, 3, 3, 3), 1 / 27, np.float32),
               "last.weight": np.full((1, 1, 1, 1, 1), 1, np.float32), "last.bias": np.full(1, -0.4, np.float32)}
    notes = {"name": "mindgrab", "about": "what is bright, for tests", "cite": "nobody",
             "licence": "Apache-2.0\nas larmor itself", "origin": "tests/golden/make_mindgrab.py of larmor",
             "source": "",
             "network": "network name: meshnet\nnetwork channels: 1\nnetwork dilations: 1\nnetwork repeat: 1\n"
                        "network activation: gelu\nnetwork norm: instance\nnetwork plain: yes\n",
             "input": "spacing: 2\naxes: LIA\nmargin: 8\nlow: 0.02\nhigh: 0.98\nhounsfield: 0 100\n",
             "weights": hashlib.sha256(b"".join(t.tobytes() for t in tensors.values())).hexdigest()}
    seal = hashlib.sha256(b"".join(w.encode() + b"\0" for pair in notes.items() for w in pair)).hexdigest()
    make_net.save(os.path.join(make_net.HERE, "tiny_strip.safetensors"), tensors,
                  dict(notes, larmor="0.1.0", kind="strip", version="1", seal=seal))


def write_slices(mask):
    import make_net
    with open(os.path.join(make_net.HERE, "mindgrab_slices.txt"), "w") as f:
        f.write("# by make_mindgrab.py with PyTorch, of MindGrab's own t1_crop.nii.gz: voxels of the mask in each slice\n")
        for a in range(3):
            f.write(" ".join(map(str, mask.sum(tuple({0, 1, 2} - {a})))) + "\n")


def main(argv):
    larmor = os.environ.get("LARMOR", "larmor")
    if len(argv) == 1:
        write_golden()
        write_tiny()
    elif argv[1:2] == ["weights"]:
        random_weights(argv[2])
    elif argv[1:2] == ["mask"]:
        import nibabel
        image = nibabel.load(argv[3])
        raw, clean, _ = mask_of(read_weights(argv[2]), argv[3], larmor)
        nibabel.save(nibabel.Nifti1Image(raw + 2 * clean.astype(np.uint8), image.affine), argv[4])
    elif argv[1:2] == ["slices"]:
        write_slices(mask_of(read_weights(argv[2]), argv[3], larmor)[1])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv)

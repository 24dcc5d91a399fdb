#!/usr/bin/env python3
"""Reference numbers for the train room, from programs that larmor did not write.

usage: make_train.py FASTAI1 FASTAI2 > train.json
FASTAI1, FASTAI2: unpacked source of fastai 1.0.61 and 2.7.18 (pip download). Needs numpy and
scikit-image. Schedules: fastai 1's annealing; suggestions: fastai 2's functions and fastai 1's
gradient; scores: scikit-image and numpy.
SPDX-License-Identifier: Apache-2.0
"""
import ast, json, math, sys
import numpy as np
from skimage.metrics import structural_similarity


def functions(path, names, room):
    """Runs only the named functions of a source file."""
    tree = ast.parse(open(path).read())
    tree.body = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name in names]
    for n in tree.body:
        n.decorator_list, n.returns = [], None
        for a in n.args.args:
            a.annotation = None
    exec(compile(tree, path, "exec"), room)
    return room


fastai1, fastai2 = sys.argv[1:3]
one = functions(fastai1 + "/fastai/callback.py", ["annealing_cos", "annealing_exp"], {"np": np})
two = functions(fastai2 + "/fastai/callback/schedule.py", ["valley", "slide"],
                {"np": np, "to_np": np.asarray})


def one_cycle(steps, rate, moms=(0.95, 0.85), div=25.0, pct=0.3):
    """The values in force at each step, as OneCycleScheduler sets them batch by batch."""
    a1 = int(steps * pct)
    phases = [(rate / div, rate, a1), (rate, rate / (div * 1e4), steps - a1)]
    out, lr, mom, phase, n = [], rate / div, moms[0], 0, 0
    for _ in range(steps):
        out.append([lr, mom])
        low, high, count = phases[phase]
        n += 1
        lr = one["annealing_cos"](low, high, n / count)
        m = moms if phase == 0 else moms[::-1]
        mom = one["annealing_cos"](m[0], m[1], n / count)
        if n >= count:
            phase, n = phase + 1, 0
    return out


def curve(count):
    """A range-test curve: flat, a fall, a rise; with a ripple."""
    x = np.arange(count) / count
    return 1 - 0.8 / (1 + np.exp(-(x - 0.55) * 18)) + 3 * np.maximum(0, x - 0.8) ** 2 * 8 \
        + 0.003 * np.sin(40 * x)


rates = 1e-7 * (1e8) ** (np.arange(100) / 100)
losses = curve(100)
kept_rates, kept = rates[10:-5], losses[10:-5]
suggestion = {
    "steepest": float(kept_rates[np.gradient(kept).argmin()]),
    "minimum": float(kept_rates[kept.argmin()] / 10),
    "valley": two["valley"](list(kept_rates), list(kept), 100)[0],
    "slide": two["slide"](list(kept_rates), list(kept), 100)[0],
}

k, j, i = np.meshgrid(np.arange(14), np.arange(16), np.arange(18), indexing="ij")
truth = (np.sin(0.5 * i) * np.cos(0.4 * j) + 0.1 * k).astype(np.float32)
other = (truth + 0.2 * np.sin(1.3 * i + 0.7 * j + 0.9 * k)).astype(np.float32)
mask = ((i - 9) ** 2 + (j - 8) ** 2 + (k - 7) ** 2) < 40
t, p = truth[mask].astype(np.float64), other[mask].astype(np.float64)
peak = t.max() - t.min()
ssim = structural_similarity(truth.astype(np.float64), other.astype(np.float64), data_range=peak,
                             gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                             truncate=3.5, full=True)[1]
mse = float(((p - t) ** 2).mean())
scores = {"voxels": int(mask.sum()), "mae": float(abs(p - t).mean()), "mse": mse,
          "psnr": 10 * math.log10(peak ** 2 / mse), "ssim": float(ssim[mask].mean()),
          "ncc": float(np.corrcoef(t, p)[0, 1])}
json.dump({"one_cycle": one_cycle(37, 3e-3), "losses": list(losses), "suggestion": suggestion,
           "scores": scores}, sys.stdout, indent=1)

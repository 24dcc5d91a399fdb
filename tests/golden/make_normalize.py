#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the peers make of the normalizers of one image.

Writes normalize_in.nii.gz (four volumes: t1, t2, flair, pd), normalize_mask.nii.gz and
normalize.txt beside itself. A line of normalize.txt: scan, contrast, method, numbers. Scans are
the volumes above, and real ones where they are found (first argument, default ../shared/data).

Needs intensity-normalization 2.2.4 with its statsmodels, scikit-fuzzy and scikit-learn.
"""
import pathlib
import sys
import warnings

import nibabel
import numpy as np
import skfuzzy
from intensity_normalization.normalize.fcm import FCMNormalize
from intensity_normalization.normalize.kde import KDENormalize
from intensity_normalization.normalize.whitestripe import WhiteStripeNormalize
from intensity_normalization.typing import Modality
from sklearn.mixture import GaussianMixture

warnings.simplefilter("ignore")
here = pathlib.Path(__file__).parent
data = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else here / "../../../shared/data")
lines = []


def say(scan, contrast, method, *numbers):
    lines.append(" ".join([scan, contrast, method] + [f"{n:.12g}" for n in numbers]))
    (here / "normalize.txt").write_text("\n".join(lines) + "\n")


def whitestripe(image, mask, modality):
    n = WhiteStripeNormalize()
    n.setup(image, mask, modality=modality)
    # theirs looks for the stripe outside the mask too, at 0
    assert not n.whitestripe[~mask].any()
    return n.calculate_location(image), n.calculate_scale(image)


def gmm(values, contrast):
    fit = GaussianMixture(3, tol=1e-9, max_iter=3000, random_state=0).fit(values.reshape(-1, 1))
    order = np.argsort(fit.means_.ravel())
    one = order[{"t1": 2, "flair": 1}.get(contrast, 0)]
    return fit.means_.ravel()[one], np.sqrt(fit.covariances_.ravel()[one])


def fcm_centres(values):
    np.random.seed(0)
    return np.sort(skfuzzy.cmeans(values.reshape(1, -1), 3, 2, 1e-7, 1000)[0].ravel())


def run(scan, contrast, image, mask):
    image = image.astype(np.float64)
    values = image[mask]
    modality = Modality.from_string(contrast)
    say(scan, contrast, "zscore", values.mean(), values.std())
    say(scan, contrast, "kde", KDENormalize().calculate_scale(image, mask, modality=modality))
    say(scan, contrast, "whitestripe", *whitestripe(image, mask, modality))
    if values.size < 50000:  # it takes minutes for more
        say(scan, contrast, "gmm", *gmm(values, contrast))
    say(scan, contrast, "percentile", *np.percentile(values, [0.5, 99.5]))
    if contrast == "t1":
        np.random.seed(0)
        fcm = FCMNormalize()
        say(scan, contrast, "fcm", fcm.calculate_scale(image, mask, modality=modality))
        if values.size < 50000:
            say(scan, contrast, "centres", *fcm_centres(values))


def synthetic():
    random = np.random.default_rng(11)
    size = (28, 32, 20)
    i, j, k = np.meshgrid(*[np.linspace(-1, 1, n) for n in size], indexing="ij")
    radius = np.sqrt(i**2 + j**2 + k**2) + 0.05 * np.sin(7 * i) * np.cos(5 * j)
    mask = radius < 0.97
    white, fluid = radius < 0.62, (radius < 0.22) | (radius > 0.9)
    tissue = np.where(fluid, 0, np.where(white, 2, 1))
    signals = {"t1": (110, 260, 380), "t2": (900, 420, 300), "flair": (70, 330, 260), "pd": (520, 480, 400)}
    volumes = []
    for signal in signals.values():
        clean = np.asarray(signal)[tissue].astype(float) * (1 + 0.04 * i)
        noisy = clean + random.normal(0, 0.045 * signal[2], size)
        outside = np.abs(random.normal(0, 8, size))
        volumes.append(np.where(mask, noisy, outside).round().clip(0, 65535))
    volumes = np.stack(volumes, -1).astype(np.uint16)
    nibabel.save(nibabel.Nifti1Image(volumes, np.diag([2, 2, 2, 1])), here / "normalize_in.nii.gz")
    nibabel.save(nibabel.Nifti1Image(mask.astype(np.uint8), np.diag([2, 2, 2, 1])), here / "normalize_mask.nii.gz")
    for n, contrast in enumerate(signals):
        run("synthetic", contrast, volumes[..., n], mask)


def load(path):
    return np.asarray(nibabel.load(path).dataobj)


synthetic()
for subject in (1, 2):
    t1 = data / f"cohort2mm/t1/Subj{subject}_T1.nii.gz"
    if t1.exists():
        labels = next((data / "cohort2mm/labels").glob(f"Subj{subject}_*"))
        run(f"cohort2mm/t1/Subj{subject}_T1.nii.gz:{labels.relative_to(data)}", "t1", load(t1), load(labels) > 0)
for name, contrast in (("T1W", "t1"), ("T2W", "t2"), ("FLAIR", "flair")):
    path = data / f"openms/patient01/study1_{name}.nii.gz"
    if path.exists():
        image = load(path)
        run(f"openms/patient01/study1_{name}.nii.gz:positive", contrast, image, image > 0)

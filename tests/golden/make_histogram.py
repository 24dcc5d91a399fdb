#!/usr/bin/env python3
# Makes histogram.txt: Jensen-Shannon distances (scipy.spatial.distance.jensenshannon, natural
# logarithms) of the histograms (numpy, 200 bins over the range that all share) of the four scans of
# population.nii.gz inside population_mask.nii.gz: a line "n m distance" for each pair.
# Needs numpy, nibabel, scipy.
# SPDX-License-Identifier: Apache-2.0
import os

import nibabel
import numpy
from scipy.spatial.distance import jensenshannon

here = os.path.dirname(os.path.abspath(__file__))
scans = numpy.asanyarray(nibabel.load(os.path.join(here, "population.nii.gz")).dataobj)
mask = numpy.asanyarray(nibabel.load(os.path.join(here, "population_mask.nii.gz")).dataobj) > 0
values = [scans[..., n][mask].astype(float) for n in range(scans.shape[3])]
ends = (min(v.min() for v in values), max(v.max() for v in values))
counts = [numpy.histogram(v, bins=200, range=ends)[0] for v in values]
with open(os.path.join(here, "histogram.txt"), "w") as out:
    for n in range(len(counts)):
        for m in range(n + 1, len(counts)):
            out.write(f"{n} {m} {jensenshannon(counts[n], counts[m]):.15g}\n")

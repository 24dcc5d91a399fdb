"""The peers' side of bench_intensity.py, with the same words as intensity_ours.c:
    intensity_peers.py WORK RUNS THREADS OUT FILE ...
SimpleITK for N4; intensity-normalization and its parts (scikit-fuzzy, statsmodels) for the rest.
`kde` and `whitestripe` name what runs after the colon: the package as installed, or the formula of its
version 2 (statsmodels' binned transform), which version 3 replaced by a slower sum.
SPDX-License-Identifier: Apache-2.0"""
import statistics
import sys
import time

ABSENT = 77


def memory_kb(field):
    for line in open("/proc/self/status"):
        if line.startswith(field + ":"):
            return int(line.split()[1])


# ---- N4 ----------------------------------------------------------------------------------------


def n4(files, threads, out):
    import SimpleITK as sitk
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    image = sitk.ReadImage(files[0], sitk.sitkFloat32)
    if len(files) > 1 and files[1]:
        mask = sitk.ReadImage(files[1], sitk.sitkUInt8)
    else:  # the whole image, as ANTsPy
        mask = sitk.Image(image.GetSize(), sitk.sitkUInt8) + 1
        mask.CopyInformation(image)
    kept = []

    def work():
        n4 = sitk.N4BiasFieldCorrectionImageFilter()
        n4.SetMaximumNumberOfIterations([50] * 4)
        n4.SetConvergenceThreshold(1e-7)
        n4.SetNumberOfControlPoints([4] * 3)  # a mesh of 1x1x1
        factors = [min(4, n) for n in image.GetSize()]
        n4.Execute(sitk.Shrink(image, factors), sitk.Shrink(mask, factors))
        field = sitk.Exp(sitk.Cast(n4.GetLogBiasFieldAsImage(image), sitk.sitkFloat32))
        kept[:] = [field, image / field]

    def finish():
        if out:
            sitk.WriteImage(kept[0], out)
        return []

    return work, finish


# ---- normalization -------------------------------------------------------------------------------


def pairs(files):
    import nibabel
    from intensity_normalization.adapters.images import NumpyImageAdapter
    read = [NumpyImageAdapter(nibabel.load(f).get_fdata(dtype="float32")) for f in files]
    return read[0::2], read[1::2]


def single(make, number):
    def side(files, threads, out):
        (image,), (mask,) = pairs(files)
        kept = []

        def work():
            kept[:] = [make().fit(image, mask)]

        return work, lambda: [float(number(kept[0]))]
    return side


def fcm():
    from intensity_normalization.normalizers.individual.fcm import FCMNormalizer
    return FCMNormalizer()


def fcm_mean(fitted):
    return fitted._tissue_mean


def mode_by_version_2(values):
    """Bandwidth max / 80, 80 points of grid (statsmodels makes 128 of them), the last peak below the
    96th percentile."""
    import numpy
    import scipy.signal
    import statsmodels.api
    values = values[values <= numpy.percentile(values, 96)].astype(float)
    kde = statsmodels.api.nonparametric.KDEUnivariate(values)
    kde.fit(kernel="gau", bw=values.max() / 80, gridsize=80, fft=True)
    peaks = scipy.signal.argrelmax(100 * kde.density)[0]
    return kde.support[peaks[-1]]


def formula(then):
    def side(files, threads, out):
        (image,), (mask,) = pairs(files)
        image, mask, kept = image.get_data(), mask.get_data(), []

        def work():
            values = image[mask > 0].flatten()
            kept[:] = then(values, mode_by_version_2(values))

        return work, lambda: [float(n) for n in kept]
    return side


def stripe(values, mode):
    import numpy
    at = numpy.mean(values < mode)
    low, high = numpy.quantile(values, (max(at - 0.05, 0), min(at + 0.05, 1)))
    inside = values[(values > low) & (values < high)]
    return [inside.mean(), inside.std()]


def package(name):
    from intensity_normalization.normalizers import individual
    return {"kde": individual.kde.KDENormalizer,
            "whitestripe": individual.whitestripe.WhiteStripeNormalizer}[name]()


def nyul(apply):
    def side(files, threads, out):
        from intensity_normalization.normalizers.population.nyul import NyulNormalizer
        images, masks = pairs(files)
        fitted = NyulNormalizer()
        if apply:
            fitted.fit_population(images, masks)

        def work():
            if apply:
                fitted.transform(images[0], masks[0])
            else:
                fitted.fit_population(images, masks)

        return work, lambda: [] if apply else [float(n) for n in fitted.standard_scale]
    return side


WORKS = {
    "n4": n4,
    "fcm": single(fcm, fcm_mean),
    "kde:package": single(lambda: package("kde"), lambda fitted: fitted.tissue_mode),
    "kde:version 2": formula(lambda values, mode: [mode]),
    "whitestripe:package": single(lambda: package("whitestripe"), lambda fitted: fitted.mean),
    "whitestripe:version 2": formula(stripe),
    "nyul-fit": nyul(False),
    "nyul-apply": nyul(True),
}


def main():
    name, runs, threads, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    try:
        work, finish = WORKS[name](sys.argv[5:], threads, out)
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(ABSENT)
    base, cpu, wall = memory_kb("VmRSS"), [], []
    open("/proc/self/clear_refs", "w").write("5")
    for run in range(runs + (runs > 1)):
        start = time.process_time(), time.monotonic()
        work()
        if run or runs == 1:  # the first is not counted: modules load
            cpu.append(time.process_time() - start[0])
            wall.append(time.monotonic() - start[1])
    print(statistics.median(cpu), statistics.median(wall), memory_kb("VmHWM") - base, *finish())


if __name__ == "__main__":
    main()

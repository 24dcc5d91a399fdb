"""The peers' side of bench_register.py, one registration in a process:
    register_peers.py WORK FIXED MOVING [FIXED_LABELS MOVING_LABELS]
ANTsPy as it comes (ants-rigid, ants-affine, ants-syn) and elastix with its default parameter maps
(elastix-rigid, elastix-affine; -more: 8192 samples, 500 iterations, the affine map after a rigid one).
Prints the CPU and wall seconds of the work, the peak memory above what was there before in kB, and the
map from fixed to moving (3 x 4, RAS); of ants-syn the mean Dice of labels and the voxels that fold.
SPDX-License-Identifier: Apache-2.0"""
import os
import resource
import sys
import time

os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"
ABSENT = 77


def memory_kb(field):
    for line in open("/proc/self/status"):
        if line.startswith(field + ":"):
            return int(line.split()[1])


def measured(work):
    """What the work returns, and what it took; compiled parts' threads count too."""
    base = memory_kb("VmRSS")
    open("/proc/self/clear_refs", "w").write("5")
    before, wall = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    result = work()
    wall = time.monotonic() - wall
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return result, [cpu, wall, memory_kb("VmHWM") - base]


def in_ras(matrix, translation, centre):
    """ITK's matrix, translation and centre, in LPS: 3 x 4 numbers."""
    import numpy
    matrix, centre = numpy.reshape(matrix, (3, 3)), numpy.array(centre)
    to = numpy.eye(4)
    to[:3, :3], to[:3, 3] = matrix, numpy.array(translation) + centre - matrix @ centre
    flip = numpy.diag([-1.0, -1, 1, 1])
    return flip @ to @ flip


# ---- ANTs --------------------------------------------------------------------------------------


def dice(fixed, moved):
    """The mean over labels of the two."""
    import numpy
    top = int(max(fixed.max(), moved.max())) + 1
    count = [numpy.bincount(a.astype(int).ravel(), minlength=top) for a in (fixed, moved)]
    both = numpy.bincount(fixed[fixed == moved].astype(int).ravel(), minlength=top)
    there = [c for c in range(1, top) if count[0][c] + count[1][c]]
    return float(numpy.mean([2 * both[c] / (count[0][c] + count[1][c]) for c in there]))


def ants_affine(kind, files):
    import ants
    fixed, moving = (ants.image_read(f) for f in files[:2])
    found, took = measured(lambda: ants.registration(fixed, moving, type_of_transform=kind))
    (path,) = found["fwdtransforms"]
    to = ants.read_transform(path)
    return took, list(in_ras(to.parameters[:9], to.parameters[9:], to.fixed_parameters)[:3].ravel())


def ants_syn(files):
    import ants
    fixed, moving, fixed_labels, moving_labels = (ants.image_read(f) for f in files)
    found, took = measured(lambda: ants.registration(fixed, moving, type_of_transform="SyN"))
    labels = ants.apply_transforms(fixed, moving_labels, found["fwdtransforms"], interpolator="nearestNeighbor")
    jacobian = ants.create_jacobian_determinant_image(fixed, found["fwdtransforms"][0])
    return took, [dice(fixed_labels.numpy(), labels.numpy()), int((jacobian.numpy() <= 0).sum())]


# ---- elastix -----------------------------------------------------------------------------------


def elastix(kind, more, files):
    import itk
    import numpy
    fixed, moving = (itk.imread(f, itk.F) for f in files[:2])
    settings = itk.ParameterObject.New()
    kinds = ["rigid", "affine"] if more and kind == "affine" else [kind]
    for stage, name in enumerate(kinds):
        settings.AddParameterMap(itk.ParameterObject.GetDefaultParameterMap(name))
        settings.SetParameter(stage, "AutomaticTransformInitialization", "false" if stage else "true")
        settings.SetParameter(stage, "WriteResultImage", "false")
        if more:
            settings.SetParameter(stage, "NumberOfSpatialSamples", "8192")
            settings.SetParameter(stage, "MaximumNumberOfIterations", "500")

    def work():
        method = itk.ElastixRegistrationMethod.New(fixed, moving)
        method.SetParameterObject(settings)
        method.SetNumberOfThreads(1)
        method.LogToConsoleOff()
        method.UpdateLargestPossibleRegion()
        return method

    method, took = measured(work)
    result, to = method.GetTransformParameterObject(), numpy.eye(4)
    for stage, name in enumerate(kinds):  # the first acts first
        numbers = [float(v) for v in result.GetParameter(stage, "TransformParameters")]
        centre = [float(v) for v in result.GetParameter(stage, "CenterOfRotationPoint")]
        if name == "rigid":
            turn = itk.Euler3DTransform[itk.D].New()
            turn.SetComputeZYX(result.GetParameter(stage, "ComputeZYX")[0] == "true")
            turn.SetRotation(*numbers[:3])
            numbers[:3] = itk.array_from_matrix(turn.GetMatrix()).ravel()
        to = in_ras(numbers[:9], numbers[9:], centre) @ to
    return took, list(to[:3].ravel())


WORKS = {
    "ants-rigid": lambda files: ants_affine("Rigid", files),
    "ants-affine": lambda files: ants_affine("Affine", files),
    "ants-syn": ants_syn,
    "elastix-rigid": lambda files: elastix("rigid", False, files),
    "elastix-affine": lambda files: elastix("affine", False, files),
    "elastix-rigid-more": lambda files: elastix("rigid", True, files),
    "elastix-affine-more": lambda files: elastix("affine", True, files),
}


def main():
    try:
        took, numbers = WORKS[sys.argv[1]](sys.argv[2:])
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(ABSENT)
    print(*took, *("%.17g" % n for n in numbers))


if __name__ == "__main__":
    main()

/* What dcm2niix's sidecar says of a series, without what may tell who was scanned, where or when:
 * of its fields (BIDS 1.9, "MRI" and common metadata) those that describe the machine and the
 * measurement are kept, by name; anything else is left out.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "format/dicom/dicom.h"

enum { MOST_BYTES = 1 << 24, MOST_TEXT = 256 };

static const char *const kept[] = { "AccelFactPE",
                                    "AcquisitionDuration",
                                    "AcquisitionMatrixPE",
                                    "AcquisitionNumber",
                                    "ArterialSpinLabelingType",
                                    "B0FieldIdentifier",
                                    "B0FieldSource",
                                    "BandwidthPerPixelPhaseEncode",
                                    "BaseResolution",
                                    "BodyPartExamined",
                                    "CTDIvol",
                                    "CoilCombinationMethod",
                                    "CoilString",
                                    "ContentQualification",
                                    "ConversionSoftware",
                                    "ConversionSoftwareVersion",
                                    "ConvolutionKernel",
                                    "DataCollectionDiameter",
                                    "DerivedVendorReportedEchoSpacing",
                                    "DiffusionScheme",
                                    "DiffusionDirectionality",
                                    "DwellTime",
                                    "EchoNumber",
                                    "EchoTime",
                                    "EchoTime1",
                                    "EchoTime2",
                                    "EchoTrainLength",
                                    "EffectiveEchoSpacing",
                                    "EstimatedEffectiveEchoSpacing",
                                    "EstimatedTotalReadoutTime",
                                    "Exposure",
                                    "ExposureTime",
                                    "FilterType",
                                    "FlipAngle",
                                    "GantryDetectorTilt",
                                    "GeneratorPower",
                                    "HighBit",
                                    "ImageOrientationPatientDICOM",
                                    "ImageOrientationText",
                                    "ImageType",
                                    "ImagedNucleus",
                                    "ImagingFrequency",
                                    "InPlanePhaseEncodingDirectionDICOM",
                                    "InternalPulseSequenceName",
                                    "InterpolationInPlane",
                                    "InversionTime",
                                    "KVP",
                                    "MRAcquisitionType",
                                    "MTState",
                                    "MagneticFieldStrength",
                                    "Manufacturer",
                                    "ManufacturersModelName",
                                    "MatrixCoilMode",
                                    "Modality",
                                    "MultibandAccelerationFactor",
                                    "NonlinearGradientCorrection",
                                    "NumberOfAverages",
                                    "NumberShots",
                                    "ParallelAcquisitionTechnique",
                                    "ParallelReductionFactorInPlane",
                                    "ParallelReductionFactorOutOfPlane",
                                    "ParallelReductionOutOfPlane",
                                    "PartialFourier",
                                    "PartialFourierDirection",
                                    "PatientPosition",
                                    "PercentPhaseFOV",
                                    "PercentSampling",
                                    "PhaseEncodingAxis",
                                    "PhaseEncodingDirection",
                                    "PhaseEncodingPolarityGE",
                                    "PhaseEncodingSteps",
                                    "PhaseEncodingStepsNoPartialFourier",
                                    "PhaseEncodingStepsOutOfPlane",
                                    "PhaseOversampling",
                                    "PhaseResolution",
                                    "PhilipsRWVIntercept",
                                    "PhilipsRWVSlope",
                                    "PhilipsRescaleIntercept",
                                    "PhilipsRescaleSlope",
                                    "PhilipsScaleSlope",
                                    "PixelBandwidth",
                                    "PostLabelDelay",
                                    "ProtocolName",
                                    "PulseSequenceDetails",
                                    "RawImage",
                                    "ReceiveCoilActiveElements",
                                    "ReceiveCoilName",
                                    "ReconFilterSize",
                                    "ReconMatrixPE",
                                    "RefLinesPE",
                                    "RepetitionTime",
                                    "RepetitionTimeExcitation",
                                    "RepetitionTimeInversion",
                                    "RepetitionTimePreparation",
                                    "RescaleIntercept",
                                    "RescaleSlope",
                                    "SAR",
                                    "ScanOptions",
                                    "ScanningSequence",
                                    "SequenceName",
                                    "SequenceVariant",
                                    "SeriesDescription",
                                    "SeriesNumber",
                                    "ShimSetting",
                                    "SliceThickness",
                                    "SliceTiming",
                                    "SoftwareVersions",
                                    "SpacingBetweenSlices",
                                    "SpoilingState",
                                    "TotalReadoutTime",
                                    "TxRefAmp",
                                    "UsePhilipsFloatNotDisplayScaling",
                                    "VendorReportedEchoSpacing",
                                    "WaterFatShift",
                                    "XRayExposure",
                                    "XRayTubeCurrent",
                                    NULL };

bool lar_dicom_is_kept(const char *name)
{
    for (const char *const *k = kept; *k; k++)
        if (lar_text_is(name, *k)) return true;
    return false;
}

/* Numbers, truths, short texts, and lists of them. */
static bool is_plain(const json_t *value, int depth)
{
    if (json_is_string(value)) return json_string_length(value) <= MOST_TEXT;
    if (!json_is_array(value)) return !json_is_object(value) && !json_is_null(value);
    for (size_t n = 0; n < json_array_size(value); n++)
        if (depth > 2 || !is_plain(json_array_get(value, n), depth + 1)) return false;
    return true;
}

/* Texts come as the scanner wrote them, in whatever set of characters. */
static json_t *parse(char *bytes, size_t count)
{
    json_error_t error;
    json_t *all = json_loadb(bytes, count, 0, &error);
    if (all) return all;
    for (size_t n = 0; n < count; n++)
        if ((unsigned char)bytes[n] >= 0x80 || ((unsigned char)bytes[n] < 0x20 && bytes[n] != '\n'))
            bytes[n] = (unsigned char)bytes[n] >= 0x80 ? '?' : ' ';
    return json_loadb(bytes, count, 0, &error);
}

lar_status lar_dicom_facts(json_t **out, int64_t *dropped, const char *path, bool patient)
{
    lar_status status = LAR_OK;
    char *bytes = NULL;
    size_t count;
    json_t *all = NULL;
    const char *name;
    json_t *value;

    *dropped = 0;
    *out = json_object();
    if (!*out) return lar_fail(LAR_EMEMORY, "out of memory");
    if (!lar_path_exists(path)) return LAR_OK; /* says nothing */
    LAR_TRY(lar_file_read(&bytes, &count, path, MOST_BYTES));
    all = parse(bytes, count);
    if (!json_is_object(all)) {
        *dropped = -1;
        goto done;
    }
    json_object_foreach(all, name, value)
    {
        if ((patient || lar_dicom_is_kept(name)) && is_plain(value, 0))
            json_object_set(*out, name, value);
        else
            ++*dropped;
    }
done:
    lar_free(bytes);
    json_decref(all);
    return status;
}

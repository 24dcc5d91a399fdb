#!/usr/bin/env python3
"""Writes small DICOM series to dicom/, and what pydicom reads in them to dicom.txt.

A line: folder, name of the series, sizes i j k, the affine's 12 numbers (RAS, from the first slice's position to the
last one's), all values (i fastest; rows run upwards, as dcm2niix writes them).
Needs numpy and pydicom. Nobody was scanned: voxels are noise, and the "patient" is made of marked strings.
SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import shutil

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

HERE = pathlib.Path(__file__).parent
OUT = HERE / "dicom"
ROOT = "1.2.826.0.1.3680043.8.498.77"
ROWS, COLUMNS = 8, 6
rng = np.random.default_rng(7)
lines = []


def turn(x, z):
    c, s = np.cos, np.sin
    return (np.array([[1, 0, 0], [0, c(x), -s(x)], [0, s(x), c(x)]]) @ np.array([[c(z), -s(z), 0], [s(z), c(z), 0], [0, 0, 1]]))


def slices(folder, number, positions, along, down, modality="MR", encoding=ExplicitVRLittleEndian, prefix="s", title="made",
           tilt=None, first=1, **more):
    """positions: LPS mm of the first voxel of each."""
    path = OUT / folder
    path.mkdir(parents=True, exist_ok=True)
    stack = []
    for n, position in enumerate(positions):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = encoding
        meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1." + ("2" if modality == "CT" else "4")
        meta.MediaStorageSOPInstanceUID = f"{ROOT}.{number}.{first + n}"
        d = FileDataset(None, {}, file_meta=meta, preamble=bytes(128), is_implicit_VR=encoding == ImplicitVRLittleEndian,
                        is_little_endian=encoding != ExplicitVRBigEndian)
        d.SOPClassUID, d.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = f"{ROOT}.1", f"{ROOT}.{number}.0", f"{ROOT}.2"
        d.Modality, d.SeriesNumber, d.InstanceNumber, d.AcquisitionNumber = modality, number, first + n, 1
        d.SeriesDescription = title
        d.Manufacturer = "MADE"
        d.PatientName, d.PatientID = "", ""
        d.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        d.PatientPosition = "HFS"
        if modality == "MR":
            d.MRAcquisitionType, d.ScanningSequence, d.RepetitionTime, d.EchoTime = "2D", "SE", 2000, 15
        else:
            d.KVP = 120
        if tilt is not None:
            d.GantryDetectorTilt = tilt
        d.SliceThickness = 3
        d.ImagePositionPatient = [f"{v:.6f}" for v in position]
        d.ImageOrientationPatient = [f"{v:.6f}" for v in (*along, *down)]
        d.PixelSpacing = [1.5, 1.25]
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = ROWS, COLUMNS, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        d.RescaleSlope, d.RescaleIntercept = 1, (-1024 if modality == "CT" else 0)
        for key, value in more.items():
            setattr(d, key, value)
        stored = rng.integers(0, 2000, (ROWS, COLUMNS)).astype("<i2")
        d.PixelData = stored.astype(">i2" if encoding == ExplicitVRBigEndian else "<i2").tobytes()
        d["PixelData"].VR = "OW"
        d.save_as(path / f"{prefix}{n + 1:02}.dcm", enforce_file_format=True)
        stack.append(stored[::-1].T.astype(int) + int(d.RescaleIntercept))
    return np.stack(stack, axis=-1)


def tell(folder, name, values, positions, along, down):
    along, down, positions = (np.round(np.array(v, dtype=float), 6) for v in (along, down, positions))
    step = (positions[-1] - positions[0]) / (len(positions) - 1)
    affine = np.stack([along * 1.25, -down * 1.5, step, positions[0] + (ROWS - 1) * 1.5 * down], axis=1)
    affine[:2] *= -1
    numbers = [*values.shape, *affine.ravel(), *values.ravel(order="F")]
    lines.append(" ".join([folder, name] + [repr(float(n)).removesuffix(".0") for n in numbers]))


shutil.rmtree(OUT, ignore_errors=True)
OBLIQUE = turn(0.2, -0.15)
I, J, K = OBLIQUE[:, 0], OBLIQUE[:, 1], OBLIQUE[:, 2]
even = [np.array([-20, 30, -40]) + K * 3 * n for n in range(5)]
v = slices("plain", 3, even, I, J, title="pd+t2 (tse) sag_1.8mm")
tell("plain", "3_pd_t2_tse_sag_1_8mm", v, even, I, J)
v = slices("implicit", 3, even, I, J, encoding=ImplicitVRLittleEndian)
tell("implicit", "3_made", v, even, I, J)
v = slices("big", 3, even, I, J, encoding=ExplicitVRBigEndian)
tell("big", "3_made", v, even, I, J)
# two series, and what is no image
v = slices("two", 10, even, I, J, prefix="b", title="later")
w = slices("two", 2, even[:3], I, J, prefix="a", title="../../etc/passwd; rm -rf ~")
tell("two", "2_etc_passwd_rm_-rf", w, even[:3], I, J)
tell("two", "10_later", v, even, I, J)
(OUT / "two" / "notes.txt").write_text("not a scan\\n")
meta = FileMetaDataset()
meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, "1.2.840.10008.5.1.4.1.1.88.11"
meta.MediaStorageSOPInstanceUID = f"{ROOT}.99"
report = FileDataset(None, {}, file_meta=meta, preamble=bytes(128), is_implicit_VR=False, is_little_endian=True)
report.SOPClassUID, report.SOPInstanceUID, report.Modality = meta.MediaStorageSOPClassUID, f"{ROOT}.99", "SR"
report.SeriesInstanceUID, report.StudyInstanceUID, report.SeriesNumber = f"{ROOT}.98", f"{ROOT}.1", 99
report.save_as(OUT / "two" / "report.dcm", enforce_file_format=True)
# the table moves along z, the gantry leans by 15.5 degrees
a = np.deg2rad(15.5)
TILTED = np.array([0, np.cos(a), np.sin(a)])
moved = [np.array([-4.0, -5, 100 + 4 * n]) for n in range(5)]
v = slices("tilted", 4, moved, (1, 0, 0), TILTED, modality="CT", tilt=-15.5, title="head")
tell("tilted", "4_head", v, moved, (1, 0, 0), TILTED)
gaps = np.cumsum([0, 3, 3, 6, 4.5])
spread = [np.array([-4.0, -5, 50 + g]) for g in gaps]
v = slices("uneven", 5, spread, (1, 0, 0), (0, 1, 0), modality="CT", title="head")
tell("uneven", "5_head", v, spread, (1, 0, 0), (0, 1, 0))
lost = [even[n] for n in (0, 1, 3, 4)]
v = slices("missing", 6, lost, I, J)
tell("missing", "6_made", v, lost, I, J)
# one hundred and twenty strings that must not be seen again
mark = iter(range(1, 1000))
person = {}
for word in ("AccessionNumber StudyID StationName InstitutionName InstitutionAddress InstitutionalDepartmentName PatientName "
             "PatientID OtherPatientIDs OtherPatientNames PatientBirthName PatientMotherBirthName PatientAddress PatientTelephoneNumbers "
             "EthnicGroup Occupation AdditionalPatientHistory PatientComments PatientReligiousPreference MilitaryRank BranchOfService "
             "CountryOfResidence RegionOfResidence MedicalRecordLocator MedicalAlerts Allergies PatientInsurancePlanCodeSequence "
             "ReferringPhysicianName ReferringPhysicianAddress ReferringPhysicianTelephoneNumbers PhysiciansOfRecord "
             "PerformingPhysicianName NameOfPhysiciansReadingStudy OperatorsName AdmittingDiagnosesDescription StudyDescription "
             "DeviceSerialNumber DetectorID GantryID PlateID CassetteID ImageComments RequestedProcedureDescription "
             "RequestedProcedureID RequestingPhysician RequestingService CurrentPatientLocation PatientInstitutionResidence "
             "AdmissionID IssuerOfPatientID StudyComments RequestAttributesSequence PerformedProcedureStepDescription "
             "PerformedProcedureStepID PerformedStationName PerformedLocation ScheduledProcedureStepDescription "
             "ScheduledProcedureStepID ReasonForTheRequestedProcedure CommentsOnThePerformedProcedureStep PatientState "
             "ContrastBolusAgent AcquisitionComments FrameComments PersonName IssuerOfAdmissionID ServiceEpisodeID "
             "ServiceEpisodeDescription RouteOfAdmissions InterpretationRecorder InterpretationText InterpretationAuthor "
             "ResultsID ResultsComments DistributionName DistributionAddress ProtocolContext ClinicalTrialSponsorName "
             "ClinicalTrialProtocolID ClinicalTrialProtocolName ClinicalTrialSiteID ClinicalTrialSiteName ClinicalTrialSubjectID "
             "DerivationDescription LossyImageCompressionMethod").split():
    if not word.endswith("Sequence"):
        person[word] = f"PHI{next(mark):04}"
person["PatientBirthDate"], person["StudyDate"], person["AcquisitionTime"] = "19010203", "19040506", "070809.123"
private = {}
at = [np.array([-4.0, -5, 10 + 2 * n]) for n in range(3)]
known = {k: v for k, v in person.items() if pydicom.datadict.tag_for_keyword(k)}
v = slices("marked", 7, at, (1, 0, 0), (0, 1, 0), title="head", **known)
tell("marked", "7_head", v, at, (1, 0, 0), (0, 1, 0))
for path in (OUT / "marked").iterdir():  # and private ones, up to 120
    d = pydicom.dcmread(path)
    block = d.private_block(0x0033, "MADE", create=True)
    n = 0
    count = sum(str(e.value).startswith("PHI") for e in d)
    while count + n < 120:
        block.add_new(n + 1, "LO", f"PHI{500 + n:04}")
        n += 1
    d.save_as(path, enforce_file_format=True)
# a slice that was sent twice, under another number; two points in time
slices("doubled", 8, [*even, even[2]], I, J)
for t in range(2):
    slices("time", 9, even[:3], I, J, prefix=f"t{t}", first=1 + 3 * t, AcquisitionNumber=t + 1)
# beside a series a picture in colours, and one of several compressed frames
v = slices("kinds", 3, even, I, J)
picture = dict(SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0, BitsAllocated=8, BitsStored=8,
               HighBit=7, PixelRepresentation=0, Columns=2)
slices("kinds", 11, even[:1], I, J, prefix="c", title="picture", **picture)
slices("kinds", 12, even[:1], I, J, prefix="f", title="frames", NumberOfFrames=2, Rows=4)
packed = pydicom.dcmread(OUT / "kinds" / "f01.dcm")
packed.compress(RLELossless, generate_instance_uid=False)
packed.save_as(OUT / "kinds" / "f01.dcm", enforce_file_format=True)
(HERE / "dicom.txt").write_text("\n".join(lines) + "\n")

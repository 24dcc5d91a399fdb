#!/usr/bin/python3
"""Makes docs/viewer.png: a digital head and its labels in `larmor view`, by Chromium.   docs/viewer_screenshot.py
SPDX-License-Identifier: Apache-2.0"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "browser"))
import viewer  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    subprocess.run([viewer.LARMOR, "phantom", "cohort", "--subjects", "2", "--spacing", "1", "-q"], check=True, stdout=subprocess.DEVNULL)
    with viewer.View("cohort/t1/sub-02_T1.nii.gz", "cohort/flair/sub-02_FLAIR.nii.gz", "--overlay",
                     "cohort/truth/sub-02_labels.nii.gz") as view, viewer.Browser(size=(1120, 740)) as browser:
        browser.open(view.address)
        browser.wait("both images, and labels over both", "return document.querySelectorAll('.column:not(.loading)').length === 2 &&"
                     "Number(document.body.dataset.laid) === 2")
        viewer.shown(browser, 2)
        browser.run("const o = document.querySelector('.overlay input'); o.value = 0.3; o.dispatchEvent(new Event('input'))")
        viewer.go(browser, [24, -14, 18])
        viewer.settle(browser)
        with open(os.path.join(HERE, "viewer.png"), "wb") as f:
            f.write(browser.screenshot())

"""The page of slices, where NiiVue is not installed or the browser has no WebGL: it says so, shows slices and values,
overlays and the window.
SPDX-License-Identifier: Apache-2.0"""
import os
import shutil
import sys

import viewer
from browser_picture import MM, RAS, SIZE, head, made
from viewer import BUILD, Browser, View, check, go, main, nifti, same, settle, shown, through, until, values
from webdriver import deviation, pixel


def slices(browser):
    """Waits for the slices of the newest place; the pictures of axial, coronal and sagittal."""
    browser.wait("slices", "return [...document.querySelectorAll('.slice img')].every((one) => one.complete && one.naturalWidth > 0)")
    settle(browser)
    return [browser.picture(".slice." + plane) for plane in ("axial", "coronal", "sagittal")]


def says(browser, sentence):
    text = browser.text("#notice")
    check("the page says so: %s" % text, sentence in text)


def slices_without_webgl():
    inside = [1 if 4 <= i < 8 and 8 <= j < 14 and 6 <= k < 12 else 0 for k in range(18) for j in range(24) for i in range(20)]
    mask = nifti("mask.nii", SIZE, inside, RAS, "B")
    with View(made("t1.nii.gz", "LPI"), "--overlay", mask) as view, Browser(webgl=False) as browser:
        browser.open(view.address)
        shown(browser)
        is_shown(browser)
        if os.path.exists(os.path.join(BUILD, "viewer", "niivue.js.gz")):
            says(browser, "no WebGL 2")
        over_and_window(browser)
        same("violations of the content policy", browser.violations(), [])
        same("requests to elsewhere", [url for url in browser.requests() if not url.startswith((view.base, "blob:", "data:", "chrome:"))], [])


def slices_without_niivue():
    """The program in a folder of its own, where NiiVue does not lie beside it."""
    os.mkdir("alone")
    for name in os.listdir(BUILD):
        if name == "larmor" or name.startswith("liblarmor.so"):
            shutil.copy2(os.path.join(BUILD, name), "alone", follow_symlinks=True)
    was, viewer.LARMOR = viewer.LARMOR, os.path.abspath("alone/larmor")
    library = os.environ.get("LD_LIBRARY_PATH")
    os.environ["LD_LIBRARY_PATH"] = os.path.abspath("alone")  # the program looks where it was built otherwise
    try:
        with View(made("t1.nii")) as view, Browser() as browser:
            browser.open(view.address)
            shown(browser)
            says(browser, "NiiVue is not installed")
            check("and what to do", "./dev setup" in browser.text("#notice"))
            is_shown(browser)
            check("NiiVue is not asked for", not any("niivue" in url for url in browser.requests()))
    finally:
        viewer.LARMOR = was
        if library is None:
            del os.environ["LD_LIBRARY_PATH"]
        else:
            os.environ["LD_LIBRARY_PATH"] = library


def is_shown(browser):
    browser.click(".presets button:nth-child(2)")  # all values: the marker alone is white
    for picture in slices(browser):
        check("a slice is not uniform", deviation(picture) > 10)
    go(browser, through(RAS, (14, 15, 11)))
    same("the marker's value", values(browser)[0][1], "1000")
    browser.keys("x")
    axial = slices(browser)[0]
    x, y = [axial[axis] * part for axis, part in ((0, 14.9 / SIZE[0]), (1, 1 - 15.9 / SIZE[1]))]
    check("the marker is in the patient's right and front, and bright", min(pixel(axial, x, y)) > 240)
    check("and not on the other side", max(pixel(axial, axial[0] - x, y)) < 240)
    left, top, width, height = browser.box(".slice.axial")
    at = (left + width * 6.5 / SIZE[0], top + height * (1 - 10.5 / SIZE[1]))  # the middle of a voxel
    browser.drag(at, at)
    browser.wait("the value of the click", "return document.querySelector('#values .value')?.textContent === arguments[0]",
                 str(head(6, 10, 11)))
    before = browser.text("#values")
    browser.run("document.querySelector('.slice.coronal').dispatchEvent(new WheelEvent('wheel', {deltaY: 1, cancelable: true}))")
    browser.wait("another slice by the wheel", "return document.querySelector('#values').innerText !== arguments[0]", before)


def over_and_window(browser):
    go(browser, through(RAS, (10, 12, 8)))
    covered = until("red where the mask is", lambda: reddish(browser) > 30 and reddish(browser))
    browser.run("const o = document.querySelector('.overlay input'); o.value = 0; o.dispatchEvent(new Event('input'))")
    until("no red at opacity 0", lambda: abs(reddish(browser)) < 3)
    check("red was seen", covered > 30)
    first = browser.screenshot(".slice.axial")
    left, top, width, height = browser.box(".slice.axial")
    browser.drag((left + 20, top + 20), (left + 120, top + 20), button=2)
    until("another picture by the window", lambda: browser.screenshot(".slice.axial") != first)
    browser.click(".presets button:nth-child(2)")
    until("the first picture again", lambda: browser.screenshot(".slice.axial") == first)


def reddish(browser):
    """Red more than any other, in the middle of the mask: of overlays' colours none is grey."""
    axial = slices(browser)[0]
    colour = pixel(axial, axial[0] * 6 / SIZE[0], axial[1] * (1 - 11 / SIZE[1]))
    return max(colour) - min(colour)


if __name__ == "__main__":
    sys.exit(main(slices_without_webgl, slices_without_niivue))

"""What larmor view draws: a picture at all, the patient's sides, overlays, the window, keys, several images; and
that nothing leaves the machine meanwhile.
SPDX-License-Identifier: Apache-2.0"""
import subprocess
import sys

from viewer import (LARMOR, Browser, View, check, go, main, need_niivue, nifti, same, settle, shown, through, until,
                    values)
from webdriver import deviation, pixel

SIZE, MM = (20, 24, 18), 8.0  # voxels large enough to click on
RAS = [[MM, 0, 0, -76.0], [0, MM, 0, -92.0], [0, 0, MM, -68.0]]


def head(i, j, k):
    """A ball, with something bright in the patient's right, front and top."""
    if 14 <= i <= 15 and 15 <= j <= 16 and 11 <= k <= 12:
        return 1000
    at = [(n - (size - 1) / 2) / (size / 2 - 1) for n, size in zip((i, j, k), SIZE)]
    return 300 + 10 * i + 3 * j if sum(a * a for a in at) < 1 else 0


def made(path, axes="RAS"):
    """The head, stored along other axes; where each voxel lies is the same."""
    order = [{"R": 0, "L": 0, "A": 1, "P": 1, "S": 2, "I": 2}[a] for a in axes]
    flip = [a in "LPI" for a in axes]
    size = [SIZE[world] for world in order]
    affine = [[0.0] * 4 for _ in range(3)]
    for row in range(3):
        affine[row][3] = RAS[row][3]
    for axis, world in enumerate(order):
        affine[world][axis] = -MM if flip[axis] else MM
        if flip[axis]:
            affine[world][3] += MM * (SIZE[world] - 1)

    def value(stored):
        at = [0, 0, 0]
        for axis, world in enumerate(order):
            at[world] = SIZE[world] - 1 - stored[axis] if flip[axis] else stored[axis]
        return head(*at)
    return nifti(path, size, [value((i, j, k)) for k in range(size[2]) for j in range(size[1]) for i in range(size[0])], affine)


def picture_is_drawn():
    need_niivue()
    subprocess.run([LARMOR, "phantom", "c", "--subjects", "1", "--spacing", "3"], check=True, capture_output=True)
    with View("c/t1/sub-01_T1.nii.gz", "--overlay", "c/truth/sub-01_labels.nii.gz") as view, Browser() as browser:
        browser.open(view.address)
        shown(browser, 1)
        check("the picture is not uniform", deviation(browser.picture("canvas")) > 10)
        same("gl.isContextLost()", browser.run("return document.querySelector('canvas').getContext('webgl2').isContextLost()"), False)
        same("the token in the address bar", browser.run("return location.href"), view.base + "/")
        for layout, planes in (("axial", 1), ("coronal", 1), ("sagittal", 1), ("render", 0), ("planes", 3), ("all", 3)):
            browser.click("[data-layout=%s]" % layout)
            settle(browser)
            same("letters beside the slices of " + layout, len(browser.run("return [...document.querySelectorAll('.letters b')]")), 4 * planes)
            check(layout + " is drawn", deviation(browser.picture("canvas")) > 10)
        browser.open(view.base + "/")  # again, without the token: the cookie is there
        shown(browser, 1)
        away = [url for url in browser.requests() if not url.startswith((view.base + "/", "blob:" + view.base, "data:", "chrome:"))]
        same("requests to elsewhere", away, [])
        check("requests were seen", any(url.endswith("/niivue.js") for url in browser.requests()))
        same("violations of the content policy", browser.violations(), [])
        same("errors on the console", [entry["message"] for entry in browser.console if entry["level"] == "SEVERE"], [])


def sides_are_right():
    """The same head stored along other axes gives the same pixels; the patient's right is on the right."""
    need_niivue()
    pictures = {}
    with Browser() as browser:
        for axes in ("RAS", "LAS", "PSR", "LPI"):
            with View(made(axes + ".nii.gz", axes)) as view:
                browser.open(view.address)
                shown(browser)
                pictures[axes] = browser.screenshot("canvas")
                check("it is a picture", deviation(browser.picture("canvas")) > 10)
                if axes == "RAS":
                    marker_is_right(browser)
    for axes, picture in pictures.items():
        check("%s gives the pixels of RAS" % axes, picture == pictures["RAS"])


def marker_is_right(browser):
    for radiological in (False, True):
        browser.click("[data-layout=axial]")
        browser.click(".presets button:nth-child(2)")  # all values: the marker alone is white
        go(browser, through(RAS, (14, 15, 11)))
        browser.keys("x")  # without the cross-hair, which is brighter
        settle(browser)
        width, height, rgb = browser.picture("canvas")
        bright = [(n % width, n // width) for n in range(width * height) if min(rgb[3 * n:3 * n + 3]) > 240]
        check("the marker is seen", len(bright) > 100)
        x, y = (sum(at[axis] for at in bright) / len(bright) for axis in (0, 1))
        same("the marker is right of the middle", x > width / 2, not radiological)
        check("the marker is in front: above the middle", y < height / 2)
        letters = browser.run("return [...document.querySelectorAll('.letters b')].map((b) => [b.textContent,"
                              "b.getBoundingClientRect().left])")
        places = dict(letters)
        same("R is right of L", places["R"] > places["L"], not radiological)
        box = browser.box("canvas")
        browser.drag((box[0] + x, box[1] + y), (box[0] + x, box[1] + y))  # a click
        browser.wait("the marker's value", "return document.querySelector('#values .value')?.textContent === '1000'")
        browser.keys("x", "r")
    browser.keys("a")
    browser.click("[data-layout=all]")
    settle(browser)


def overlays_are_shown():
    need_niivue()
    image = made("t1.nii")
    inside = [1 if 4 <= i < 8 and 8 <= j < 14 and 6 <= k < 12 else 0 for k in range(18) for j in range(24) for i in range(20)]
    mask = nifti("mask.nii", SIZE, inside, RAS, "B")
    with View(image, "--overlay", mask) as view, Browser() as browser:
        browser.open(view.address)
        shown(browser, 1)
        browser.click("[data-layout=axial]")
        go(browser, through(RAS, (10, 12, 8)))
        settle(browser)

        def at(ijk):  # its pixel, by the letters: the slice fills the canvas and the middle of the field is in its middle
            picture = browser.picture("canvas")
            scale = min(picture[0] / (MM * SIZE[0]), picture[1] / (MM * SIZE[1]))
            x = picture[0] / 2 + (ijk[0] - (SIZE[0] - 1) / 2) * MM * scale
            return pixel(picture, x, picture[1] / 2 - (ijk[1] - (SIZE[1] - 1) / 2) * MM * scale)

        def opacity(value):
            browser.run("const o = document.querySelector('.overlay input'); o.value = arguments[0];"
                        "o.dispatchEvent(new Event('input'))", value)
            settle(browser)
        covered, free = at((5, 10, 8)), at((14, 10, 8))
        check("red where the mask is: %s" % (covered,), covered[0] > covered[1] + 30)
        check("grey where it is not: %s" % (free,), max(free) - min(free) < 3)
        opacity(0)
        bare = at((5, 10, 8))
        check("grey at opacity 0: %s" % (bare,), max(bare) - min(bare) < 3)
        opacity(1)
        check("redder at opacity 1", at((5, 10, 8))[0] - at((5, 10, 8))[1] > covered[0] - covered[1] + 30)
        same("elsewhere as before", at((14, 10, 8)), free)
        browser.keys("o")
        settle(browser)
        same("O takes it away", at((5, 10, 8)), bare)
        same("both in the readout", [row[0] for row in values(browser)], ["t1.nii", "mask.nii"])


def window_changes_picture():
    need_niivue()
    with View(made("t1.nii")) as view, Browser() as browser:
        browser.open(view.address)
        shown(browser)
        numbers = "return [...document.querySelectorAll('#panel input[type=number]')].map((one) => Number(one.value))"
        first, picture = browser.run(numbers), browser.screenshot("canvas")
        left, top, width, height = browser.box("canvas")
        start = (left + width / 4, top + height / 4)
        browser.drag(start, (start[0] + 80, start[1]), button=2)
        until("a wider window", lambda: browser.run(numbers)[1] - browser.run(numbers)[0] > 1.1 * (first[1] - first[0]))
        settle(browser)
        check("another picture", browser.screenshot("canvas") != picture)
        wide = browser.run(numbers)
        browser.drag(start, (start[0], start[1] + 60), button=2)
        until("a lower window", lambda: browser.run(numbers)[0] < wide[0] - 1)
        moved = browser.run(numbers)
        check("of the same width", abs((moved[1] - moved[0]) / (wide[1] - wide[0]) - 1) < 0.01)
        browser.keys("w")
        browser.drag(start, (start[0] - 80, start[1]))
        until("the left button, where asked", lambda: browser.run(numbers)[1] - browser.run(numbers)[0] < 0.9 * (moved[1] - moved[0]))
        browser.keys("a")
        until("the first window again", lambda: browser.run(numbers) == first)
        settle(browser)
        check("the first picture again", browser.screenshot("canvas") == picture)
        box = browser.box(".histogram")
        end = box[0] + 6 + (first[1] - min(0, first[0])) / (1000 - min(0, first[0])) * (box[2] - 12)
        browser.drag((end, box[1] + 40), (end - 60, box[1] + 40))
        until("the histogram's end", lambda: browser.run(numbers)[1] < first[1] - 20)
        same("the other end stays", browser.run(numbers)[0], first[0])


def images_move_together():
    need_niivue()
    subprocess.run([LARMOR, "phantom", "c", "--subjects", "1", "--spacing", "4"], check=True, capture_output=True)
    with View("c/t1/sub-01_T1.nii.gz", "c/flair/sub-01_FLAIR.nii.gz") as view, Browser() as browser:
        browser.open(view.address)
        browser.wait("two pictures", "return document.querySelectorAll('.column canvas').length === 2")
        shown(browser)
        before = [browser.screenshot(".column:nth-child(%d) canvas" % n) for n in (1, 2)]
        left, top, width, height = browser.box(".column:nth-child(1) canvas")
        at = (left + 0.3 * width, top + 0.3 * height)
        was = values(browser)
        browser.drag(at, at)
        browser.wait("another place", "return document.querySelector('#values .voxel')?.textContent !== arguments[0]", was[0][2])
        settle(browser)
        for n in (1, 2):
            check("image %d has moved" % n, browser.screenshot(".column:nth-child(%d) canvas" % n) != before[n - 1])


def channels_are_shown():
    need_niivue()
    volumes = [value + 100 * n for n in range(3) for value in (head(i, j, k) for k in range(18) for j in range(24) for i in range(20))]
    with View(nifti("run.nii.gz", SIZE + (3,), volumes, RAS)) as view, Browser() as browser:
        browser.open(view.address)
        shown(browser)
        same("of the first", go(browser, through(RAS, (10, 12, 8)))[0][1], str(head(10, 12, 8)))
        for n in (1, 2):
            browser.keys(".")
            browser.wait("channel %d" % n, "return document.querySelector('#values .value')?.textContent === arguments[0]",
                         str(head(10, 12, 8) + 100 * n))


if __name__ == "__main__":
    sys.exit(main(picture_is_drawn, sides_are_right, overlays_are_shown, window_changes_picture, images_move_together,
                  channels_are_shown))

"""A folder: paging by buttons, keys and filter, a damaged file among others, larmor's end while the page is open, and the
report's tab. And larmor's report opened from a file with scripts off.
SPDX-License-Identifier: Apache-2.0"""
import os
import subprocess
import sys

from viewer import LARMOR, Browser, Skipped, View, check, main, nifti, same, shown, until, values

DOT = ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5"
       "ErkJggg==")


def scans(folder, count=4):
    os.makedirs(folder)
    for n in range(count):
        nifti("%s/scan_%d.nii.gz" % (folder, n), (6, 6, 6), [100 * n + v for v in range(216)])


def current(browser):
    return browser.run("return document.querySelector('#files [aria-current]')?.textContent ?? null")


def turned(browser, name):
    browser.wait(name, "return document.querySelector('figcaption')?.textContent === arguments[0]", name)
    shown(browser)
    same("the list's own", current(browser), name)


def folder_is_paged():
    scans("d")
    with open("d/scan_1.nii.gz", "r+b") as damaged:
        damaged.truncate(os.path.getsize(damaged.name) // 2)
    with View("d") as view, Browser() as browser:
        browser.open(view.address)
        turned(browser, "scan_0.nii.gz")
        browser.keys("n")
        browser.wait("the damaged file's sentence", "return /scan_1.*(damaged|cut short)/.test(document.querySelector('#stage .message')?.innerText)")
        check("it is marked in the list", browser.run("return document.querySelector('#files .broken').textContent") == "scan_1.nii.gz")
        browser.click("#next")
        turned(browser, "scan_2.nii.gz")
        browser.wait("its own values", "return Number(document.querySelector('#values .value')?.textContent) >= 200")
        browser.keys("p")
        browser.wait("the damaged one again", "return document.querySelector('.broken figcaption')?.textContent === 'scan_1.nii.gz'")
        browser.keys("p")
        turned(browser, "scan_0.nii.gz")
        check("nothing before the first", browser.run("return document.getElementById('previous').disabled"))
        browser.keys("/")
        browser.type("#filter", "NII 3")
        browser.wait("one is left", "return [...document.querySelectorAll('#files li')].filter((one) => !one.hidden).length === 1")
        browser.keys("\ue007")  # enter
        turned(browser, "scan_3.nii.gz")


def end_of_larmor_is_told():
    scans("d", 2)
    with View("d") as view, Browser() as browser:
        browser.open(view.address)
        turned(browser, "scan_0.nii.gz")
        picture = browser.text("#values")
        view.kill()
        browser.wait("the sentence", "return /larmor has ended/.test(document.getElementById('notice').innerText)")
        same("what was shown stays", browser.text("#values"), picture)
        browser.keys("n")
        browser.wait("the sentence in place of the picture", "return /larmor has ended/.test(document.querySelector('#stage .message')?.innerText)")
        check("the page is there", browser.run("return document.getElementById('panel').childElementCount") > 0)


def wrong_ways_in_are_told():
    scans("d", 1)
    with View("d/scan_0.nii.gz") as view, Browser() as browser:
        browser.open(view.base + "/#0123456789")
        browser.wait("a sentence", "return !document.getElementById('notice').hidden")
        check("it says what to do: " + browser.text("#notice"), "larmor" in browser.text("#notice"))
        browser.open("about:blank")
        browser.open(view.base + "/")
        browser.wait("a sentence without a token", "return !document.getElementById('notice').hidden")
        browser.open("about:blank")
        browser.open(view.address)
        shown(browser)


def page(text):
    return ("<!doctype html><title>report</title><style>p { color: rgb(1, 2, 3) }</style><p id=said>%s</p><img src=%s>"
            "<script>parent.hit = 1; document.getElementById('said').textContent = 'hit'</script><p>%s" % (text, DOT, "<br>" * 200))


def report_is_followed():
    scans("d", 1)
    with open("d/report.html", "w") as f:
        f.write(page("first"))
    with View("d") as view, Browser() as browser:
        browser.open(view.address)
        shown(browser)
        browser.click("#tab_report")
        said = "return document.querySelector('iframe:not(.coming)')?.contentDocument?.getElementById('said')?.textContent === arguments[0]"
        browser.wait("the report", said, "first")
        inside = "document.querySelector('iframe').contentDocument"
        browser.wait("its picture", "return %s.querySelector('img').naturalWidth === 1" % inside)
        same("its style", browser.run("const d = %s; return d.defaultView.getComputedStyle(d.getElementById('said')).color" % inside), "rgb(1, 2, 3)")
        same("its script", browser.run("return window.hit ?? null"), None)
        with open("d/report.new", "w") as f:
            f.write(page("second one"))
        os.replace("d/report.new", "d/report.html")
        browser.wait("the new report, by itself", said, "second one")
        browser.click("#tab_images")
        check("the images again", browser.run("return document.getElementById('report').hidden && !document.getElementById('images').hidden"))
        os.remove("d/report.html")
        browser.click("#tab_report")
        browser.wait("a sentence where it is gone", "return document.querySelector('#report .message')?.innerText.length > 10")


def report_opens_from_file():
    """What larmor report writes shows its pictures with scripts off and without a server."""
    if subprocess.run([LARMOR, "report", "--help"], capture_output=True).returncode:
        raise Skipped("there is no larmor report")
    subprocess.run([LARMOR, "phantom", "c", "--subjects", "3", "--spacing", "4"], check=True, capture_output=True)
    subprocess.run([LARMOR, "prepare", "c/study.yaml"], check=True, capture_output=True)
    found = [os.path.join(where, name) for where, _, names in os.walk("c") for name in names if name == "report.html"]
    if not found:
        subprocess.run([LARMOR, "report", "c/study.yaml"], check=True, capture_output=True)
        found = [os.path.join(where, name) for where, _, names in os.walk("c") for name in names if name == "report.html"]
    check("a report is there", found)
    with Browser(["--blink-settings=scriptEnabled=false"], webgl=False) as browser:
        browser.open("file://" + os.path.abspath(found[0]))
        pictures = browser.run("return [...document.images].map((one) => one.complete && one.naturalWidth)")
        check("pictures: %s" % pictures, len(pictures) > 0 and all(pictures))
        same("requests to elsewhere", [url for url in browser.requests() if not url.startswith(("file:", "data:", "chrome:", "about:"))], [])
        same("violations of the content policy", browser.violations(), [])


if __name__ == "__main__":
    sys.exit(main(folder_is_paged, end_of_larmor_is_told, wrong_ways_in_are_told, report_is_followed, report_opens_from_file))

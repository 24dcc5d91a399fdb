# Names of files that are markup, for browsers, spreadsheets and terminals: on the page of a report they
# are text (R36), read by a parser that larmor has no part in.
# SPDX-License-Identifier: Apache-2.0
export PYTHONPATH="$SOURCE/tests/command" PYTHONDONTWRITEBYTECODE=1
status 0 larmor phantom one --subjects 1 --spacing 8 --quiet
larmor convert one/t1/sub-01_T1.nii.gz -o t1.nii -q && larmor convert one/flair/sub-01_FLAIR.nii.gz -o flair.nii -q ||
    fail convert
cat >names.py <<'END'
import os
payloads = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "' onmouseover='x", "<!--",
            "-->", "]]>", "<![CDATA[", "&lt;b&gt;", "&#60;i&#62;", "</pre><script>", "</title><h1>", "javascript:alert(1)",
            "data:text;html,x", "{{7*7}}", "${7*7}", "=1+1", "@SUM(A1)", "-2+3", "\u202egnp.exe", "\u2066x\u2069", "\u0085",
            "\ufeffx", "\u00e9\u8111\U0001f9e0", "a\u0301", "%3Cscript%3E", "\\x3cscript\\x3e", "`x`", "<style>*{}",
            "</style><script>", "<base href=x>", "<meta http-equiv=refresh content=0>", "x" * 180, "\u8111" * 60]
names = []
for n in range(200):
    name = "%03d%s" % (n, payloads[n % len(payloads)])
    if n >= len(payloads):
        name += payloads[(n * 7 + 3) % len(payloads)]
    # what no id may hold: a cohort with such a name is refused
    name = name.replace("/", "\u2215").translate({ord(c): None for c in ",;\"'"})
    while len(name.encode()) > 190:
        name = name[:-1]
    names.append(name)
for kind, suffix in (("t1", "_T1.nii"), ("flair", "_FLAIR.nii")):
    os.makedirs("evil/" + kind)
    for n, name in enumerate(names):
        path = os.path.join("evil", kind, name + suffix)
        if n % 5 == 4 and kind == "t1":
            open(path, "w").write("no image")
        else:
            os.link(kind + ".nii", path)
open("names.txt", "w").write("\0".join(names))
END
python3 names.py || fail "names.py"
cat >evil/study.yaml <<'END'
data:
  images:
    t1:    {path: "t1/{subject}_T1.nii"}
    flair: {path: "flair/{subject}_FLAIR.nii", role: target}
prepare:
  - resample: {images: flair, onto: t1}
  - normalize: {}
END
status 1 larmor prepare evil/study.yaml --quiet
says "^160 cases prepared, 0 kept, 40 failed"
python3 - <<'END' || fail "names that are markup"
from report_page import HIDDEN, Page
p = Page("evil/study/report.html")
assert not p.reloads
for name in open("names.txt").read().split("\0"):
    assert HIDDEN.sub("\ufffd", name) in p.words, name
cases = sum(kind == "png" for kind, _ in p.pictures)
# a scan and an end of each of 160, and a step of the first 15; the scan of the flair of those that failed
assert cases == 2 * (2 * 160 + 15), cases
assert p.size < 160 * 40000, p.size
print(p.size // 160, "bytes for each of 160 cases")
END

# Reads the JUnit file that ctest wrote; lists the failed and why tests were skipped, then prints
# `N passed, N failed, N skipped` and ends with 1 if any failed or none ran. A cmocka program
# counts by its cases; a shell test is one, and each part that it left out is one skipped more.
# SPDX-License-Identifier: Apache-2.0
function plain(text) {
    gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text)
    gsub(/&apos;/, "'", text); gsub(/&amp;/, "\\&", text)
    return text
}
function number(text) {
    gsub(/[^0-9]/, "", text)
    return text + 0
}
function attribute(name,    at) {
    if (!match($0, name "=\"[^\"]*\"")) return ""
    at = substr($0, RSTART, RLENGTH)
    return substr(at, length(name) + 3, length(at) - length(name) - 3)
}
/<testcase / {
    test = plain(attribute("name")); state = attribute("status")
    by_code = cases_passed = cases_failed = cases_skipped = reasons = 0
}
{ sub(/^[ \t]*<system-out>/, "") } # the first line of output stands behind its tag
/<skipped message="SKIP_RETURN_CODE/ { by_code = 1 }
/^\[  PASSED  \] [0-9]+ test/ { cases_passed = number($0) }
/^\[  FAILED  \] [0-9]+ test/ { cases_failed = number($0) }
/^\[  SKIPPED \] [0-9]+ test/ { cases_skipped = number($0) }
/^skipped: / { reason[++reasons] = plain(substr($0, 10)) }
/<\/testcase>/ {
    if (state == "run") {
        passed += cases_passed + cases_skipped ? cases_passed : 1
        left_out = cases_skipped ? cases_skipped : reasons
    } else if (by_code) {
        left_out = cases_skipped > 0 ? cases_skipped : 1
    } else {
        passed += cases_passed
        failed += cases_failed > 0 ? cases_failed : 1
        left_out = cases_skipped
        failures = failures "failed: " test "\n"
    }
    skipped += left_out
    for (n = 1; n <= reasons; n++) print "skipped: " test ": " reason[n]
    if (left_out > 0 && reasons == 0) print "skipped: " test ": it does not say why"
}
END {
    printf "%s%d passed, %d failed, %d skipped\n", failures, passed, failed, skipped
    exit failed > 0 || passed == 0
}

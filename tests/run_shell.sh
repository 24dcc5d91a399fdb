#!/bin/sh
# Runs one shell test in an empty folder of its own, which is removed when it passes.
# SPDX-License-Identifier: Apache-2.0
here=$(mktemp -d) || exit 1
cd "$here" || exit 1
PATH=$(dirname "$LARMOR"):$PATH
LARMOR_TEST_DATA=${LARMOR_TEST_DATA:-$SOURCE/../shared/data}
LARMOR_MODELS=$here/no_models # not those of whoever runs this
export PATH LARMOR_TEST_DATA LARMOR_MODELS
. "$SOURCE/tests/check.sh"
. "$1"
status=$?
cd / && rm -rf "$here"
exit $status

#!/bin/sh
# Runs one test in the browser; left out where there is no Python.
# SPDX-License-Identifier: Apache-2.0
command -v python3 >/dev/null || { echo "skipped: there is no python3 here"; exit 77; }
exec python3 -B "$1"

#!/bin/sh
# manual.sh PROGRAM FOLDER: the man pages and the bash completion, as the program itself tells them.
# SPDX-License-Identifier: Apache-2.0
set -e
program=$1 folder=$2
rm -rf "$folder"
mkdir -p "$folder/man1" "$folder/completions"
"$program" man >"$folder/man1/larmor.1"
"$program" commands >"$folder/commands"
while read -r command; do
    # a command may be two words: both are arguments
    # shellcheck disable=SC2086
    "$program" man $command >"$folder/man1/larmor-$(echo "$command" | tr ' ' -).1"
done <"$folder/commands"
"$program" complete bash >"$folder/completions/larmor"

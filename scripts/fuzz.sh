#!/usr/bin/env bash
# Runs every fuzz test of the module for a while each, one after the other. Minimising
# is kept short: by default it takes a minute for each input that reaches something new.
#
#   scripts/fuzz.sh 20s
set -euo pipefail

time=${1:-20s}
failed=0 ran=0
while IFS=: read -r file name; do
    ran=$((ran + 1))
    echo "== ${name} in ${file%/*}"
    go test "./${file%/*}" -run '^$' -fuzz "^${name}\$" -fuzztime "$time" -fuzzminimizetime 1s || failed=$((failed + 1))
done < <(git ls-files -co --exclude-standard '*_test.go' |
    xargs grep -oE '^func Fuzz[A-Za-z0-9_]+' /dev/null | sed 's/:func /:/' | sort)
echo "$((ran - failed)) passed, $failed failed"
[[ $failed -eq 0 && $ran -gt 0 ]]

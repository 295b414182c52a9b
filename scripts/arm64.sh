#!/usr/bin/env bash
# Looks into the packages for arm64, and runs their programs on this computer under
# qemu-user: they say their version, a hub serves and stops, an agent reads its settings.
#
#   scripts/arm64.sh PACKAGES
set -euo pipefail
[[ $# -eq 1 ]] || { sed -n '5s/^#  *//p' "$0" >&2; exit 2; }
packages=$(realpath "$1")
work=$(mktemp -d)
hub=
trap '[[ -z $hub ]] || kill -KILL "$hub" 2>/dev/null || true; rm -rf "$work"' EXIT

fail() { echo "arm64: $*" >&2; exit 1; }
run() { timeout 120 qemu-aarch64-static "$@"; }

for name in hub agent screen; do
    shopt -s nullglob
    found=("$packages/hallkeeper-${name}_"*_arm64.deb)
    [[ ${#found[@]} -eq 1 ]] || fail "expected one package hallkeeper-$name for arm64 in $packages, found ${#found[@]}: make packages ARCHES=arm64 into an empty folder"
    deb=${found[0]}
    [[ $(dpkg-deb --field "$deb" Architecture) == arm64 ]] || fail "$deb says that it is for $(dpkg-deb --field "$deb" Architecture)"
    dpkg-deb --extract "$deb" "$work/$name"
    # Of an ELF file: 64 bits, and the machine 0xB7 (https://man7.org/linux/man-pages/man5/elf.5.html).
    programs=0
    while IFS= read -r -d '' file; do
        [[ $(head -c 4 "$file" | od -An -tx1 | tr -d ' \n') == 7f454c46 ]] || continue
        programs=$((programs + 1))
        [[ $(od -An -tx1 -j4 -N1 "$file" | tr -d ' ') == 02 && $(od -An -tx1 -j18 -N2 "$file" | tr -d ' ') == b700 ]] || fail "$file is no program for arm64"
        ! grep -qa 'ld-linux' "$file" || fail "$file needs libraries"
    done < <(find "$work/$name" -type f -print0)
    [[ $programs -eq 1 ]] || fail "$deb has $programs programs, not one"
    said=$(run "$work/$name/usr/bin/hallkeeper-$name" --version) || fail "hallkeeper-$name --version: $said"
    echo "$(basename "$deb"): $(stat -c %s "$deb") bytes; $said"
done

# A hub that serves, and ends when it is asked to.
qemu-aarch64-static "$work/hub/usr/bin/hallkeeper-hub" serve --data "$work/data" --http 127.0.0.1:0 --mqtt 127.0.0.1:0 --ready-file "$work/ready.json" >"$work/hub.log" 2>&1 &
hub=$!
until [[ -s $work/ready.json ]]; do
    kill -0 "$hub" 2>/dev/null || { cat "$work/hub.log" >&2; fail "the hub ended"; }
    [[ $SECONDS -lt 600 ]] || { cat "$work/hub.log" >&2; fail "the hub does not serve within ten minutes"; }
    sleep 0.2
done
kill -TERM "$hub"
wait "$hub" || { cat "$work/hub.log" >&2; fail "the hub ended with $?"; }
hub=
echo "hallkeeper-hub serves and ends"

# An agent that reads its settings, and says all that is wrong with them.
printf 'board: nowhere.yaml\nlamp: red\n' >"$work/agent.yaml"
status=0
said=$(run "$work/agent/usr/bin/hallkeeper-agent" run --config "$work/agent.yaml" --data "$work/agent-data" 2>&1) || status=$?
[[ $status -eq 2 && $said == *lamp* ]] || fail "the agent does not refuse wrong settings ($status): $said"
echo "hallkeeper-agent reads its settings"

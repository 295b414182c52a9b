#!/usr/bin/env bash
# Lists what the programs and pages are built with, and under which licence: one
# line a Go module or npm package that ends up in what is shipped.
#
#   scripts/licences.sh
set -euo pipefail
cd "$(dirname "$0")/.."

# licence FOLDER names the licence that its file begins with or contains.
licence() {
    local file
    file=$(find "$1" -maxdepth 1 -iname 'licen[cs]e*' -o -maxdepth 1 -iname 'copying*' | sort | head -n 1)
    [[ -n $file ]] || { echo "no licence file"; return; }
    case $(tr -s '[:space:]' ' ' <"$file") in
    *"Apache License"*) echo Apache-2.0 ;;
    *"Mozilla Public License"*) echo MPL-2.0 ;;
    *"Eclipse Public License - v 2.0"*) echo EPL-2.0 ;;
    *"Permission is hereby granted, free of charge"*) echo MIT ;;
    *"Permission to use, copy, modify, and"*) echo ISC ;;
    *"Redistribution and use in source and binary forms"*"Neither the name"*) echo BSD-3-Clause ;;
    *"Redistribution and use in source and binary forms"*) echo BSD-2-Clause ;;
    *) echo "see $(basename "$file")" ;;
    esac
}

programs=(./hub/cmd/hub ./agent/cmd/agent ./simulator/cmd/simulator)
{
    go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' \
        "${programs[@]}" | sort -u |
        while read -r path version dir; do
            printf 'go\t%s\t%s\t%s\n' "$path" "$version" "$(licence "$dir")"
        done
    if [[ -d web-kiosk/node_modules ]]; then
        (cd web-kiosk && npm ls --omit=dev --all --parseable --silent) | tail -n +2 | sort -u |
            while read -r dir; do
                node -p 'const p = require(process.argv[1] + "/package.json"); ["npm", p.name, p.version, p.license ?? "none named"].join("\t")' "$dir"
            done
    else
        echo "the pages' packages are not installed: run make web first" >&2
    fi
} | expand -t 6,60,80

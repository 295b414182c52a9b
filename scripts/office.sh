#!/usr/bin/env bash
# Writes every document that hub/report makes, opens it with LibreOffice and reads it
# back: a part of the text must be there, on A4 pages. The pages are left as pictures.
#
#   scripts/office.sh FOLDER [short]
#
# short takes the Chinese document of each kind and one workbook.
set -euo pipefail

out=${1:?usage: scripts/office.sh FOLDER [short]}
rm -rf "$out"
mkdir -p "$out/made" "$out/read" "$out/pages"
REPORT_OUT=$(realpath "$out/made") go test -count=1 -run '^TestWriteAll$' ./hub/report

if [[ ${2:-} == short ]]; then
    find "$out/made" -type f ! -name 'month-zh.*' ! -name 'quarter-zh.docx' ! -name 'quarter-zh.pdf' ! -name 'year-zh.docx' ! -name 'year-zh.pdf' ! -name 'leaver-zh.*' -delete
fi

# A profile of its own: an office that somebody has open on this machine is not asked.
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
soffice "-env:UserInstallation=file://$profile" --headless --convert-to pdf --outdir "$out/read" "$out"/made/*.docx >"$out/soffice.log" 2>&1
soffice "-env:UserInstallation=file://$profile" --headless --convert-to pdf:calc_pdf_Export --outdir "$out/pages" "$out"/made/*.xlsx >>"$out/soffice.log" 2>&1

# Texts of some length that a PDF says, without what is between them.
text() { pdftotext -raw "$1" - | tr -d ' \n\f'; }

bad=0
for made in "$out"/made/*.docx; do
    name=$(basename "$made" .docx)
    read=$out/read/$name.pdf
    if [[ ! -s $read ]]; then
        echo "$name: LibreOffice does not open the DOCX" >&2
        bad=1
        continue
    fi
    pdfinfo "$read" | grep -q 'Page size:.*A4' || { echo "$name: the DOCX is not of A4 pages" >&2; bad=1; }
    pdfinfo "$out/made/$name.pdf" | grep -q 'Page size:.*A4' || { echo "$name: the PDF is not of A4 pages" >&2; bad=1; }
    for word in 演示旗政务服务局 3f1c0a5be1d7; do
        [[ $(text "$read") == *$word* ]] || { echo "$name: the DOCX does not say $word" >&2; bad=1; }
        [[ $(text "$out/made/$name.pdf") == *$word* ]] || { echo "$name: the PDF does not say $word" >&2; bad=1; }
    done
    pdftoppm -r 60 -png "$read" "$out/pages/$name-docx"
    pdftoppm -r 60 -png "$out/made/$name.pdf" "$out/pages/$name-pdf"
done
for made in "$out"/made/*.xlsx; do
    [[ -s $out/pages/$(basename "$made" .xlsx).pdf ]] || { echo "$(basename "$made"): LibreOffice does not open it" >&2; bad=1; }
done
[[ $bad -eq 0 ]] && echo "LibreOffice opens $(find "$out/made" -name '*.docx' | wc -l) DOCX and $(find "$out/made" -name '*.xlsx' | wc -l) XLSX; their pages are in $out/pages"
exit $bad

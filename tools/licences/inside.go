package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// partsOf lists what one program holds; the hub has the pages inside.
func partsOf(root, program string) (parts []shipped, err error) {
	if _, known := programs()[program]; !known {
		return nil, fmt.Errorf("there is no program %q", program)
	}
	modules, err := goModules(root)
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		if slices.Contains(m.in, program) {
			parts = append(parts, m)
		}
	}
	if program == "hub" {
		pages, err := npmPackages(filepath.Join(root, "web-kiosk"))
		if err != nil {
			return nil, err
		}
		parts = append(parts, pages...)
	}
	return parts, check(parts)
}

// licenceTexts are the licences and notices that go along with what is shipped, as they ask for.
func licenceTexts(parts []shipped) (string, error) {
	var b strings.Builder
	for _, p := range parts {
		files, err := licenceFiles(p.dir, true)
		if err != nil {
			return "", fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(&b, "%s\n%s %s (%s)\n%s\n\n", strings.Repeat("=", 78), p.name, p.version, strings.Join(p.licences, ", "), p.source)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			b.Write(bytes.ReplaceAll(bytes.TrimSpace(text), []byte("\r\n"), []byte("\n")))
			b.WriteString("\n\n")
		}
	}
	return b.String(), nil
}

// materials completes the list that cyclonedx-gomod made of a program: with licences, as
// this program found them, and with the packages of the pages. It is of the time of the
// source (SOURCE_DATE_EPOCH), so that the same source gives the same list.
func materials(file string, parts []shipped) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(text), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		return "", fmt.Errorf("%s is no list of materials: %w", file, err)
	}
	if bom.Components == nil || bom.Metadata == nil {
		return "", fmt.Errorf("%s lists nothing", file)
	}
	if epoch, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		bom.Metadata.Timestamp = time.Unix(epoch, 0).UTC().Format(time.RFC3339)
	}
	listed := map[string]*cdx.Component{}
	for i := range *bom.Components {
		c := &(*bom.Components)[i]
		listed[c.Name] = c
	}
	var missing []error
	for _, p := range parts {
		licences := cdx.Licenses{}
		for _, id := range p.licences {
			licences = append(licences, cdx.LicenseChoice{License: &cdx.License{ID: id}})
		}
		switch c := listed[p.name]; {
		case slices.Contains(p.in, "pages"):
			purl := "pkg:npm/" + strings.Replace(p.name, "@", "%40", 1) + "@" + p.version
			*bom.Components = append(*bom.Components, cdx.Component{BOMRef: purl, Type: cdx.ComponentTypeLibrary, Name: p.name, Version: p.version, PackageURL: purl, Licenses: &licences})
		case c == nil:
			missing = append(missing, fmt.Errorf("%s is in the program and not in %s", p.name, file))
		default:
			c.Licenses = &licences
		}
	}
	var b bytes.Buffer
	err = cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).Encode(&bom)
	return b.String(), errors.Join(append(missing, err)...)
}

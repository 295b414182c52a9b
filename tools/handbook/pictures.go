package main

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the formats that pictures may have
	_ "image/png"
	"path"
)

// sizeOf is a picture's size in pixels, so that a page keeps its place for it.
func sizeOf(name string, data []byte) (width, height int, err error) {
	switch path.Ext(name) {
	case ".webp":
		return sizeOfWebP(data)
	case ".svg":
		var svg struct {
			Width  int `xml:"width,attr"`
			Height int `xml:"height,attr"`
		}
		if err := xml.Unmarshal(data, &svg); err != nil {
			return 0, 0, err
		}
		if svg.Width <= 0 || svg.Height <= 0 {
			return 0, 0, errors.New("the drawing says no width and height in whole numbers")
		}
		return svg.Width, svg.Height, nil
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	return c.Width, c.Height, err
}

// sizeOfWebP reads the first chunk of a WebP file (RFC 9649, 2.5 to 2.7): the frame's
// header of a lossy picture, the canvas of an extended one.
func sizeOfWebP(data []byte) (width, height int, err error) {
	if len(data) < 30 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WEBP" {
		return 0, 0, errors.New("is no WebP picture")
	}
	switch kind := string(data[12:16]); kind {
	case "VP8 ":
		return int(binary.LittleEndian.Uint16(data[26:]) & 0x3fff), int(binary.LittleEndian.Uint16(data[28:]) & 0x3fff), nil
	case "VP8X":
		three := func(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
		return three(data[24:]) + 1, three(data[27:]) + 1, nil
	default:
		return 0, 0, fmt.Errorf("WebP begins with %q, which is not read here", kind)
	}
}

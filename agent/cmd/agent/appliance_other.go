//go:build !linux

package main

import (
	"context"
	"errors"
	"io"
)

func runAppliance(context.Context, []string, io.Writer) error {
	return errors.New("the appliance is a Linux of its own")
}

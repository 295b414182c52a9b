//go:build !linux

package board

import (
	"errors"
	"log/slog"
)

func openReal(File, *slog.Logger) (Board, error) {
	return nil, errors.New("only Linux has the lines of a board; use board: sim here")
}

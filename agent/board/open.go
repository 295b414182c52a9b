package board

import (
	"log/slog"
)

// Sim is the setting that names the simulated board instead of a board file.
const Sim = "sim"

// eventBuffer is how many pulses of one reader the kernel keeps for us: many frames.
const eventBuffer = 1024

// Open opens the board that a setting names: Sim, played over the Unix socket at
// socket, or the path of a board file, on this computer's GPIO.
func Open(setting, socket string, logger *slog.Logger) (Board, error) {
	if setting == Sim {
		return newSim(Standard(), socket, logger), nil
	}
	file, err := LoadFile(setting)
	if err != nil {
		return nil, err
	}
	return openReal(file, logger)
}

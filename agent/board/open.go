package board

import (
	"log/slog"
	"strings"
)

// Sim is the setting that names the simulated board instead of a board file; with
// a colon and the path of a board file behind it, it has that wiring.
const Sim = "sim"

// IsSim tells whether a setting names the simulated board.
func IsSim(setting string) bool {
	name, _, _ := strings.Cut(setting, ":")
	return name == Sim
}

// eventBuffer is how many pulses of one reader the kernel keeps for us: many frames.
const eventBuffer = 1024

// Open opens the board that a setting names: Sim, played over the Unix socket at
// socket; Playback, which plays a recording once in real time; or the path of a
// board file, on this computer's pins and readers; or None.
func Open(setting, socket string, logger *slog.Logger) (Board, error) {
	if setting == Sim {
		return newSim(Standard(), socket, logger), nil
	}
	if setting == None {
		return blank{}, nil
	}
	if path, ok := strings.CutPrefix(setting, Playback); ok {
		r, err := readRecording(path)
		if err != nil {
			return nil, err
		}
		return newPlayback(r, true), nil
	}
	path, sim := strings.CutPrefix(setting, Sim+":")
	file, err := LoadFile(path)
	if err != nil {
		return nil, err
	}
	if sim {
		return newSim(file, socket, logger), nil
	}
	return openReal(file, logger)
}

package access

import (
	"slices"

	"hallkeeper/wire"
)

// granted is what an enrolled screen may do besides what is anybody's, by what it is
// for. A panel is a computer on which people sign in: by itself it may do nothing.
func granted(u wire.ScreenUse) []Permission {
	switch u {
	case wire.UseKiosk:
		return []Permission{Take}
	case wire.UseRate:
		return []Permission{Rate}
	case wire.UseLobby, wire.UseBoard, wire.UsePanel:
	}
	return nil
}

// UseMay tells whether screens of a use have a permission. What no use has here, no enrolled screen has.
func UseMay(u wire.ScreenUse, p Permission) bool {
	return p == Anybody || slices.Contains(granted(u), p)
}

// MayAt tells whether somebody has a permission at a window: a rating tablet is that of one window.
func (i *Identity) MayAt(p Permission, window string) bool {
	return p != Rate || i.Use == "" || i.Window == window
}

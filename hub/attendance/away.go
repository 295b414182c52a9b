package attendance

import "hallkeeper/wire"

// Away tells whether somebody should be at a window now and nobody is.
func (n Now) Away(window string) bool {
	cover := n.Windows[window].Cover
	return cover == wire.CoverAway || cover == wire.CoverEmpty
}

package nuts

// windows plans the warm-up as Stan does: init steps that adapt the step size
// alone, windows of base, 2·base, 4·base, … draws that each set M⁻¹ anew, the last
// stretched so that no shorter one follows, and term steps for the final step
// size. A warm-up shorter than all that splits 15 %, 75 %, 10 %; one under 20
// steps does not adapt M⁻¹ at all.
type windows struct {
	warmup, init, term int
	size               int // of the current window
	last               int // its last step
}

func newWindows(warmup int) windows {
	w := windows{warmup: warmup, init: 75, term: 50, size: 25}
	switch {
	case warmup < 20:
		w.init, w.last = warmup, warmup
		return w
	case w.init+w.size+w.term > warmup:
		w.init, w.term = 15*warmup/100, warmup/10
		w.size = warmup - w.init - w.term
	}
	w.last = w.init + w.size - 1
	return w
}

// collects says whether the draw after step i counts towards M⁻¹.
func (w *windows) collects(i int) bool { return i >= w.init && i < w.warmup-w.term }

// closes says whether step i ends a window, and opens the next one.
func (w *windows) closes(i int) bool {
	if i != w.last || !w.collects(i) {
		return false
	}
	end := w.warmup - w.term - 1
	if i == end {
		return true
	}
	w.size *= 2
	w.last = i + w.size
	if w.last+2*w.size >= end+1 { // the window after it would not fit
		w.last = end
	}
	return true
}

package chains

// mostExtended is how many draws of a chain are kept of a run that was extended.
const mostExtended = 1024

// extend goes on with a run that chose its own length until it has twice as many draws,
// where nothing but their number keeps a figure from being exact enough, and makes the
// result theirs. It reports false, and changes nothing, where
// the run was stopped or of a given length, or twice as many would take more work than
// is allowed or, with reported numbers at each draw, too much memory.
func (out *Result) extend(reported int) (bool, error) {
	r := out.run
	if r == nil || r.opt.Draws > 0 || out.Interrupted || r.halted() {
		return false, nil
	}
	more := r.lanes[0].out.n
	each := r.work() / float64(max(1, r.done))
	if more == 0 || 2*more > mostDraws || r.work()+each*float64(more) > r.opt.Work || r.spent() {
		return false, nil
	}
	kept := 2 * more / r.thin
	if kept > mostExtended || float64(kept*len(r.lanes))*float64(reported+len(r.lanes[0].u)) > mostNumbers {
		return false, nil
	}
	if err := r.iterate(more, false, func(l *lane) { l.thinned(r.thin) }); err != nil {
		return false, err
	}
	if r.lanes[0].out.n == 0 { // forgotten: see iterate
		return false, nil
	}
	ended := out.Ended
	if r.halted() {
		ended = stopped
	}
	next := r.collect(ended)
	if next == nil {
		return false, nil
	}
	*out = *next
	return true, nil
}

// mostNumbers is how many numbers all draws of a run that was extended may take.
const mostNumbers = 5e7

package chains

// sample draws; it says why it ended.
func (r *run) sample() (string, error) {
	for n := r.opt.Draws; n > 0; {
		r.warm = r.done
		if err := r.iterate(n, false, (*lane).keep); err != nil || r.halted() {
			return stopped, err
		}
		if r.lanes[0].out.n > 0 { // else forgotten: see iterate
			return "all draws were made", nil
		}
	}
	r.warm = r.done
	drawn, stuck := 0, 0 // draws by each chain, rounds in which groups were apart
	for n := r.least(); ; n *= 2 {
		r.planned = r.done + n - drawn
		for _, l := range r.lanes {
			l.mark()
		}
		if thin := r.thinning(n); thin != r.thin {
			for _, l := range r.lanes {
				l.rarefy(thin / r.thin)
			}
			r.thin = thin
		}
		before := r.work()
		if err := r.iterate(n-drawn, false, func(l *lane) { l.thinned(r.thin) }); err != nil || r.halted() {
			return stopped, err
		}
		if r.spent() {
			return workDone, nil
		}
		each := (r.work() - before) / float64(n-drawn)
		if drawn = n; r.lanes[0].out.n == 0 { // forgotten: see iterate
			drawn, n, r.warm = 0, (n+1)/2, r.done
			continue
		}
		rhat, ess := r.measure()
		if rhat > strayed {
			stuck++
		}
		switch {
		case rhat < agree && r.ample(ess) && !r.diverges() && r.lanes[0].out.kept >= r.least():
			return converged, nil
		case stuck > 3:
			return "chains that started elsewhere stay apart", nil
		case 2*n > mostDraws:
			return "the greatest length was reached", nil
		case r.work()+each*float64(2*n) > r.opt.Work:
			return workDone, nil
		case rhat > disagree && !r.diverges():
			for _, l := range r.lanes {
				r.warm = r.done - l.drop()
			}
		case r.diverges():
			r.save()
			r.sharpen()
			r.remetric()
			drawn, r.thin = 0, 1
			if err := r.iterate(r.opt.Warmup/5, true, nil); err != nil || r.halted() {
				return stopped, err
			}
			if r.spent() {
				return workDone, nil
			}
			r.warm = r.done
		}
	}
}

// ample reports whether so many effective draws are enough. Cheap ones are taken as well:
// the sd of a quantity with heavy tails needs them.
func (r *run) ample(ess float64) bool {
	return ess > plenty || ess > r.opt.Effective && r.work() > little
}

// save remembers draws that new ones are to replace, should there be none; restore
// takes them back.
func (r *run) save() {
	r.saved = nil
	for _, l := range r.lanes {
		r.saved = append(r.saved, *l.out)
	}
}

func (r *run) restore() {
	for i, o := range r.saved {
		*r.lanes[i].out = o
	}
}

// kept is the number of draws that all chains have kept.
func (r *run) kept() int {
	n := r.lanes[0].out.kept
	for _, l := range r.lanes {
		n = min(n, l.out.kept)
	}
	return n
}

// accepts is the acceptance that steps aim at.
func (r *run) accepts() float64 { return r.lanes[0].s.TargetAccept() }

// diverges reports whether trajectories diverge so often that smaller steps are
// called for.
func (r *run) diverges() bool {
	if r.lanes[0].s == nil {
		return false
	}
	bad, n := 0, 0
	for _, l := range r.lanes {
		bad += l.out.divergences
		n += l.out.n
	}
	return float64(bad) > divergent*float64(n) && r.accepts() < highestAccept
}

// sharpen makes steps aim at a higher acceptance where trajectories diverge.
func (r *run) sharpen() {
	if !r.diverges() {
		return
	}
	accept := r.accepts() + (1-r.accepts())/2
	for _, l := range r.lanes {
		l.s.SetTargetAccept(accept)
	}
}

// thinning is of how many draws one is kept in a run of n, so that memory suffices.
func (r *run) thinning(n int) int {
	numbers := 0
	for _, x := range r.lanes[0].given {
		numbers += len(x)
	}
	numbers = max(1, (numbers+len(r.lanes[0].u))*len(r.lanes))
	most := max(r.least(), min(mostKept, 5e7/numbers))
	thin := 1
	for n/thin > most {
		thin *= 2
	}
	return thin
}

package plan

// Arrays that are added to need not be cleared where what comes first may set
// instead of add.

// setFirst marks the accumulations that set, in the order of execution. Every
// row of an array must be written once by one that sets before any adds to it;
// otherwise none sets, and the array is cleared. It reports whether it is not
// to be cleared.
func setFirst(v *value, as []*accum) bool {
	var done []span
	var set []*accum
	for _, a := range as {
		s, ok := a.span()
		switch {
		case ok && s.apart(done):
			set, done = append(set, a), s.join(done)
		case len(done) != 1 || done[0] != (span{0, v.rows.Size()}):
			return false
		}
	}
	if len(done) != 1 || done[0] != (span{0, v.rows.Size()}) {
		return false
	}
	for _, a := range set {
		a.set = true
	}
	return true
}

// span is a range of rows.
type span struct{ lo, hi int }

func (s span) apart(others []span) bool {
	for _, o := range others {
		if s.lo < o.hi && o.lo < s.hi {
			return false
		}
	}
	return true
}

// join adds s to ranges that are apart.
func (s span) join(others []span) []span {
	var out []span
	for _, o := range others {
		if o.hi == s.lo || s.hi == o.lo {
			s = span{min(s.lo, o.lo), max(s.hi, o.hi)}
		} else {
			out = append(out, o)
		}
	}
	return append(out, s)
}

// span gives the rows that an accumulation writes, if it writes each once and
// could set it.
func (a *accum) span() (span, bool) {
	lp := a.loop
	if len(lp.dims) > 1 || lp.chunks > 1 || a.mat != nil || a.paired || a.to.off != nil {
		return span{}, false
	}
	n, step := lp.dims[0], a.to.strides[0]
	switch {
	case n == 1, step == 0 && n <= lp.block:
		return span{a.to.base, a.to.base + 1}, true
	case step == 1:
		return span{a.to.base, a.to.base + n}, true
	}
	return span{}, false
}

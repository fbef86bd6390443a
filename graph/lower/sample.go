package lower

import (
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// sample interprets one `~`.
func (l *lowerer) sample(s *ast.Sample) {
	if l.sequence != nil && l.sim == nil || l.inBody() {
		return // densities are vectorised after the recurrences have run
	}
	if l.guiding {
		return // the guide may read no latent
	}
	info := l.m.Samples[s]
	if info == nil || info.Dist == nil {
		l.fail("not-supported-here", s, "this `~` is not supported yet")
	}
	if l.sim != nil {
		l.simulate(s, info)
		return
	}
	switch info.Kind {
	case lang.Observe:
		if !l.options.LatentsOnly {
			l.observe(s, info)
		}
	case lang.Latent:
		if info.Discrete {
			l.discreteLatent(s, info)
			return
		}
		l.latent(s, info)
	case lang.Penalty:
		l.penalty(s, info)
	default:
		l.fail("not-supported-here", s, "this kind of `~` is not supported yet")
	}
}

// addFactor sums the terms of a statement over its plates and iid dimensions.
func (l *lowerer) addFactor(s *ast.Sample, latent bool, terms dist.Terms, lead []*named.Axis) {
	plates := append(l.plates[:len(l.plates):len(l.plates)], lead...)
	if !latent {
		terms = l.countTimes(s, terms, lead)
		terms = l.leaveOut(terms, plates)
	}
	total := l.b.Scalar(0)
	var o *Observed
	if !latent && l.options.Rows != nil {
		o = l.newObserved(s, terms, plates)
	}
	rest := l.addTable(terms, plates, o)
	for _, t := range rest {
		total = l.b.Add(total, l.sumOver(t, plates))
	}
	l.reward(rest, plates)
	if len(rest) == 0 && len(terms) > 0 {
		return
	}
	l.joint.Factors = append(l.joint.Factors, Factor{Site: s.Name.Name, Latent: latent, Value: total, Terms: rest, At: l.whereabouts(), Span: s.Span()})
}

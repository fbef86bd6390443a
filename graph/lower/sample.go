package lower

import (
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// sample interprets one `~`.
func (l *lowerer) sample(s *ast.Sample) {
	if l.sequence != nil && l.sim == nil {
		return // densities are vectorised after the recurrences have run
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
		l.observe(s, info)
	case lang.Latent:
		if info.Discrete {
			l.fail("not-supported-here", s, "discrete latents are not supported yet")
		}
		l.latent(s, info)
	default:
		l.fail("not-supported-here", s, "this kind of `~` is not supported yet")
	}
}

// addFactor sums the terms of a statement over its plates and iid dimensions.
func (l *lowerer) addFactor(s *ast.Sample, latent bool, terms dist.Terms, lead []*named.Axis) {
	total := l.b.Scalar(0)
	for _, t := range terms {
		total = l.b.Add(total, l.sumOver(t, append(l.plates[:len(l.plates):len(l.plates)], lead...)))
	}
	l.joint.Factors = append(l.joint.Factors, Factor{Site: s.Name.Name, Latent: latent, Value: total, Span: s.Span()})
}

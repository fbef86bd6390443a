package lower

import (
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// locationScale finds the location and scale of a block's prior on the
// unconstrained scale, for guides that work relative to them. There are none
// where the parameters refer to the site itself, as in a random walk, or to
// what is not made yet.
func (l *lowerer) locationScale(s *ast.Sample, info *lang.SampleInfo, x box) (location, scale named.Value) {
	if info.ValueKind != lang.Plain || s.Dist.Interval != nil || s.Dist.Range != nil {
		return
	}
	decl, ok := dist.Find(info.Dist.Sig.Name)
	if !ok {
		return
	}
	ls, ok := decl.LocationScaleOf()
	if !ok {
		return
	}
	for _, e := range info.Dist.Args {
		if e == nil {
			continue
		}
		for _, r := range readsOf(e) {
			if r.name == s.Name.Name {
				return
			}
		}
	}
	known := l.quietly(func() {
		p := dist.Params{Form: info.Dist.Form, Values: map[string]named.Value{}}
		for i, ps := range info.Dist.Sig.Forms[info.Dist.Form].Params {
			p.Values[ps.Name] = l.bound(info.Dist.Args[i], ps.Default, x)
		}
		if ls.Location != nil {
			location = ls.Location(l.b, p)
		}
		if ls.Scale != nil {
			scale = ls.Scale(l.b, p)
		}
	})
	if !known {
		return named.Value{}, named.Value{}
	}
	return location, scale
}

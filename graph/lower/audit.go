package lower

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// A walk forward draws from p(new | known) only if nothing known hangs on something
// new: of h[3] missing between states that are known, or a new group of which outcomes
// are known, it would draw from the distribution before these were seen. Whether that is so
// cannot be told from names, since an array may be known in part. It is told from the numbers: the
// model is walked a few times, with what is drawn different each time and what is known the same;
// an element that is known and whose distribution then has other parameters hangs on what
// is drawn. That is done once for each pattern of what is known, and not at all where names
// tell that there is nothing to find.
//
// Data of which nothing is known are replicates: what the fit learned from the data
// themselves (a latent whose prior reads them) does not hang on those.

// walks is how often the model is walked: two values of a new discrete latent
// may be the same by chance.
const walks = 4

// audit collects the parameters of what is known in one walk.
type audit struct {
	of    map[*ast.Sample]bool // the statements to look at
	found []audited
}

// audited is a known element, and a digest of the parameters of its distribution.
type audited struct {
	stmt   *ast.Sample
	where  string
	digest uint64
}

// audit refuses patterns of known values that a walk forward does not do justice.
func (p *Prediction) audit(known map[string]*Array, how simulation) diag.List {
	key := pattern(known)
	if ds, done := p.audits.Load(key); done {
		return ds.(diag.List)
	}
	ds := p.auditNow(how)
	p.audits.Store(key, ds)
	return ds
}

// pattern identifies which elements are known.
func pattern(known map[string]*Array) uint64 {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	sort.Strings(names)
	h := fnv.New64a()
	for _, name := range names {
		fmt.Fprint(h, name, known[name].Shape)
		missing := make([]byte, len(known[name].Missing))
		for i, m := range known[name].Missing {
			if m {
				missing[i] = 1
			}
		}
		h.Write(missing)
	}
	return h.Sum64()
}

func (p *Prediction) auditNow(how simulation) diag.List {
	of := p.suspects(how)
	if len(of) == 0 {
		return nil
	}
	var first []audited
	for walk := range walks {
		how.r = rand.New(rand.NewPCG(uint64(walk), 0x6a09e667f3bcc908))
		how.audit = &audit{of: of}
		simulate(p.m, p.data, how) // what fails has been reported by the draw itself
		if walk == 0 {
			first = how.audit.found
			continue
		}
		for i, x := range how.audit.found {
			if i < len(first) && first[i].stmt == x.stmt && first[i].digest != x.digest {
				return diag.List{p.notForward(x, how)}
			}
		}
	}
	return nil
}

// suspects are the statements about known elements that mention, directly or through
// lets, something of which elements are drawn.
func (p *Prediction) suspects(how simulation) map[*ast.Sample]bool {
	replicate := &hanging{m: p.m, drawn: func(s *lang.Symbol) bool { return p.names[s.Name] != nil && how.known[s.Name] == nil }}
	of := map[*ast.Sample]bool{}
	for s, info := range p.m.Samples {
		known := how.known[s.Name.Name]
		if info == nil || s.Dist == nil || known == nil || info.Kind != lang.Latent && info.Kind != lang.Observe || !slices.Contains(knownOf(known), true) {
			continue
		}
		if how.fresh(p).on(s.Dist) != "" && replicate.on(s.Dist) == "" {
			of[s] = true
		}
	}
	return of
}

// fresh finds what expressions hang on of which elements are drawn.
func (s *simulation) fresh(p *Prediction) *hanging {
	return &hanging{m: p.m, drawn: func(x *lang.Symbol) bool {
		return !s.held[x.Name] && (x.Kind == lang.SymLatent || x.Kind == lang.SymParam || p.names[x.Name] != nil)
	}}
}

// knownOf marks the elements that are known.
func knownOf(a *Array) []bool {
	out := make([]bool, len(a.Data))
	for i := range out {
		out[i] = a.Missing == nil || !a.Missing[i]
	}
	return out
}

func (p *Prediction) notForward(x audited, how simulation) diag.Diagnostic {
	name := how.fresh(p).on(x.stmt.Dist)
	return diag.Diagnostic{Code: "cannot-predict", Source: p.m.File.Source, Span: x.stmt.Span(),
		Summary: fmt.Sprintf("what is known of `%s` hangs on elements of `%s` that are to be drawn%s: these would have to be drawn given what came of them, and a prediction draws in the order of the model",
			x.stmt.Name.Name, name, x.where),
		Hint: "fit the model to the data that belong to them; or leave out what is known of `" + x.stmt.Name.Name + "` there, and it is drawn too"}
}

// look notes the parameters of the elements that are held.
func (a *audit) look(d *drawing) {
	at := make([]int, len(d.frame))
	for i := range d.frame.Size() {
		if !slices.Contains(d.held.fixed[i*d.event:(i+1)*d.event], true) {
			continue
		}
		d.coordinates(i, at)
		a.found = append(a.found, audited{d.s, d.where(i), d.from.digest(at, 14695981039346656037)})
	}
}

// digest is a number that tells parameters apart (FNV-1a on words).
func (s *sampler) digest(at []int, h uint64) uint64 {
	mix := func(x []float64) {
		for _, v := range x {
			h = (h ^ math.Float64bits(v)) * 1099511628211
			h ^= h >> 32
		}
	}
	for i := range s.params {
		mix(s.params[i].at(at))
	}
	for _, p := range s.parts {
		h = p.digest(at, h)
	}
	if s.lower != nil {
		mix(s.lower.at(at))
		mix(s.upper.at(at))
	}
	return h
}

// looks is what sees the drawing of a statement: the audit, or expectations.
func (l *lowerer) looks(s *ast.Sample, means func(d *drawing)) func(d *drawing) {
	switch {
	case l.sim.audit != nil && l.sim.audit.of[s]:
		return l.sim.audit.look
	case l.sim.audit != nil:
		return nil
	}
	return means
}

// auditWhole looks at the part of a latent known as a whole that a statement defines.
func (l *lowerer) auditWhole(s *ast.Sample, info *lang.SampleInfo, x *box, rest []int) {
	look := l.looks(s, nil)
	if look == nil {
		return
	}
	h := newHeld(x.inner.Size())
	for i := range h.fixed {
		h.fixed[i] = true
	}
	h.n = len(h.fixed)
	l.draw(s, info, x.axes, rest, h, look)
}

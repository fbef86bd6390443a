package target

import (
	"slices"

	"ppl/graph"
	"ppl/graph/lower"
)

// Chooser evaluates, at S points at once, which values of discrete latents a guide of the user's picks there, and by what the log
// density there exceeds their log probability.
type Chooser struct {
	S, D int
	// Sites are the discrete latents that the guide draws, by their places in Target.Discrete.
	Sites []int

	p *Program
	u *graph.Node
}

// NewChooser compiles a chooser for s points.
func (t *Target) NewChooser(s int) (*Chooser, error) {
	b := t.Builder()
	ax, in, u := t.Points(b, s)
	l, err := t.Lower(b, u)
	if err != nil {
		return nil, err
	}
	c := &Chooser{S: s, D: t.D, u: in}
	outs := []*graph.Node{b.With(l.LogDensity(), ax).N}
	for _, x := range l.Joint.Chosen {
		c.Sites = append(c.Sites, slices.IndexFunc(t.Discrete, func(d lower.Discrete) bool { return d.Symbol.Name == x.Symbol.Name }))
		outs = append(outs, b.With(x.Value, ax).N)
	}
	c.p, err = t.Compile(b.G, outs...)
	return c, err
}

// Eval gives at points u (S×D) the log densities less the log probabilities of the picks, and for each of Sites S × elements × values
// numbers, 1 for a pick and else 0; all valid until the next call.
func (c *Chooser) Eval(u []float64) (lp []float64, picks [][]float64, err error) {
	if c.u != nil {
		c.p.Set(c.u, u)
	}
	if err := c.p.Run(); err != nil {
		return nil, nil, err
	}
	outs := c.p.outs()
	return outs[0], outs[1:], nil
}

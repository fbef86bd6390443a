package named

import (
	"ppl/graph"
	"ppl/graph/op"
)

// ChainAxes says which axes of the weights of a chain are what.
type ChainAxes struct {
	T    *Axis // the states
	Step *Axis // the steps into states 2, 3, ...
	// Now are the axes of the value of a state, Before those of the one before
	// it; where there are several, the value is the combination of all.
	Now, Before []*Axis
	// Max finds the heaviest path in place of the sum over all.
	Max bool
}

// Chain is the log of the sum, over the paths of a chain, of the exponentials
// of the weights: u of each state, over T and Now, and w of each step, over
// Step, Before and Now. All other axes are chains apart. Either may lack axes.
func (b *Builder) Chain(u, w Value, c ChainAxes) Value {
	k := 1
	for _, a := range c.Now {
		k *= a.Size
	}
	own := append(append([]*Axis{c.T, c.Step}, c.Now...), c.Before...)
	batch := union(u.apart(own), w.apart(own))
	s := op.ChainShape{Batch: sizes(batch), T: c.T.Size, K: k, Varies: w.Has(c.Step), Max: c.Max}
	u = b.With(u, batch...)
	u = b.Reshape(b.Close(u, append([]*Axis{c.T}, c.Now...)...), graph.Shape{s.T, k})
	ends := append(append([]*Axis(nil), c.Before...), c.Now...)
	tail := graph.Shape{k, k}
	if s.Varies {
		ends, tail = append([]*Axis{c.Step}, ends...), graph.Shape{s.T - 1, k, k}
	}
	w = b.Reshape(b.Close(w, ends...), tail)
	for _, a := range w.axes {
		s.WBatch = append(s.WBatch, position(batch, a))
	}
	return b.Wrap(op.NewChain(b.G, s, u.N, w.N), batch...)
}

// apart are the axes of a value that are not among own.
func (v Value) apart(own []*Axis) []*Axis {
	var out []*Axis
	for _, a := range v.axes {
		found := false
		for _, x := range own {
			found = found || a == x
		}
		if !found {
			out = append(out, a)
		}
	}
	return out
}

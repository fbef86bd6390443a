package target

import (
	"slices"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/lang"
)

// Density evaluates the log density on the unconstrained scale and its
// gradient, at S points at once.
type Density struct {
	S, D int
	p    *Program
	u    *graph.Node
}

// NewDensity compiles the log density for S points.
func (t *Target) NewDensity(s int) (*Density, error) {
	b := t.Builder()
	ax, in, u := t.Points(b, s)
	l, err := t.LowerDensity(b, u)
	if err != nil {
		return nil, err
	}
	lp := b.With(l.LogDensity(), ax).N
	outs := []*graph.Node{lp}
	if in != nil {
		outs = append(outs, Derivatives(b, lp, s, in)...)
	}
	p, err := t.Compile(b.G, outs...)
	if err != nil {
		return nil, err
	}
	return &Density{S: s, D: t.D, p: p, u: in}, nil
}

// Eval gives the log densities (S) and gradients (S×D) at points u (S×D),
// valid until the next call.
func (d *Density) Eval(u []float64) (lp, g []float64, err error) {
	d.p.Set(d.u, u)
	if err := d.p.Run(); err != nil {
		return nil, nil, err
	}
	if d.u == nil {
		return d.p.Out(0), nil, nil
	}
	return d.p.Out(0), d.p.Out(1), nil
}

// Share gives another goroutine working memory of its own for the same compiled
// log density.
func (d *Density) Share() (*Density, error) {
	p, err := d.p.Another()
	if err != nil {
		return nil, err
	}
	return &Density{S: d.S, D: d.D, p: p, u: d.u}, nil
}

// Reporter evaluates the values that the posterior shows, at S points at once.
type Reporter struct {
	S, D    int
	Symbols []*lang.Symbol
	Shapes  []graph.Shape
	Parts   []*lower.Part // see lower.Reported
	p       *Program
	u       *graph.Node
	block   *Block // drawn from given the latents, by the noise z; nil: there is none
	z       *graph.Node
}

// NewReporter compiles the reported values for S points.
func (t *Target) NewReporter(s int) (*Reporter, error) {
	b := t.Builder()
	ax, in, u := t.Points(b, s)
	l, z, err := t.lowerDrawn(b, u, ax)
	if err != nil {
		return nil, err
	}
	r := &Reporter{S: s, D: t.D, u: in, block: t.Block, z: z}
	var outs []*graph.Node
	for _, x := range l.Joint.Reported {
		if x.Value.N.Shape.Size() == 0 || slices.Contains(t.TooLarge, x.Symbol) {
			continue
		}
		if len(t.Known) > 0 && x.Value.IsConst() {
			continue // see KnownLets
		}
		r.Symbols = append(r.Symbols, x.Symbol)
		r.Shapes = append(r.Shapes, x.Value.Shape())
		r.Parts = append(r.Parts, x.Part)
		outs = append(outs, b.With(x.Value, ax).N)
	}
	r.p, err = t.Compile(b.G, outs...)
	return r, err
}

// Eval gives, for each reported value k, an S×size(k) array, valid until the
// next call.
func (r *Reporter) Eval(u []float64) ([][]float64, error) {
	r.p.Set(r.u, u)
	if err := r.p.Run(); err != nil {
		return nil, err
	}
	return r.p.outs(), nil
}

// Report evaluates the reported values at n = len(u)/D points: for each value k
// of the reporter, size(k) columns of n numbers, one after the other. A block that is integrated out is drawn from, by noise
// that depends on its Seed and the number of the point.
func (r *Reporter) Report(u []float64) ([][]float64, error) {
	n := 0
	if r.D > 0 {
		n = len(u) / r.D
	}
	out := make([][]float64, len(r.Symbols))
	for k := range out {
		out[k] = make([]float64, n*r.Shapes[k].Size())
	}
	block := make([]float64, r.S*r.D)
	for done := 0; done < n; done += r.S {
		take := min(r.S, n-done)
		for i := 0; i < r.S; i++ { // a short last block repeats its last row
			row := done + min(i, take-1)
			copy(block[i*r.D:(i+1)*r.D], u[row*r.D:(row+1)*r.D])
		}
		if r.block != nil {
			r.block.noise(r.p.in(r.z), done/r.S)
		}
		vals, err := r.Eval(block)
		if err != nil {
			return nil, err
		}
		for k, v := range vals {
			size := r.Shapes[k].Size()
			for e := 0; e < size; e++ {
				col := out[k][e*n+done : e*n+done+take]
				for i := range col {
					col[i] = v[i*size+e]
				}
			}
		}
	}
	return out, nil
}

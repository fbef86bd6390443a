package op

import (
	"fmt"
	"slices"

	"ppl/graph"
)

// Func is a scalar function that Map applies elementwise.
type Func struct {
	Name  string
	Arity int
	F1    func(x float64) float64
	F2    func(x, y float64) float64
	F3    func(x, y, z float64) float64
	// Partial gives ∂f/∂x[k] over the frame e, from the operands x and the
	// value y; a zero Term where the function is piecewise constant in x[k].
	Partial func(e Frame, x []Term, y Term, k int) Term
}

// Map applies a scalar function elementwise: Dims[k] lists, in increasing
// order, the dimension of Out that each dimension of operand k is.
type Map struct {
	F    *Func
	Out  Shape
	Dims [][]int

	loop Shape   // Out with mergeable dimensions merged
	step [][]int // stride of each operand in each dimension of loop
	key  string
}

func newMap(f *Func, out Shape, dims [][]int) *Map {
	m := &Map{F: f, Out: out, Dims: dims}
	m.plan()
	key := out.Append(append(make([]byte, 0, 32), f.Name...))
	for _, d := range dims {
		if len(d) != len(out) {
			key = graph.AppendInts(key, d)
		} else {
			key = append(key, '.')
		}
	}
	m.key = string(key)
	return m
}

// plan merges neighbouring dimensions that every operand either has both of or
// lacks both of, so that the inner loop is as long as can be.
func (m *Map) plan() {
	strides := make([][]int, len(m.Dims))
	for k, dims := range m.Dims {
		strides[k] = make([]int, len(m.Out))
		n := 1
		for i := len(dims) - 1; i >= 0; i-- {
			strides[k][dims[i]] = n
			n *= m.Out[dims[i]]
		}
	}
	m.step = make([][]int, len(m.Dims))
	for d, n := range m.Out {
		last := len(m.loop) - 1
		merge := last >= 0
		for k := range strides {
			merge = merge && m.step[k][last] == strides[k][d]*n
		}
		if merge {
			m.loop[last] *= n
		} else {
			m.loop = append(m.loop, n)
			last++
		}
		for k := range strides {
			if merge {
				m.step[k][last] = strides[k][d]
			} else {
				m.step[k] = append(m.step[k], strides[k][d])
			}
		}
	}
}

func (m *Map) Key() string { return m.key }

func (m *Map) Infer(in []Shape) (Shape, error) {
	if len(in) != m.F.Arity || len(m.Dims) != len(in) {
		return nil, fmt.Errorf("needs %d operands", m.F.Arity)
	}
	for k, s := range in {
		if len(s) != len(m.Dims[k]) {
			return nil, fmt.Errorf("operand %d has rank %d, not %d", k, len(s), len(m.Dims[k]))
		}
		for i, d := range m.Dims[k] {
			if s[i] != m.Out[d] {
				return nil, fmt.Errorf("operand %d is %v, which does not fit %v", k, s, m.Out)
			}
		}
	}
	return m.Out, nil
}

func (m *Map) Eval(out []float64, in [][]float64) {
	if len(m.loop) == 0 {
		m.row(out, in, make([]int, len(in)), make([]int, len(in)), 1)
		return
	}
	last := len(m.loop) - 1
	n := m.loop[last]
	off := make([]int, len(in))
	step := make([]int, len(in))
	for k := range in {
		step[k] = m.step[k][last]
	}
	idx := make([]int, last)
	for o := 0; o < len(out); o += n {
		m.row(out[o:o+n], in, off, step, n)
		for d := last - 1; d >= 0; d-- {
			idx[d]++
			for k := range off {
				off[k] += m.step[k][d]
			}
			if idx[d] < m.loop[d] {
				break
			}
			for k := range off {
				off[k] -= idx[d] * m.step[k][d]
			}
			idx[d] = 0
		}
	}
}

func (m *Map) row(out []float64, in [][]float64, off, step []int, n int) {
	switch m.F.Arity {
	case 1:
		x, sx, f := in[0][off[0]:], step[0], m.F.F1
		if sx == 0 {
			v := f(x[0])
			for i := range out {
				out[i] = v
			}
			return
		}
		for i := range out {
			out[i] = f(x[i*sx])
		}
	case 2:
		m.row2(out, in[0][off[0]:], in[1][off[1]:], step[0], step[1])
	default:
		x, y, z, f := in[0][off[0]:], in[1][off[1]:], in[2][off[2]:], m.F.F3
		for i := range out {
			out[i] = f(x[i*step[0]], y[i*step[1]], z[i*step[2]])
		}
	}
}

func (m *Map) row2(out, x, y []float64, sx, sy int) {
	switch m.F {
	case Add:
		for i := range out {
			out[i] = x[i*sx] + y[i*sy]
		}
	case Sub:
		for i := range out {
			out[i] = x[i*sx] - y[i*sy]
		}
	case Mul:
		for i := range out {
			out[i] = x[i*sx] * y[i*sy]
		}
	default:
		f := m.F.F2
		for i := range out {
			out[i] = f(x[i*sx], y[i*sy])
		}
	}
}

// Factor implements graph.Multiple for c·x and −x.
func (m *Map) Factor(in []*Node) (c float64, x *Node, ok bool) {
	switch m.F {
	case Neg:
		return -1, in[0], true
	case Mul:
		c, ok := number(Term{Node: in[0], Dims: m.Dims[0]})
		return c, in[1], ok && finite(c)
	}
	return 0, nil, false
}

// SplitSum implements graph.Splitter: a factor that is constant over the summed
// dimensions is multiplied in after the sum; so is its square, where a product
// is squared, as in the density of a normal: Σ ((x − μ)/σ)² = Σ (x − μ)² / σ².
func (m *Map) SplitSum(g *Graph, in []*Node, dims []int, times float64) (*Node, bool) {
	f := Frame{g, m.Out}
	if m.F == Square && len(m.Dims[0]) == len(m.Out) {
		if u, v, ok := f.smallFactor(fullTerm(in[0])); ok && disjoint(v.Dims, dims) {
			x := f.Apply(Mul, f.Apply(Square, u), f.Apply(Square, v))
			return g.ScaledSum(f.Node(x), dims, times), true
		}
	}
	if m.F != Mul && m.F != MulZ {
		return nil, false
	}
	var kept []int
	for d := range m.Out {
		if !slices.Contains(dims, d) {
			kept = append(kept, d)
		}
	}
	for k, full := range m.Dims {
		if len(full) != len(m.Out) || len(m.Dims[1-k]) == len(full) || !subset(m.Dims[1-k], kept) {
			continue
		}
		xs := make([]Term, 2)
		xs[k] = fullTerm(g.ScaledSum(in[k], dims, times))
		xs[1-k] = f.in(Term{Node: in[1-k], Dims: m.Dims[1-k]}, kept)
		sub := f.Sub(kept)
		return sub.Node(sub.Apply(m.F, xs...)), true
	}
	return m.contracted(g, in, dims, kept, times)
}

// leastContracted is the number of terms of a sum from which on it is a contraction.
const leastContracted = 8

// contracted makes a contraction of a sum of products whose factors each lack a dimension of the result that the other
// has: their product, which has all dimensions, is then never laid out.
func (m *Map) contracted(g *Graph, in []*Node, dims, kept []int, c float64) (*Node, bool) {
	n := 1
	for _, d := range dims {
		n *= m.Out[d]
	}
	lacks := func(k int) bool {
		for _, d := range kept {
			if m.Out[d] > 1 && !slices.Contains(m.Dims[k], d) && slices.Contains(m.Dims[1-k], d) {
				return true
			}
		}
		return false
	}
	if n < leastContracted || !lacks(0) || !lacks(1) {
		return nil, false
	}
	y := NewContract(g, in[0], in[1], m.Dims[0], m.Dims[1], kept)
	if c == 1 {
		return y, true
	}
	return times(g, c, y), true
}

func disjoint(a, b []int) bool {
	for _, d := range a {
		if slices.Contains(b, d) {
			return false
		}
	}
	return true
}

// Diff multiplies the output's adjoint by the partial derivative and sums over
// the dimensions that the operand lacks. The product absorbs zeros of either
// factor (MulZ). Where no adjoint arrives, as on the branch of a conditional
// that is not taken, a partial derivative that is infinite or NaN contributes
// nothing; where the partial derivative is 0, as that of a data factor of 0 or
// of exp(−∞), what is infinite outside does not matter: the value does not move. Since every
// derivative is a sum of such products, the same holds for derivatives of
// every order: in the second sweep a NaN that arises behind the branch meets
// the 0 of its mask. A partial that is constant over the summed dimensions is
// multiplied in after the sum.
func (m *Map) Diff(g *Graph, in []*Node, out *Node, dout Term, want []bool) []Term {
	f := Frame{g, m.Out}
	xs := make([]Term, len(in))
	for k, n := range in {
		xs[k] = Term{Node: n, Dims: m.Dims[k]}
	}
	ds := make([]Term, len(in))
	for k := range in {
		if !want[k] || m.F.Partial == nil {
			continue
		}
		p := m.F.Partial(f, xs, fullTerm(out), k)
		if p.Zero() {
			continue
		}
		keep := m.Dims[k]
		if subset(p.Dims, keep) {
			sum := g.SumTo(m.Out, dout, keep)
			ds[k] = f.Sub(keep).Apply(MulZ, sum, f.in(p, keep))
			continue
		}
		ds[k] = g.SumTo(m.Out, f.Apply(MulZ, dout, p), keep)
	}
	return ds
}

package lower

import (
	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
)

// sumProduct finds in Σ_k x[t-k] · b[k] the matrix product that it is: a sum
// over dimensions of a product of data with something that shares none of the
// other dimensions of the data. As one contraction neither it nor its gradient
// lays out the products, T·K numbers for each particle. over marks the
// dimensions of v's node that are summed. The graph's rule for sums comes first.
func (l *lowerer) sumProduct(v named.Value, over []bool) (*graph.Node, bool) {
	if rule := l.b.G.SumRule; rule != nil {
		var dims []int
		for d, yes := range over {
			if yes {
				dims = append(dims, d)
			}
		}
		if n, ok := rule(l.b.G, v.N, dims, 1); ok {
			return n, true
		}
	}
	m, ok := v.N.Op.(*op.Map)
	if !ok || m.F != op.Mul || v.N.In[0].IsConst() == v.N.In[1].IsConst() {
		return nil, false
	}
	var out []int
	has := make([]int, len(over))
	for _, dims := range m.Dims {
		for _, d := range dims {
			has[d]++
		}
	}
	summed := false
	for d, yes := range over {
		if yes {
			summed = summed || has[d] == 2
			continue
		}
		if has[d] == 2 {
			return nil, false // a product for each of many: better fused than contracted
		}
		out = append(out, d)
	}
	if !summed || v.N.Shape.Size() == 0 || !graph.AllFinite(v.N.In[0].Const) || !graph.AllFinite(v.N.In[1].Const) {
		return nil, false
	}
	return op.NewContract(l.b.G, v.N.In[0], v.N.In[1], m.Dims[0], m.Dims[1], out), true
}

// sumAxes sums a scalar over axes.
func (l *lowerer) sumAxes(v named.Value, axes []*named.Axis) named.Value {
	if v.Rank() > 0 || len(without(axes, v.Axes())) > 0 {
		return l.sumOver(v, axes)
	}
	over := make([]bool, len(v.Axes()))
	for d, a := range v.Axes() {
		over[d] = contains(axes, a)
	}
	if n, ok := l.sumProduct(v, over); ok {
		return l.b.Wrap(n, without(v.Axes(), axes)...)
	}
	return l.sumOver(v, axes)
}

// sumEvent sums the whole event of a value.
func (l *lowerer) sumEvent(v named.Value) named.Value {
	over := make([]bool, len(v.N.Shape))
	for d := len(v.Axes()); d < len(over); d++ {
		over[d] = true
	}
	if n, ok := l.sumProduct(v, over); ok {
		return l.b.Wrap(n, v.Axes()...)
	}
	return l.b.SumAll(v)
}

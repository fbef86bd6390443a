package guide

import (
	"math"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/lang"
)

// Constrained is a lower.Source that takes each block from the array of its latent, on
// the scale on which the model is written: there is no transform, and no Jacobian. The
// blocks that were asked for stay in Blocks, so that whoever supplies the numbers can
// tell which of them lie in the support (PlaceIn).
type Constrained struct {
	// Array gives the values of a latent: its whole array as the event, or, with a
	// part, a vector of the elements that the part lists. It is asked once for each
	// block.
	Array func(b *named.Builder, site *lang.Symbol) (named.Value, *lower.Part, error)

	Blocks []ConstrainedBlock
}

// ConstrainedBlock is a block with the places of its elements, row-major from 0, in what
// Array gave.
type ConstrainedBlock struct {
	lower.Block
	Elements []int
}

// Latent implements lower.Source.
func (c *Constrained) Latent(b *named.Builder, block lower.Block) (named.Value, error) {
	v, part, err := c.Array(b, block.Site)
	if err != nil {
		return named.Value{}, err
	}
	shape := v.Shape()
	if part != nil {
		shape = part.Shape
	}
	at := elementsOf(block, shape)
	if part != nil {
		place := make(map[int]int, len(part.Elements))
		for k, e := range part.Elements {
			place[e] = k
		}
		for i, e := range at {
			at[i] = place[e]
		}
	}
	c.Blocks = append(c.Blocks, ConstrainedBlock{block, at})
	if len(at) == v.Shape().Size() && counts(at) {
		return b.Reshape(v, block.Box), nil
	}
	index := make([]float64, len(at))
	for i, e := range at {
		index[i] = float64(e + 1)
	}
	flat := b.Reshape(v, graph.Shape{v.Shape().Size()})
	return b.Index(flat, named.IndexArg{Value: b.Array(block.Box, index)}), nil
}

// counts reports whether x is 0, 1, 2, ...
func counts(x []int) bool {
	for i, v := range x {
		if v != i {
			return false
		}
	}
	return true
}

// elementsOf lists the elements of a block, in its order, in an array of a shape.
func elementsOf(block lower.Block, shape graph.Shape) []int {
	st := shape.Strides()
	out := make([]int, 0, block.Box.Size())
	if block.Cells != nil {
		inner := block.Box[1:].Size()
		for _, cell := range block.Cells {
			first := 0
			for d, i := range cell {
				first += i * st[d]
			}
			for k := range inner {
				out = append(out, first+k)
			}
		}
		return out
	}
	base := 0
	for d, from := range block.At {
		base += from * st[d]
	}
	graph.Walk(block.Box, st, nil, 0, func(_, p, _ int) { out = append(out, base+p) })
	return out
}

// Place says where a value is with respect to a support.
type Place int

// Outside comes first, so that the least of several places is that of all together.
const (
	Outside Place = iota
	// Edge is an end of an interval, or a vector with elements there: a limit of the
	// support, to which draws are rounded.
	Edge
	Inside
)

// slack is how far beyond a bound a number may be rounded, relative to the bounds.
const slack = 8 * 0x1p-53

// PlaceIn finds where one object is with respect to a support: a vector or a square
// matrix with k rows, row-major, or a number. Lower and upper are the bounds of each
// element, one for all, or none. Sums and the like are looked at to within lang.Tolerance.
func PlaceIn(kind lang.SupportKind, x []float64, k int, lower, upper []float64) Place {
	for _, v := range x {
		if v-v != 0 { // infinite, or not a number
			return Outside
		}
	}
	switch kind {
	case lang.SupportReal:
		return Inside
	case lang.SupportPositive:
		return between(x, []float64{0}, nil)
	case lang.SupportUnit:
		return between(x, []float64{0}, []float64{1})
	case lang.SupportCircle:
		return between(x, []float64{-math.Pi}, []float64{math.Pi})
	case lang.SupportOrdered:
		return increasing(x)
	case lang.SupportPositiveOrdered:
		return min(increasing(x), between(x, []float64{0}, nil))
	case lang.SupportOrderedInterval:
		return min(increasing(x), between(x, lower, upper))
	case lang.SupportSimplex:
		return min(of(lang.Simplex, x, k), between(x, []float64{0}, nil))
	case lang.SupportUnitVector:
		return of(lang.UnitVector, x, k)
	case lang.SupportSumToZero:
		return of(lang.SumToZero, x, k)
	case lang.SupportCholeskyCorr:
		return of(lang.CholeskyCorr, x, k)
	case lang.SupportCorr:
		return of(lang.Corr, x, k)
	case lang.SupportCov:
		return of(lang.Cov, x, k)
	}
	return between(x, lower, upper)
}

func of(kind lang.Kind, x []float64, k int) Place {
	if kind.Violation(x, k) != "" {
		return Outside
	}
	return Inside
}

// increasing is Edge where neighbours are equal.
func increasing(x []float64) Place {
	p := Inside
	for i := 1; i < len(x); i++ {
		switch {
		case x[i] < x[i-1]:
			return Outside
		case x[i] == x[i-1]:
			p = Edge
		}
	}
	return p
}

// between places numbers in intervals, whose ends may be infinite.
func between(x, lower, upper []float64) Place {
	p := Inside
	for i, v := range x {
		lo, hi := boundAt(lower, i, math.Inf(-1)), boundAt(upper, i, math.Inf(1))
		if !(lo < hi) {
			return Outside
		}
		off := 0.0
		for _, end := range []float64{lo, hi} {
			if !math.IsInf(end, 0) {
				off = math.Max(off, slack*math.Abs(end))
			}
		}
		switch {
		case v < lo-off || v > hi+off:
			return Outside
		case v <= lo || v >= hi:
			p = Edge
		}
	}
	return p
}

// boundAt is element i of bounds, of which there may be one for all.
func boundAt(x []float64, i int, absent float64) float64 {
	switch len(x) {
	case 0:
		return absent
	case 1:
		return x[0]
	}
	return x[i]
}

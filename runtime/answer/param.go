package answer

import (
	"fmt"
	"slices"
	"strings"
)

// Param is a value that was learned as a point, or a `let` of such values and data: it has no
// distribution.
type Param struct {
	Symbol string
	// Shape is that of its array, and Labels are those of each dimension, nil where indices are numbers.
	Shape  []int
	Labels [][]string
	Values []float64 // row-major
	// Errors are standard errors by the observed information, of models without continuous latents; nil
	// where there are none.
	Errors []float64
	// Let says that it is a `let`.
	Let bool
}

// Name is that of element i, as in the model: `W[2,1]`, `tau`.
func (p *Param) Name(i int) string {
	if len(p.Shape) == 0 {
		return p.Symbol
	}
	parts := make([]string, len(p.Shape))
	for d, k := range p.index(i) {
		if parts[d] = fmt.Sprint(k + 1); d < len(p.Labels) && k < len(p.Labels[d]) {
			parts[d] = p.Labels[d][k]
		}
	}
	return p.Symbol + "[" + strings.Join(parts, ",") + "]"
}

// Column is the name of element i that CmdStan would use: `W.2.1`.
func (p *Param) Column(i int) string {
	name := p.Symbol
	for _, k := range p.index(i) {
		name += fmt.Sprintf(".%d", k+1)
	}
	return name
}

// index are the positions of element i, from 0.
func (p *Param) index(i int) []int {
	out := make([]int, len(p.Shape))
	for d := len(out) - 1; d >= 0; d-- {
		out[d] = i % p.Shape[d]
		i /= p.Shape[d]
	}
	return out
}

// Clone is a copy that shares nothing.
func (p *Param) Clone() Param {
	q := *p
	q.Shape, q.Values, q.Errors, q.Labels = slices.Clone(p.Shape), slices.Clone(p.Values), slices.Clone(p.Errors), slices.Clone(p.Labels)
	for d := range q.Labels {
		q.Labels[d] = slices.Clone(q.Labels[d])
	}
	return q
}

// Has reports whether a name is that of the param, or of an element, in the model or as a column.
func (p *Param) Has(name string) bool {
	if name == p.Symbol {
		return true
	}
	for i := range p.Values {
		if name == p.Name(i) || name == p.Column(i) {
			return true
		}
	}
	return false
}

package named_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ppl/graph"
	"ppl/graph/named"
)

// step is an operation that is affine in its operand, in the graph and as the
// reference has it.
type step struct {
	name  string
	graph func(named.Value) named.Value
	ref   func(ref) ref
}

// TestPrograms runs random sequences of operations, and checks the last value
// and the gradient through all of them: views of views, scatters of sums, ...
func TestPrograms(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt, 0)
		x := w.array(w.shape(0, 2, 0))
		var steps []step
		for r := x; len(steps) < w.upTo(1, 5, "steps"); {
			s := w.step(r)
			if s.ref == nil {
				continue
			}
			next := s.ref(r)
			if len(next.data) > 3000 {
				break
			}
			steps, r = append(steps, s), next
		}
		w.checkLinear(names(steps), x,
			func(v named.Value) named.Value {
				for _, s := range steps {
					v = s.graph(v)
				}
				return v
			},
			func(r ref) ref {
				for _, s := range steps {
					r = s.ref(r)
				}
				return r
			})
	})
}

func names(steps []step) string {
	var s []string
	for _, x := range steps {
		s = append(s, x.name)
	}
	return strings.Join(s, ", ")
}

// step draws an operation for x, or none if the one drawn does not apply.
func (w *world) step(x ref) step {
	all := []func(ref) step{w.indexStep, w.closeStep, w.openStep, w.renameStep, w.withStep, w.transposeStep, w.reshapeStep, w.sumStep, w.sumAxesStep,
		w.concatStep, w.stackStep, w.assembleStep, w.diagonalStep, w.spreadStep, w.subStep, w.mulStep, w.whereStep, w.matmulStep, w.outerStep, w.cumsumStep}
	return all[w.upTo(0, len(all)-1, "step")](x)
}

func (w *world) indexStep(x ref) step {
	args, refs := w.drawIndices(x.event)
	return step{"index", func(v named.Value) named.Value { return w.b.Index(v, args...) }, func(r ref) ref { return w.index(r, refs) }}
}

func (w *world) shuffled(axes []*named.Axis) []*named.Axis {
	return rapid.Permutation(axes).Draw(w.t, "order")
}

func without(axes, drop []*named.Axis) (out []*named.Axis) {
	for _, a := range axes {
		if indexOf(drop, a) < 0 {
			out = append(out, a)
		}
	}
	return out
}

func (w *world) closeStep(x ref) step {
	axes := w.shuffled(w.someAxes("close"))
	return step{"close",
		func(v named.Value) named.Value { return w.b.Close(v, axes...) },
		func(r ref) ref {
			return tabulate(without(r.axes, axes), append(sizes(axes), r.event...), func(at place, idx []int) float64 {
				for k, a := range axes {
					at[a] = idx[k]
				}
				return r.get(at, idx[len(axes):])
			})
		}}
}

func (w *world) openStep(x ref) step {
	var axes []*named.Axis
	for _, a := range w.shuffled(without(w.axes, x.axes)) {
		if k := len(axes); k < len(x.event) && x.event[k] == a.Size {
			axes = append(axes, a)
		}
	}
	if axes == nil {
		return step{}
	}
	return step{"open",
		func(v named.Value) named.Value { return w.b.Open(v, axes...) },
		func(r ref) ref {
			return tabulate(w.union(r, ref{axes: axes}), r.event[len(axes):], func(at place, idx []int) float64 {
				var lead []int
				for _, a := range axes {
					lead = append(lead, at[a])
				}
				return r.get(at, append(lead, idx...))
			})
		}}
}

func (w *world) renameStep(x ref) step {
	from, to := w.axes[w.upTo(0, 4, "from")], w.axes[w.upTo(0, 4, "to")]
	if from.Size != to.Size || x.has(to) {
		return step{}
	}
	return step{"rename",
		func(v named.Value) named.Value { return w.b.Rename(v, from, to) },
		func(r ref) ref {
			if !r.has(from) {
				return r
			}
			return tabulate(w.union(ref{axes: without(r.axes, []*named.Axis{from})}, ref{axes: []*named.Axis{to}}), r.event, func(at place, idx []int) float64 {
				at[from] = at[to]
				return r.get(at, idx)
			})
		}}
}

func (w *world) withStep(x ref) step {
	axes := w.someAxes("with")
	return step{"with",
		func(v named.Value) named.Value { return w.b.With(v, axes...) },
		func(r ref) ref { return tabulate(w.union(r, ref{axes: axes}), r.event, r.get) }}
}

func (w *world) transposeStep(x ref) step {
	perm := rapid.Permutation(graph.Iota(len(x.event))).Draw(w.t, "perm")
	return step{"transpose",
		func(v named.Value) named.Value { return w.b.Transpose(v, perm...) },
		func(r ref) ref {
			event := graph.Shape{}
			for _, p := range perm {
				event = append(event, r.event[p])
			}
			return tabulate(r.axes, event, func(at place, idx []int) float64 {
				src := make([]int, len(idx))
				for i, p := range perm {
					src[p] = idx[i]
				}
				return r.get(at, src)
			})
		}}
}

func (w *world) reshapeStep(x ref) step {
	s := graph.Shape{x.event.Size()}
	switch k := len(x.event); {
	case k > 1 && w.flip("merge"):
		s = append(graph.Shape{x.event[0] * x.event[1]}, x.event[2:]...)
	case w.flip("one"):
		s = append(append(graph.Shape{}, x.event...), 1)
	}
	return step{"reshape",
		func(v named.Value) named.Value { return w.b.Reshape(v, s) },
		func(r ref) ref { return ref{r.axes, s, r.data} }}
}

func (w *world) sumStep(x ref) step {
	k := w.upTo(0, len(x.event), "dims")
	return step{"sum",
		func(v named.Value) named.Value { return w.b.Sum(v, k) },
		func(r ref) ref {
			rest := len(r.event) - k
			return tabulate(r.axes, r.event[:rest], func(at place, idx []int) (t float64) {
				eachIndex(r.event[rest:], func(more []int) { t += r.get(at, append(idx[:rest:rest], more...)) })
				return t
			})
		}}
}

func (w *world) sumAxesStep(x ref) step {
	axes := w.someAxes("sum")
	return step{"sum over axes",
		func(v named.Value) named.Value { return w.b.SumAxes(v, axes...) },
		func(r ref) ref {
			return tabulate(without(r.axes, axes), r.event, func(at place, idx []int) (t float64) {
				eachIndex(sizes(axes), func(i []int) {
					for k, a := range axes {
						at[a] = i[k]
					}
					t += r.get(at, idx)
				})
				return t
			})
		}}
}

// concatStep joins x with one array before or after it.
func (w *world) concatStep(x ref) step {
	if len(x.event) == 0 {
		return step{}
	}
	event := append(graph.Shape{w.upTo(0, 3, "size")}, x.event[1:]...)
	v2, y := w.operand(event)
	first := w.flip("first")
	return step{"concat",
		func(v named.Value) named.Value {
			if first {
				return w.b.Concat(v, v2)
			}
			return w.b.Concat(v2, v, v2)
		},
		func(r ref) ref {
			if first {
				return w.concat(r, y)
			}
			return w.concat(y, r, y)
		}}
}

func (w *world) concat(rs ...ref) ref {
	event := append(graph.Shape{}, rs[0].event...)
	event[0] = 0
	for _, r := range rs {
		event[0] += r.event[0]
	}
	return tabulate(w.union(rs...), event, func(at place, idx []int) float64 {
		idx = append([]int{}, idx...)
		for _, r := range rs {
			if idx[0] < r.event[0] {
				return r.get(at, idx)
			}
			idx[0] -= r.event[0]
		}
		panic("beyond the end")
	})
}

func (w *world) stackStep(x ref) step {
	v2, y := w.operand(x.event)
	return step{"stack",
		func(v named.Value) named.Value { return w.b.Stack(v, v2, v) },
		func(r ref) ref {
			rs := []ref{r, y, r}
			return tabulate(w.union(rs...), append(graph.Shape{3}, r.event...), func(at place, idx []int) float64 { return rs[idx[0]].get(at, idx[1:]) })
		}}
}

// assembleStep puts x and its double into a larger array of zeros, one after
// the other in the first dimension.
func (w *world) assembleStep(x ref) step {
	if len(x.event) == 0 {
		return step{}
	}
	at1, at2, shape := make([]int, len(x.event)), make([]int, len(x.event)), graph.Shape{}
	for d, n := range x.event {
		at1[d], at2[d] = w.upTo(0, 1, "at"), w.upTo(0, 1, "at")
		shape = append(shape, n+1+w.upTo(0, 1, "more"))
	}
	at2[0] = at1[0] + x.event[0]
	shape[0] = at2[0] + x.event[0] + w.upTo(0, 1, "more")
	return step{"assemble",
		func(v named.Value) named.Value {
			return w.b.Assemble(shape, named.Block{Value: v, At: at1}, named.Block{Value: w.b.Scale(2, v), At: at2})
		},
		func(r ref) ref {
			return tabulate(r.axes, shape, func(at place, idx []int) float64 {
				for k, from := range [][]int{at1, at2} {
					src, inside := make([]int, len(idx)), true
					for d := range idx {
						src[d] = idx[d] - from[d]
						inside = inside && src[d] >= 0 && src[d] < r.event[d]
					}
					if inside {
						return float64(k+1) * r.get(at, src)
					}
				}
				return 0
			})
		}}
}

func (w *world) diagonalStep(x ref) step {
	switch {
	case len(x.event) == 1:
		return step{"diagonal matrix", w.b.DiagonalMatrix, func(r ref) ref {
			n := r.event[0]
			return tabulate(r.axes, graph.Shape{n, n}, func(at place, idx []int) float64 {
				if idx[0] != idx[1] {
					return 0
				}
				return r.get(at, idx[:1])
			})
		}}
	case len(x.event) == 2 && x.event[0] == x.event[1]:
		return step{"diagonal", w.b.Diagonal, func(r ref) ref {
			return tabulate(r.axes, r.event[:1], func(at place, idx []int) float64 { return r.get(at, []int{idx[0], idx[0]}) })
		}}
	}
	return step{}
}

func (w *world) spreadStep(x ref) step {
	if len(x.event) > 0 {
		return step{}
	}
	s := w.shape(0, 2, 0)
	return step{"spread",
		func(v named.Value) named.Value { return w.b.Spread(v, s) },
		func(r ref) ref { return tabulate(r.axes, s, func(at place, _ []int) float64 { return r.get(at, nil) }) }}
}

// partner is an operand for x in an elementwise operation: of its shape, or a
// scalar; if x is a scalar, of any shape.
func (w *world) partner(x ref) (named.Value, ref) {
	event := x.event
	switch {
	case w.flip("scalar"):
		event = graph.Shape{}
	case len(event) == 0:
		event = w.shape(0, 2, 0)
	}
	return w.operand(event)
}

func (w *world) elementwise(f func(x ...float64) float64, rs ...ref) ref {
	var event graph.Shape
	for _, r := range rs {
		if len(r.event) > 0 {
			event = r.event
		}
	}
	return tabulate(w.union(rs...), event, func(at place, idx []int) float64 {
		var x []float64
		for _, r := range rs {
			if len(r.event) == 0 {
				x = append(x, r.get(at, nil))
			} else {
				x = append(x, r.get(at, idx))
			}
		}
		return f(x...)
	})
}

func (w *world) subStep(x ref) step {
	v2, y := w.partner(x)
	return step{"sub",
		func(v named.Value) named.Value { return w.b.Sub(v2, v) },
		func(r ref) ref { return w.elementwise(func(a ...float64) float64 { return a[0] - a[1] }, y, r) }}
}

func (w *world) mulStep(x ref) step {
	v2, y := w.partner(x)
	return step{"mul",
		func(v named.Value) named.Value { return w.b.Mul(v, v2) },
		func(r ref) ref { return w.elementwise(func(a ...float64) float64 { return a[0] * a[1] }, r, y) }}
}

func (w *world) whereStep(x ref) step {
	cv, c := w.partner(x)
	v2, y := w.operand(x.event)
	return step{"where",
		func(v named.Value) named.Value { return w.b.Where(w.b.Greater(cv, w.b.Scalar(0)), v, v2) },
		func(r ref) ref {
			return w.elementwise(func(a ...float64) float64 {
				if a[0] > 0 {
					return a[1]
				}
				return a[2]
			}, c, r, y)
		}}
}

// matmulStep multiplies by a vector or a matrix, on either side.
func (w *world) matmulStep(x ref) step {
	k := len(x.event)
	if k < 1 || k > 2 {
		return step{}
	}
	left := w.flip("left")
	inner := x.event[k-1]
	if left {
		inner = x.event[0]
	}
	event := graph.Shape{inner}
	switch {
	case !w.flip("matrix"):
	case left:
		event = graph.Shape{w.upTo(0, 3, "rows"), inner}
	default:
		event = graph.Shape{inner, w.upTo(0, 3, "columns")}
	}
	v2, y := w.operand(event)
	return step{"matmul",
		func(v named.Value) named.Value {
			if left {
				return w.b.MatMul(v2, v)
			}
			return w.b.MatMul(v, v2)
		},
		func(r ref) ref {
			if left {
				return w.product(y, r)
			}
			return w.product(r, y)
		}}
}

func (w *world) product(x, y ref) ref {
	kx := len(x.event) - 1
	event := append(append(graph.Shape{}, x.event[:kx]...), y.event[1:]...)
	return tabulate(w.union(x, y), event, func(at place, idx []int) (t float64) {
		for i := range x.event[kx] {
			t += x.get(at, append(idx[:kx:kx], i)) * y.get(at, append([]int{i}, idx[kx:]...))
		}
		return t
	})
}

func (w *world) outerStep(x ref) step {
	if len(x.event) != 1 {
		return step{}
	}
	v2, y := w.operand(graph.Shape{w.upTo(0, 3, "size")})
	return step{"outer",
		func(v named.Value) named.Value { return w.b.Outer(v, v2) },
		func(r ref) ref {
			return tabulate(w.union(r, y), graph.Shape{r.event[0], y.event[0]}, func(at place, idx []int) float64 {
				return r.get(at, idx[:1]) * y.get(at, idx[1:])
			})
		}}
}

func (w *world) cumsumStep(x ref) step {
	k := len(x.event) - 1
	if k < 0 {
		return step{}
	}
	return step{"cumsum", w.b.CumSum, func(r ref) ref {
		return tabulate(r.axes, r.event, func(at place, idx []int) (t float64) {
			for i := range idx[k] + 1 {
				t += r.get(at, append(idx[:k:k], i))
			}
			return t
		})
	}}
}

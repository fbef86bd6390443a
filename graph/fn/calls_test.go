package fn_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"pgregory.net/rapid"

	"ppl/graph"
	"ppl/graph/fn"
	"ppl/graph/named"
	"ppl/lang"
)

// dims draws the shapes of arguments.
type dims struct {
	t     *rapid.T
	least int // size of a dimension
}

func (d dims) size() int { return rapid.IntRange(d.least, 4).Draw(d.t, "size") }

// known is a size of at least one.
func (d dims) known() int { return rapid.IntRange(max(1, d.least), 4).Draw(d.t, "size") }

func (d dims) shape(lo, hi int) graph.Shape {
	s := make(graph.Shape, rapid.IntRange(lo, hi).Draw(d.t, "rank"))
	for i := range s {
		s[i] = d.size()
	}
	return s
}

// maker draws the shapes of a call's arguments, and gives a function that
// makes the arguments' elements.
type maker func(d dims) func(r *rand.Rand) []array

// domain makes one number.
type domain func(r *rand.Rand) float64

func anyReal(r *rand.Rand) float64  { return 2 * r.NormFloat64() }
func positive(r *rand.Rand) float64 { return 0.1 + 2*r.ExpFloat64() }
func unit(r *rand.Rand) float64     { return 0.02 + 0.96*r.Float64() }
func aboveMinus1(r *rand.Rand) float64 {
	return -0.95 + r.ExpFloat64()
}
func insideOne(r *rand.Rand) float64 { return 1.9*r.Float64() - 0.95 }

// broken is a real that is not near an integer.
func broken(r *rand.Rand) float64 { return float64(r.IntN(9)-4) + 0.1 + 0.8*r.Float64() }

// tenths and notTenths never come close to each other.
func tenths(r *rand.Rand) float64    { return math.Round(10*anyReal(r)) / 10 }
func notTenths(r *rand.Rand) float64 { return tenths(r) + 0.05 }

func whole(lo, hi int) domain {
	return func(r *rand.Rand) float64 { return float64(lo + r.IntN(hi-lo+1)) }
}

func between(lo, hi float64) domain {
	return func(r *rand.Rand) float64 { return lo + (hi-lo)*r.Float64() }
}

func elements(r *rand.Rand, s graph.Shape, d domain) []float64 {
	x := make([]float64, s.Size())
	for i := range x {
		x[i] = d(r)
	}
	return x
}

func reals(r *rand.Rand, s graph.Shape, d domain) array {
	return array{lang.Real, s, elements(r, s, d)}
}

func ints(r *rand.Rand, s graph.Shape, d domain) array {
	return array{lang.Int, s, elements(r, s, d)}
}

func count(n int) array { return array{lang.Int, graph.Shape{}, []float64{float64(n)}} }

// one makes an array with a rank from lo to hi.
func one(d domain, lo, hi int) maker {
	return func(ds dims) func(*rand.Rand) []array {
		s := ds.shape(lo, hi)
		return func(r *rand.Rand) []array { return []array{reals(r, s, d)} }
	}
}

// distinct makes an array of elements that never come close to each other.
func distinct(hi int) maker {
	return func(ds dims) func(*rand.Rand) []array {
		s := ds.shape(1, hi)
		return func(r *rand.Rand) []array { return []array{apart(r, s)} }
	}
}

func apart(r *rand.Rand, s graph.Shape) array {
	x := reals(r, s, unit)
	for i, k := range r.Perm(len(x.data)) {
		x.data[i] = float64(k)/2 + x.data[i]/4 - 1
	}
	return x
}

// whatever is one array of some elements that are not real.
func whatever(e lang.Elem, d domain, lo, hi int) maker {
	return func(ds dims) func(*rand.Rand) []array {
		s := ds.shape(lo, hi)
		return func(r *rand.Rand) []array { return []array{{e, s, elements(r, s, d)}} }
	}
}

// two are arguments of an elementwise function.
func two(e lang.Elem, dx, dy domain) maker {
	return func(ds dims) func(*rand.Rand) []array {
		s := ds.shape(0, 2)
		sx, sy := s, s
		switch rapid.IntRange(0, 2).Draw(ds.t, "scalar") {
		case 0:
			sx = graph.Shape{}
		case 1:
			sy = graph.Shape{}
		}
		return func(r *rand.Rand) []array {
			return []array{{e, sx, elements(r, sx, dx)}, {e, sy, elements(r, sy, dy)}}
		}
	}
}

func either(ms ...maker) maker {
	return func(d dims) func(*rand.Rand) []array {
		return ms[rapid.IntRange(0, len(ms)-1).Draw(d.t, "form")](d)
	}
}

var makers = map[string]maker{
	"exp": one(anyReal, 0, 3), "log": one(positive, 0, 3), "log1p": one(aboveMinus1, 0, 2), "expm1": one(anyReal, 0, 2), "sqrt": one(positive, 0, 2),
	"square": one(anyReal, 0, 2), "abs": one(broken, 0, 2), "sign": one(broken, 0, 2), "floor": one(broken, 0, 2), "ceil": one(broken, 0, 2),
	"round":     one(func(r *rand.Rand) float64 { return broken(r) + 0.5 }, 0, 2),
	"inv_logit": one(anyReal, 0, 2), "logit": one(unit, 0, 2), "softplus": one(anyReal, 0, 2), "log_inv_logit": one(anyReal, 0, 2), "tanh": one(anyReal, 0, 2),
	"sin": one(anyReal, 0, 2), "cos": one(anyReal, 0, 2), "tan": one(insideOne, 0, 2), "asin": one(insideOne, 0, 2), "acos": one(insideOne, 0, 2),
	"atan": one(anyReal, 0, 2), "sinh": one(anyReal, 0, 2), "cosh": one(anyReal, 0, 2), "erf": one(anyReal, 0, 2), "erfc": one(anyReal, 0, 2),
	"Phi": one(anyReal, 0, 2), "log_Phi": one(anyReal, 0, 2), "lgamma": one(positive, 0, 2), "digamma": one(positive, 0, 2), "relu": one(broken, 0, 2),
	"lbeta": two(lang.Real, positive, positive), "lchoose": two(lang.Real, between(10, 20), between(0.1, 9)),
	"div": two(lang.Int, whole(-20, 20), whole(1, 7)), "mod": two(lang.Int, whole(-20, 20), whole(1, 7)),

	"sum": one(anyReal, 1, 3), "prod": one(anyReal, 1, 2), "mean": one(anyReal, 1, 3), "var": one(anyReal, 1, 2), "sd": one(anyReal, 1, 2),
	"min": either(distinct(2), two(lang.Real, tenths, notTenths)), "max": either(distinct(2), two(lang.Real, tenths, notTenths)),
	"log_sum_exp": either(one(anyReal, 1, 2), two(lang.Real, anyReal, anyReal)),
	"any":         whatever(lang.Bool, whole(0, 1), 1, 2), "all": whatever(lang.Bool, whole(0, 1), 1, 2),
	"argmax": func(d dims) func(*rand.Rand) []array {
		s := graph.Shape{d.known()}
		return func(r *rand.Rand) []array { return []array{apart(r, s)} }
	},
	"size": one(anyReal, 1, 2), "norm": one(anyReal, 1, 2),
	"dot": func(d dims) func(*rand.Rand) []array {
		s := graph.Shape{d.size()}
		return func(r *rand.Rand) []array { return []array{reals(r, s, anyReal), reals(r, s, anyReal)} }
	},
	"softmax": one(anyReal, 1, 1), "log_softmax": one(anyReal, 1, 1), "cumsum": one(anyReal, 1, 1), "sort": distinct(1),

	"zeros": onlySizes, "ones": onlySizes,
	"eye": func(d dims) func(*rand.Rand) []array {
		n := d.size()
		return func(r *rand.Rand) []array { return []array{count(n)} }
	},
	"fill": func(d dims) func(*rand.Rand) []array {
		sizes := d.shape(1, 2)
		return func(r *rand.Rand) []array { return withCounts(sizes, reals(r, graph.Shape{}, anyReal)) }
	},
	"linspace": func(d dims) func(*rand.Rand) []array {
		n := d.size()
		return func(r *rand.Rand) []array {
			return []array{reals(r, graph.Shape{}, anyReal), reals(r, graph.Shape{}, anyReal), count(n)}
		}
	},
	"one_hot": func(d dims) func(*rand.Rand) []array {
		s, n := d.shape(0, 2), d.known()
		return func(r *rand.Rand) []array { return []array{ints(r, s, whole(1, n)), count(n)} }
	},
	"concat": func(d dims) func(*rand.Rand) []array {
		rest := d.shape(0, 1)
		var shapes []graph.Shape
		for range rapid.IntRange(1, 3).Draw(d.t, "arguments") {
			s := append(graph.Shape{d.size()}, rest...)
			if len(rest) == 0 && rapid.Bool().Draw(d.t, "scalar") {
				s = graph.Shape{}
			}
			shapes = append(shapes, s)
		}
		return func(r *rand.Rand) []array {
			var out []array
			for _, s := range shapes {
				out = append(out, reals(r, s, anyReal))
			}
			return out
		}
	},
	"stack": func(d dims) func(*rand.Rand) []array {
		s, n := d.shape(0, 2), rapid.IntRange(1, 3).Draw(d.t, "arguments")
		return func(r *rand.Rand) []array {
			var out []array
			for range n {
				out = append(out, reals(r, s, anyReal))
			}
			return out
		}
	},
	"reshape": func(d dims) func(*rand.Rand) []array {
		a, b, c := d.size(), d.size(), d.size()
		return func(r *rand.Rand) []array {
			return withCounts(graph.Shape{b, c * a}, reals(r, graph.Shape{a, b, c}, anyReal))
		}
	},
	"transpose": one(anyReal, 2, 2),
	"diag": either(one(anyReal, 1, 1), func(d dims) func(*rand.Rand) []array {
		n := d.size()
		return func(r *rand.Rand) []array { return []array{reals(r, graph.Shape{n, n}, anyReal)} }
	}),
	"outer": func(d dims) func(*rand.Rand) []array {
		n, m := d.size(), d.size()
		return func(r *rand.Rand) []array {
			return []array{reals(r, graph.Shape{n}, anyReal), reals(r, graph.Shape{m}, anyReal)}
		}
	},

	"cholesky": squareMatrix(spd), "log_det": squareMatrix(regular), "inverse": squareMatrix(regular), "trace": squareMatrix(regular),
	"solve": against(regular), "solve_lower": against(lower), "quad_form": against(regular),

	"gelu": one(anyReal, 0, 2),
	"layer_norm": func(d dims) func(*rand.Rand) []array {
		s, given := d.shape(1, 3), rapid.Bool().Draw(d.t, "epsilon")
		return func(r *rand.Rand) []array {
			out := []array{reals(r, s, anyReal)}
			if given {
				out = append(out, reals(r, graph.Shape{}, between(0.05, 1)))
			}
			return out
		}
	},
	"conv2d": func(d dims) func(*rand.Rand) []array {
		c, out, stride, padding := d.known(), d.size(), rapid.IntRange(1, 3).Draw(d.t, "stride"), rapid.IntRange(0, 2).Draw(d.t, "padding")
		var image, kernel graph.Shape
		for range 2 {
			n := d.known()
			image, kernel = append(image, n), append(kernel, rapid.IntRange(1, n+2*padding).Draw(d.t, "kernel"))
		}
		image = append(append(d.shape(0, 1), c), image...)
		more := graph.Shape{stride, padding}[:rapid.IntRange(0, 2).Draw(d.t, "arguments")]
		for i := range kernel {
			if len(more) < 2 {
				kernel[i] = min(kernel[i], image[len(image)-2+i])
			}
		}
		kernel = append(graph.Shape{out, c}, kernel...)
		return func(r *rand.Rand) []array {
			return withCounts(more, reals(r, image, anyReal), reals(r, kernel, anyReal))
		}
	},
	"max_pool2d": func(d dims) func(*rand.Rand) []array {
		s := append(d.shape(0, 1), d.known(), d.known())
		more := graph.Shape{rapid.IntRange(1, min(s[len(s)-1], s[len(s)-2])).Draw(d.t, "window"), rapid.IntRange(1, 3).Draw(d.t, "stride")}
		more = more[:rapid.IntRange(1, 2).Draw(d.t, "arguments")]
		return func(r *rand.Rand) []array { return withCounts(more, apart(r, s)) }
	},

	"cov_exp_quad": points(0), "cov_matern32": points(0), "cov_matern52": points(0), "cov_periodic": points(1),
}

func onlySizes(d dims) func(*rand.Rand) []array {
	s := d.shape(1, 3)
	return func(r *rand.Rand) []array { return withCounts(s) }
}

func withCounts(s graph.Shape, args ...array) []array {
	for _, n := range s {
		args = append(args, count(n))
	}
	return args
}

// regular matrices are diagonally dominant, with signs.
func regular(r *rand.Rand, n int) array {
	a := reals(r, graph.Shape{n, n}, insideOne)
	for i := range n {
		a.data[i*n+i] += math.Copysign(float64(n)+1, a.data[i*n+i])
	}
	return a
}

func lower(r *rand.Rand, n int) array {
	a := regular(r, n)
	for i := range n {
		for j := i + 1; j < n; j++ {
			a.data[i*n+j] = 0
		}
	}
	return a
}

// spd matrices are positive definite; only the lower triangle counts.
func spd(r *rand.Rand, n int) array {
	a := regular(r, n)
	for i := range n {
		a.data[i*n+i] = math.Abs(a.data[i*n+i])
		for j := range i {
			a.data[j*n+i] = a.data[i*n+j]
		}
	}
	return a
}

func squareMatrix(mk func(*rand.Rand, int) array) maker {
	return func(d dims) func(*rand.Rand) []array {
		n := d.size()
		return func(r *rand.Rand) []array { return []array{mk(r, n)} }
	}
}

func against(mk func(*rand.Rand, int) array) maker {
	return func(d dims) func(*rand.Rand) []array {
		n := d.size()
		s := append(graph.Shape{n}, d.shape(0, 1)...)
		return func(r *rand.Rand) []array { return []array{mk(r, n), reals(r, s, anyReal)} }
	}
}

// points are the arguments of a kernel with that many parameters after the
// length scale; some points coincide.
func points(more int) maker {
	return func(d dims) func(*rand.Rand) []array {
		rest := d.shape(0, 1)
		var shapes []graph.Shape
		for range rapid.IntRange(1, 2).Draw(d.t, "inputs") {
			shapes = append(shapes, append(graph.Shape{d.size()}, rest...))
		}
		rho := graph.Shape{}
		if rapid.Bool().Draw(d.t, "scale for each coordinate") {
			rho = rest
		}
		tie := rapid.Bool().Draw(d.t, "tie")
		return func(r *rand.Rand) []array {
			var out []array
			for _, s := range shapes {
				x := reals(r, s, anyReal)
				if w := rest.Size(); tie && s.Size() >= 2*w {
					copy(x.data[w:2*w], x.data[:w])
				}
				out = append(out, x)
			}
			out = append(out, reals(r, graph.Shape{}, positive), reals(r, rho, between(0.5, 3)))
			for range more {
				out = append(out, reals(r, graph.Shape{}, between(2, 5)))
			}
			return out
		}
	}
}

// batch is a call whose arguments have axes.
type batch struct {
	fn   string
	all  []*named.Axis
	args []batched
}

// batched is an argument over some of the axes, which come first in its data.
type batched struct {
	array
	axes     []*named.Axis
	constant bool
}

func (bt *batch) String() string {
	s := bt.fn + "("
	for i, a := range bt.args {
		if i > 0 {
			s += ", "
		}
		for _, x := range a.axes {
			s += fmt.Sprintf("%s=%d ", x.Name, x.Size)
		}
		s += fmt.Sprint(a.shape, a.data)
	}
	return s + ")"
}

func drawBatch(t *rapid.T, name string, mk maker, least int) *batch {
	data := mk(dims{t, least})
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	size := func() int { return rapid.IntRange(least, 3).Draw(t, "axis") }
	bt := &batch{fn: name, all: []*named.Axis{
		{Name: "particle", Size: size(), Class: named.Particle},
		{Name: "i", Size: size(), Class: named.Plate, Depth: 0},
		{Name: "j", Size: size(), Class: named.Plate, Depth: 1},
	}}
	c := call{fn: name, args: data(r)}
	for k, a := range c.args {
		x := batched{array: a}
		x.constant = c.fixed(k) || a.elem != lang.Real || rapid.IntRange(0, 3).Draw(t, "constant") == 0
		x.data = nil
		if !c.fixed(k) {
			for _, ax := range bt.all {
				if rapid.Bool().Draw(t, "has "+ax.Name) {
					x.axes = append(x.axes, ax)
				}
			}
		}
		for range sizes(x.axes).Size() {
			x.data = append(x.data, data(r)[k].data...)
		}
		if c.fixed(k) {
			x.data = a.data
		}
		bt.args = append(bt.args, x)
	}
	return bt
}

func sizes(axes []*named.Axis) graph.Shape {
	s := graph.Shape{}
	for _, a := range axes {
		s = append(s, a.Size)
	}
	return s
}

// inputs makes the arguments' values, and says what goes into the inputs.
func (bt *batch) inputs(b *named.Builder) ([]named.Value, map[*graph.Node][]float64) {
	var args []named.Value
	in := map[*graph.Node][]float64{}
	for i, a := range bt.args {
		shape := append(sizes(a.axes), a.shape...)
		var n *graph.Node
		if a.constant || len(a.data) == 0 {
			n = b.G.Constant(shape, append([]float64{}, a.data...))
		} else {
			n = b.G.Input(fmt.Sprint("x", i), shape)
			in[n] = append([]float64{}, a.data...)
		}
		args = append(args, b.Wrap(n, a.axes...))
	}
	return args, in
}

func (bt *batch) lower(t fatal, b *named.Builder, args []named.Value) named.Value {
	f, _ := fn.Find(bt.fn)
	v, err := f.Lower(b, args)
	if err != nil {
		t.Fatalf("%v: %v", bt, err)
	}
	return v
}

// slice is the call of one iteration.
func (bt *batch) slice(at map[*named.Axis]int) call {
	c := call{fn: bt.fn}
	for _, a := range bt.args {
		s := a.array
		k := 0
		for _, ax := range a.axes {
			k = k*ax.Size + at[ax]
		}
		n := a.shape.Size()
		s.data = a.data[k*n : (k+1)*n]
		c.args = append(c.args, s)
	}
	return c
}

package runtime

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
	_ "ppl/bench/daily"

	"ppl/graph"
	"ppl/graph/kernel/vec"
	"ppl/graph/plan"
	"ppl/inference/random"
	"ppl/inference/target"
)

// Random well-typed models, as text with data. Each is parsed, checked, bound and lowered, and the compiled plan
// is compared with the flat plan and the TapeMachine, value and gradient. More of them than by default:
//
//	go test ./runtime -run RandomModels -rapid.checks=20000 -timeout 0

// class is what a scalar expression may be used as.
type class int

const (
	anyReal class = iota
	positive
	unit
)

// operand is something that expressions may read: an array over named dimensions.
type operand struct {
	name  string
	dims  []string
	class class
	data  bool // known when the model is lowered
}

// writer writes a model.
type writer struct {
	t     *rapid.T
	text  strings.Builder
	data  map[string]any
	size  map[string]int // of each dimension
	scope []operand
	codes map[string][]operand // int data in 1..DIM, by DIM
	loops []loopIndex
	names int
}

type loopIndex struct{ name, dim string }

func (w *writer) n(lo, hi int, what string) int { return rapid.IntRange(lo, hi).Draw(w.t, what) }

func (w *writer) one(what string, options ...func() string) string {
	return options[w.n(0, len(options)-1, what)]()
}

func (w *writer) name(prefix string) string {
	w.names++
	return fmt.Sprintf("%s%d", prefix, w.names)
}

func (w *writer) line(format string, args ...any) {
	w.text.WriteString(strings.Repeat("  ", len(w.loops)))
	fmt.Fprintf(&w.text, format+"\n", args...)
}

func (w *writer) dim() string { return []string{"N", "M", "K"}[w.n(0, 2, "dimension")] }

func (w *writer) number(lo, hi float64) float64 {
	return math.Round(1000*rapid.Float64Range(lo, hi).Draw(w.t, "number")) / 1000
}

// literal is a number of a class.
func (w *writer) literal(c class) string {
	switch c {
	case positive:
		return fmt.Sprint(w.number(0.3, 3))
	case unit:
		return fmt.Sprint(w.number(0.1, 0.9))
	}
	return fmt.Sprintf("(%v)", w.number(-2, 2))
}

// index is an expression in 1..dim.
func (w *writer) index(dim string) string {
	options := []string{"1", dim}
	for _, l := range w.loops {
		if l.dim == dim {
			options = append(options, l.name, l.name, l.name)
		}
	}
	for _, g := range w.codes[dim] {
		for _, l := range w.loops {
			if l.dim == g.dims[0] {
				options = append(options, g.name+"["+l.name+"]")
			}
		}
	}
	return options[w.n(0, len(options)-1, "index")]
}

// element reads an array of the scope at indices; a number if there is none of the class.
func (w *writer) element(c class) string {
	var all []operand
	for _, q := range w.scope {
		if q.class == c || c == anyReal {
			all = append(all, q)
		}
	}
	if len(all) == 0 {
		return w.literal(c)
	}
	q := all[w.n(0, len(all)-1, "quantity")]
	return w.at(q)
}

func (w *writer) at(q operand) string {
	if len(q.dims) == 0 {
		return q.name
	}
	var ix []string
	for _, d := range q.dims {
		ix = append(ix, w.index(d))
	}
	return q.name + "[" + strings.Join(ix, ", ") + "]"
}

// vector is a whole vector of a dimension as text, "" if there is none.
func (w *writer) vector(dim string) string {
	for _, q := range w.scope {
		if len(q.dims) == 1 && q.dims[0] == dim {
			return q.name
		}
	}
	return ""
}

// scalar is an expression of a class, of a depth at most.
func (w *writer) scalar(c class, depth int) string {
	if depth == 0 || w.n(0, 3, "leaf") == 0 {
		return w.element(c)
	}
	real := func() string { return w.scalar(anyReal, depth-1) }
	switch c {
	case positive:
		return w.one("positive",
			func() string { return w.element(positive) },
			func() string { return "exp(0.3 * " + real() + ")" },
			func() string { return "softplus(" + real() + ")" },
			func() string { return "(abs(" + real() + ") + 0.1)" },
			func() string { return "sqrt(0.2 + square(" + real() + "))" },
			func() string { return w.scalar(positive, depth-1) + " / (1 + " + w.scalar(positive, depth-1) + ")" })
	case unit:
		return w.one("unit",
			func() string { return w.element(unit) },
			func() string { return "inv_logit(" + real() + ")" },
			func() string { return "Phi(0.5 * " + real() + ")" })
	}
	return w.one("real",
		func() string { return "(" + real() + " + " + real() + ")" },
		func() string { return "(" + real() + " - " + real() + ")" },
		func() string { return real() + " * " + real() },
		func() string { return "tanh(" + real() + ")" },
		func() string { return "sin(" + real() + ")" },
		func() string { return "-" + w.element(anyReal) },
		func() string { return "log(" + w.scalar(positive, depth-1) + ")" },
		func() string { return "(if " + real() + " > 0.1 then " + real() + " else " + real() + ")" },
		func() string { return w.reduction(depth - 1) },
		func() string { return w.product() },
		func() string { return "max([" + real() + ", " + real() + "])" })
}

// reduction is a sum or the like over a comprehension or a vector.
func (w *writer) reduction(depth int) string {
	d := w.dim()
	name := []string{"sum", "mean", "log_sum_exp", "max", "norm"}[w.n(0, 4, "reduction")]
	if v := w.vector(d); v != "" && w.n(0, 1, "whole") == 1 {
		return "tanh(" + name + "(" + v + "))"
	}
	i := w.name("i")
	w.loops = append(w.loops, loopIndex{i, d})
	body := w.scalar(anyReal, depth)
	w.loops = w.loops[:len(w.loops)-1]
	to := d
	if name == "sum" && len(w.loops) > 0 && w.n(0, 2, "ragged") == 0 { // rows of another length in each iteration
		if l := w.loops[len(w.loops)-1]; w.size[l.dim] <= w.size[d] {
			to = l.name
		}
	}
	return fmt.Sprintf("tanh(%s([%s for %s in 1..%s]))", name, body, i, to)
}

// product is a matrix product that leaves a scalar.
func (w *writer) product() string {
	d := w.dim()
	v := w.vector(d)
	if v == "" {
		return w.element(anyReal)
	}
	for _, q := range w.scope {
		if len(q.dims) == 2 && q.dims[1] == d {
			return fmt.Sprintf("0.3 * (%s[%s] @ %s)", q.name, w.index(q.dims[0]), v)
		}
	}
	return fmt.Sprintf("0.1 * (%s @ %s)", v, v)
}

// dist is a distribution over a class of values.
func (w *writer) dist(c class, depth int) string {
	real := func() string { return w.scalar(anyReal, depth) }
	pos := func() string { return w.scalar(positive, depth) }
	switch c {
	case positive:
		return w.one("distribution",
			func() string { return "Exponential(" + pos() + ")" },
			func() string { return "Gamma(" + pos() + ", " + pos() + ")" },
			func() string { return "HalfNormal(" + pos() + ")" },
			func() string { return "LogNormal(" + real() + ", " + pos() + ")" },
			func() string { return "InvGamma(" + pos() + ", " + pos() + ")" },
			func() string { return "Weibull(" + pos() + ", " + pos() + ")" },
			func() string { return "HalfCauchy(" + pos() + ")" },
			func() string { return "Normal(" + real() + ", " + pos() + ") in (0, inf)" })
	case unit:
		return w.one("distribution",
			func() string { return "Beta(" + pos() + ", " + pos() + ")" },
			func() string { return "Uniform(0, 1)" },
			func() string { return "Normal(" + real() + ", " + pos() + ") in (0, 1)" })
	}
	return w.one("distribution",
		func() string { return "Normal(" + real() + ", " + pos() + ")" },
		func() string { return "StudentT(" + pos() + " + 1, " + real() + ", " + pos() + ")" },
		func() string { return "Cauchy(" + real() + ", " + pos() + ")" },
		func() string { return "Laplace(" + real() + ", " + pos() + ")" },
		func() string { return "Logistic(" + real() + ", " + pos() + ")" },
		func() string { return "Gumbel(" + real() + ", " + pos() + ")" },
		func() string { return "Normal(" + real() + ", " + pos() + ") in (-2.5, 2.5)" })
}

func (w *writer) class() class { return class(w.n(0, 2, "class")) }

// declare adds data of some dimensions.
func (w *writer) declare(name, typ, constraint string, dims []string, value func() any) {
	shape := ""
	if len(dims) > 0 {
		shape = "[" + strings.Join(dims, ", ") + "]"
	}
	fmt.Fprintf(&w.text, "data %s : %s%s %s\n", name, typ, shape, constraint)
	w.data[name] = w.array(dims, value)
}

func (w *writer) array(dims []string, value func() any) any {
	if len(dims) == 0 {
		return value()
	}
	out := make([]any, w.size[dims[0]])
	for i := range out {
		out[i] = w.array(dims[1:], value)
	}
	return out
}

// observable data and their values, for each kind of likelihood.
type likelihood struct {
	typ   string
	value func() any
	dist  func() string
}

func (w *writer) likelihood() likelihood {
	real := func() string { return w.scalar(anyReal, 2) }
	pos := func() string { return w.scalar(positive, 2) }
	number := func(lo, hi float64) func() any { return func() any { return w.number(lo, hi) } }
	count := func(hi int) func() any { return func() any { return w.n(0, hi, "count") } }
	all := []likelihood{
		{"real", number(-2, 2), func() string { return w.dist(anyReal, 2) }},
		{"real", number(-2, 2), func() string { return "Normal(" + real() + ", " + pos() + ")" }},
		{"real", number(0.1, 4), func() string { return w.dist(positive, 2) }},
		{"real", number(0.05, 0.95), func() string { return w.dist(unit, 2) }},
		{"int", count(5), func() string { return "Poisson(log_rate = " + real() + ")" }},
		{"int", count(5), func() string { return "Poisson(" + pos() + ")" }},
		{"int", count(1), func() string { return "Bernoulli(logit = " + real() + ")" }},
		{"int", count(1), func() string { return "Bernoulli(" + w.scalar(unit, 2) + ")" }},
		{"int", count(5), func() string { return "Binomial(5, logit = " + real() + ")" }},
		{"int", count(5), func() string { return "NegBinomial(mean = " + pos() + ", dispersion = " + pos() + ")" }},
	}
	return all[w.n(0, len(all)-1, "likelihood")]
}

// model writes a whole model.
func (w *writer) model() {
	for _, d := range []string{"N", "M", "K"} {
		w.size[d] = []int{1, 2, 3, 5, 17}[w.n(0, 4, "size")]
		fmt.Fprintf(&w.text, "data %s : int\n", d)
		w.data[d] = w.size[d]
	}
	for k := w.n(1, 3, "data"); k > 0; k-- {
		var dims []string
		for r := w.n(0, 2, "rank"); r > 0; r-- {
			dims = append(dims, w.dim())
		}
		q := operand{w.name("x"), dims, anyReal, true}
		w.declare(q.name, "real", "", dims, func() any { return w.number(-2, 2) })
		w.scope = append(w.scope, q)
	}
	from, to := w.dim(), w.dim()
	g := operand{name: w.name("g"), dims: []string{from}}
	w.declare(g.name, "int", "in 1.."+to, g.dims, func() any { return w.n(1, w.size[to], "code") })
	w.codes[to] = append(w.codes[to], g)
	for k := w.n(2, 10, "statements"); k > 0; k-- {
		all := []func(){w.latent, w.latent, w.typed, w.let, w.plate, w.plate, w.recurrence, w.dynamics, w.walk, w.observe, w.observe, w.regress, w.factor, w.process, w.mixture}
		all[w.n(0, len(all)-1, "statement")]()
	}
	w.latent() // a simplex of one element is no unknown
}

func (w *writer) latent() {
	q := operand{name: w.name("a"), class: w.class()}
	if w.n(0, 1, "array") == 0 {
		w.line("%s ~ %s", q.name, w.dist(q.class, 1))
	} else {
		d, i := w.dim(), w.name("i")
		q.dims = []string{d}
		w.loops = append(w.loops, loopIndex{i, d})
		s := fmt.Sprintf("%s[%s in 1..%s] ~ %s", q.name, i, d, w.dist(q.class, 1))
		w.loops = w.loops[:len(w.loops)-1]
		w.line("%s", s)
	}
	w.scope = append(w.scope, q)
}

// typed is a latent of a kind, or an array of them.
func (w *writer) typed() {
	d := w.dim()
	q := operand{w.name("t"), []string{d}, anyReal, false}
	switch w.n(0, 4, "kind") {
	case 0:
		w.line("%s : simplex[%s] ~ Dirichlet(fill(%s, %s))", q.name, d, w.literal(positive), d)
		q.class = positive // not unit: that of one element is 1, and as a probability may rule out the data
	case 1:
		w.line("%s : ordered[%s] ~ Normal(0, %s)", q.name, d, w.literal(positive))
	case 2:
		w.line("%s : positive_ordered[%s] ~ Exponential(%s)", q.name, d, w.literal(positive))
		q.class = positive
	case 3:
		q.dims = []string{w.dim(), d}
		w.line("%s : simplex[%s, %s] ~ Dirichlet(ones(%s))", q.name, q.dims[0], d, d)
		q.class = positive
	default:
		q.dims = []string{w.dim(), d}
		w.line("%s : real[%s, %s] ~ %s", q.name, q.dims[0], d, w.dist(anyReal, 1))
	}
	w.scope = append(w.scope, q)
}

func (w *writer) let() {
	q := operand{name: w.name("b"), class: w.class()}
	w.line("let %s = %s", q.name, w.scalar(q.class, 3))
	w.scope = append(w.scope, q)
}

// plate is one or two nested plates with what depends on their indices.
func (w *writer) plate() {
	outer := len(w.scope)
	levels := w.n(1, 3, "levels")
	var kept []operand
	ragged := false // rows of another length in each iteration: they define no array
	for range levels {
		d, i := w.dim(), w.name("i")
		to := d
		if g := w.codes[d]; len(w.loops) > 0 && len(g) > 0 && g[0].dims[0] == w.loops[len(w.loops)-1].dim && w.n(0, 1, "ragged") == 1 {
			to, ragged = g[0].name+"["+w.loops[len(w.loops)-1].name+"]", true
		}
		w.line("plate %s in 1..%s {", i, to)
		w.loops = append(w.loops, loopIndex{i, d})
	}
	var dims, ix []string
	for _, l := range w.loops {
		dims, ix = append(dims, l.dim), append(ix, l.name)
	}
	for k := w.n(1, 3, "inside"); k > 0; k-- {
		q := operand{w.name("c"), dims, w.class(), false}
		what := w.n(0, 4, "inside")
		if ragged && what > 1 {
			what = 4
		}
		switch what {
		case 0, 1:
			w.line("let %s = %s", q.name, w.scalar(q.class, 2)) // local
			w.scope = append(w.scope, operand{name: q.name, class: q.class})
			continue
		case 2:
			w.line("let %s[%s] = %s", q.name, strings.Join(ix, ", "), w.scalar(q.class, 2))
		case 3:
			w.line("%s[%s] ~ %s", q.name, strings.Join(ix, ", "), w.dist(q.class, 2))
		default:
			w.line("factor -0.1 * square(%s)", w.scalar(anyReal, 2))
			continue
		}
		kept = append(kept, q)
		// Inside, only the element of this iteration may be read.
		w.scope = append(w.scope, operand{name: q.name + "[" + strings.Join(ix, ", ") + "]", class: q.class})
	}
	for range levels {
		w.loops = w.loops[:len(w.loops)-1]
		w.line("}")
	}
	w.scope = append(w.scope[:outer], kept...)
}

// recurrence is a `let` of data alone in a `for`.
func (w *writer) recurrence() {
	var all []operand
	for _, q := range w.scope {
		if q.data && len(q.dims) == 1 {
			all = append(all, q)
		}
	}
	if len(all) == 0 {
		return
	}
	x := all[w.n(0, len(all)-1, "series")]
	q := operand{w.name("e"), x.dims, anyReal, true}
	t := w.name("t")
	w.line("let %s[1] = %s[1]", q.name, x.name)
	w.line("for %s in 2..%s { let %s[%s] = %s[%s] - 0.5 * %s[%s-1] }", t, x.dims[0], q.name, t, x.name, t, q.name, t)
	w.scope = append(w.scope, q)
}

// dynamics is a `let` of anything in a `for`, alone or in a plate within, that
// reads its element before.
func (w *writer) dynamics() {
	d := w.dim()
	q := operand{w.name("e"), []string{d}, anyReal, false}
	t, outer := w.name("t"), len(w.scope)
	left, back, open, shut := q.name+"["+t+"]", q.name+"["+t+"-1]", "", ""
	w.loops = append(w.loops, loopIndex{t, d})
	if w.n(0, 1, "plate") == 1 {
		p, i := w.dim(), w.name("i")
		q.dims = append(q.dims, p)
		w.line("plate %s in 1..%s { let %s[1, %s] = %s }", i, p, q.name, i, w.literal(anyReal))
		left, back = fmt.Sprintf("%s[%s, %s]", q.name, t, i), fmt.Sprintf("%s[%s-1, %s]", q.name, t, i)
		open, shut = fmt.Sprintf("plate %s in 1..%s { ", i, p), " }"
		w.loops = append(w.loops, loopIndex{i, p})
	} else {
		w.line("let %s[1] = %s", q.name, w.literal(anyReal))
	}
	w.scope = append(w.scope, operand{name: back, class: anyReal})
	value := w.scalar(anyReal, 3)
	w.loops, w.scope = w.loops[:len(w.loops)-len(q.dims)], w.scope[:outer]
	w.line("for %s in 2..%s { %slet %s = tanh(%s) - 0.3 * %s%s }", t, d, open, left, value, back, shut)
	w.scope = append(w.scope, q)
}

// walk is a latent series that looks back, by one or two steps.
func (w *writer) walk() {
	d := w.dim()
	q := operand{w.name("h"), []string{d}, anyReal, false}
	t := w.name("t")
	w.line("%s[1] ~ %s", q.name, w.dist(anyReal, 1))
	w.loops = append(w.loops, loopIndex{t, d})
	scale := w.scalar(positive, 1)
	w.loops = w.loops[:len(w.loops)-1]
	w.line("for %s in 2..%s { %s[%s] ~ Normal(tanh(%s[%s-1]) + 0.1 * %s[1], %s) }", t, d, q.name, t, q.name, t, q.name, scale)
	w.scope = append(w.scope, q)
}

// observe declares data above everything and observes them.
func (w *writer) observe() {
	l := w.likelihood()
	y := w.name("y")
	var dims, ix, binders []string
	for range w.n(1, 2, "rank") {
		d, i := w.dim(), w.name("i")
		w.loops = append(w.loops, loopIndex{i, d})
		dims, ix, binders = append(dims, d), append(ix, i), append(binders, i+" in 1.."+d)
	}
	dist := l.dist()
	w.loops = w.loops[:0]
	w.declare(y, l.typ, "", dims, l.value)
	if w.n(0, 1, "in a plate") == 1 {
		w.line("plate %s { %s[%s] ~ %s }", strings.Join(binders, ", "), y, strings.Join(ix, ", "), dist)
	} else {
		w.line("%s[%s] ~ %s", y, strings.Join(binders, ", "), dist)
	}
}

// regress observes through a matrix product of whole arrays.
func (w *writer) regress() {
	n, k := w.dim(), w.dim()
	x, y, b := w.name("X"), w.name("y"), w.name("beta")
	w.declare(x, "real", "", []string{n, k}, func() any { return w.number(-2, 2) })
	w.line("%s[%s in 1..%s] ~ Normal(0, %s)", b, w.name("i"), k, w.literal(positive))
	mean := x + " @ " + b
	if v := w.vector(n); v != "" && w.n(0, 1, "offset") == 1 {
		mean += " + tanh(" + v + ")"
	}
	switch w.n(0, 2, "likelihood") {
	case 0:
		w.declare(y, "real", "", []string{n}, func() any { return w.number(-2, 2) })
		w.line("%s ~ Normal(%s, %s)", y, mean, w.scalar(positive, 1))
	case 1:
		w.declare(y, "int", "", []string{n}, func() any { return w.n(0, 1, "y") })
		w.line("%s ~ Bernoulli(logit = %s)", y, mean)
	default:
		w.declare(y, "int", "", []string{n}, func() any { return w.n(0, 4, "y") })
		w.line("%s ~ Poisson(log_rate = 0.3 * (%s))", y, mean)
	}
	w.scope = append(w.scope, operand{x, []string{n, k}, anyReal, true}, operand{b, []string{k}, anyReal, false})
}

// process is a Gaussian process, with its covariance fixed or latent.
func (w *writer) process() {
	d := w.dim()
	x, f := w.name("x"), w.name("f")
	w.declare(x, "real", "", []string{d}, func() any { return w.number(-2, 2) })
	scale, length := w.literal(positive), w.literal(positive)
	if w.n(0, 1, "latent covariance") == 1 {
		scale, length = w.scalar(positive, 1), w.scalar(positive, 1)
	}
	cov := fmt.Sprintf("cov_exp_quad(%s, 0.3 + %s, 0.3 + %s) + 0.5 * eye(%s)", x, scale, length, d)
	switch w.n(0, 2, "form") {
	case 0:
		w.line("%s ~ MvNormal(zeros(%s), cov = %s)", f, d, cov)
	case 1:
		w.line("%s ~ MvNormal(zeros(%s), precision = %s)", f, d, cov)
	default:
		z := w.name("z")
		w.line("%s : real[%s] ~ Normal(0, 1)", z, d)
		w.line("let %s = cholesky(%s) @ %s", f, cov, z)
	}
	w.scope = append(w.scope, operand{f, []string{d}, anyReal, false})
}

// mixture observes through discrete latents, each for itself or in a chain.
func (w *writer) mixture() {
	n, k := w.dim(), w.dim()
	weights, level, z, y, i := w.name("w"), w.name("m"), w.name("z"), w.name("y"), w.name("i")
	w.line("%s : simplex[%s] ~ Dirichlet(fill(%s, %s))", weights, k, w.literal(positive), k)
	w.line("%s : real[%s] ~ %s", level, k, w.dist(anyReal, 1))
	w.declare(y, "real", "", []string{n}, func() any { return w.number(-2, 2) })
	shift := ""
	switch w.n(0, 2, "structure") {
	case 0:
		w.line("%s[%s in 1..%s] ~ Categorical(%s)", z, i, n, weights)
	case 1:
		w.line("%s[%s in 1..%s] ~ Bernoulli(%s)", z, i, n, w.scalar(unit, 1))
		level = w.name("b")
		w.line("let %s = [%s, %s]", level, w.scalar(anyReal, 1), w.scalar(anyReal, 1))
		shift = " + 1"
	default:
		move := w.name("w")
		w.line("%s : simplex[%s, %s] ~ Dirichlet(ones(%s))", move, k, k, k)
		w.line("%s[1] ~ Categorical(%s)", z, weights)
		w.line("for %s in 2..%s { %s[%s] ~ Categorical(%s[%s[%s-1]]) }", i, n, z, i, move, z, i)
	}
	j := w.name("i")
	w.line("%s[%s in 1..%s] ~ Normal(%s[%s[%s]%s], %s)", y, j, n, level, z, j, shift, w.scalar(positive, 1))
}

func (w *writer) factor() { w.line("factor -0.1 * square(%s)", w.scalar(anyReal, 3)) }

// randomModels checks one model.
func randomModels(t *rapid.T) {
	w := &writer{t: t, data: map[string]any{}, size: map[string]int{}, codes: map[string][]operand{}}
	w.model()
	text := w.text.String()
	m, err := Compile("random.ppl", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	p, err := m.Bind(Map(w.data))
	if err != nil {
		t.Fatalf("%v\n%s\n%v", err, text, w.data)
	}
	for _, s := range []int{1, 3, 64} {
		compareEngines(t, p, s, text)
	}
}

func flatPlan(g *graph.Graph, outs []*graph.Node) graph.Program { return plan.Flat(g, outs) }

// compareEngines evaluates the log density and its gradient with s particles.
func compareEngines(t *rapid.T, p *Problem, s int, text string) {
	r := random.Stream(7, "random models", s)
	u := make([]float64, s*p.target.D)
	for i := range u {
		u[i] = 0.7 * r.NormFloat64()
	}
	eval := func(engine target.Engine, direct bool) []float64 {
		tg := *p.target
		tg.Engine, tg.Direct = engine, direct
		d, err := tg.NewDensity(s)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		lp, g, err := d.Eval(u)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		return append(append([]float64(nil), lp...), g...)
	}
	want := eval(flatPlan, false)
	check := func(tol float64, what string, got []float64) {
		scale := make([]float64, s) // of each particle's numbers
		d := p.target.D
		for i, x := range want {
			k := i
			if i >= s {
				k = (i - s) / d
			}
			if a := math.Abs(x); a > scale[k] && !math.IsInf(x, 0) {
				scale[k] = a
			}
		}
		for i, x := range want {
			k := i
			if i >= s {
				k = (i - s) / d
			}
			if !(math.Abs(got[i]-x) <= tol*(math.Abs(x)+0.1*scale[k]+1e-3)) && !(math.IsNaN(x) && math.IsNaN(got[i])) && got[i] != x {
				t.Fatalf("%s: number %d of %d is %g, the flat plan has %g\n%s\n%v", what, i, len(want), got[i], x, text, p.bound)
			}
		}
	}
	was, _ := vec.Selected()
	defer vec.Use(was)
	for _, level := range []vec.Level{vec.Portable, vec.AVX2, vec.AVX512} {
		if vec.Use(level) == nil {
			check(1e-10, fmt.Sprintf("%d particles, %s", s, level), eval(target.Plan, false))
		}
	}
	if s == 3 {
		check(1e-10, "TapeMachine", eval(target.Tape, false))
		check(1e-8, "without sufficient statistics, the plan", eval(target.Plan, true))
	}
}

// TestRandomModels compares the engines on random models.
func TestRandomModels(t *testing.T) {
	fewer(t, 40)
	rapid.Check(t, randomModels)
}

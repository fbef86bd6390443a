package dist

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"sync"
	"testing"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/plan"
	"ppl/lang"
)

// Every distribution that can be truncated is, to intervals of every kind:
// inside the bulk, from an end of the support or beyond it, open on one side or
// both, and so far in one tail that the probability is e^−40; each alone, and
// all of them as rows of one statement. The truncated density integrates to
// one, its first and second derivatives agree with differences, and a row
// knows nothing of the other rows.

// truncation is one interval with a point in it.
type truncation struct {
	kind      string
	lower, up float64
	at        float64
}

// quantile is the value at a level of log F, or of log(1 − F) from above.
func (r row) quantile(level float64, fromAbove bool) float64 {
	f, sign := r.compiledTail(fromAbove), 1.0
	if fromAbove {
		sign = -1
	}
	from, to := r.ends()
	below := func(x float64) bool { return sign*(f(x)-level) < 0 }
	lo, hi := bracket(from, to, below)
	for i := 0; i < 2000; i++ {
		mid := lo + (hi-lo)/2
		if lo > 0 && hi > 2*lo {
			mid = math.Sqrt(lo) * math.Sqrt(hi)
		}
		if mid <= lo || mid >= hi {
			break
		}
		if below(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	if r.d.Support.Discrete() {
		return math.Round(hi)
	}
	return hi
}

// compiledTail is log F or log(1 − F) as a function.
func (r row) compiledTail(above bool) func(x float64) float64 {
	b := named.New()
	x := b.G.Input("x", graph.Shape{})
	f := r.d.LogCDF
	if above {
		f = r.d.LogSurvival
	}
	p := plan.Compile(b.G, []*graph.Node{f(b, b.Wrap(x), r.constants(b)).N})
	s, err := p.NewState()
	if err != nil {
		panic(err)
	}
	return func(x float64) float64 {
		if len(p.Inputs()) > 0 {
			s.Input(0)[0] = x
		}
		if err := s.Run(); err != nil {
			panic(err)
		}
		return s.Output(0)[0]
	}
}

// ends are those of the support.
func (r row) ends() (lower, upper float64) {
	b := named.New()
	s := r.d.bounds(b, r.constants(b))
	return s.lower.Const()[0], s.upper.Const()[0]
}

// truncations lists the intervals of a distribution; those that cannot be
// told from an end of the support in double precision are left out.
func (r row) truncations() []truncation {
	once, _ := intervals.LoadOrStore(r.head, sync.OnceValue(r.intervals))
	return once.(func() []truncation)()
}

// intervals are those of rows by their heads: to find them takes hundreds of bisections.
var intervals sync.Map

func (r row) intervals() []truncation {
	inf := math.Inf(1)
	from, to := r.ends()
	q := func(p float64) float64 { return r.quantile(math.Log(p), false) }
	a, c, e := q(0.2), q(0.45), q(0.75)
	all := []truncation{
		{"interior", a, e, c},
		{"lower only", a, inf, c},
		{"upper only", -inf, e, c},
		{"nothing cut", -inf, inf, c},
		{"far above", r.quantile(-40, true), r.quantile(-44, true), r.quantile(-41, true)},
		{"far above, open", r.quantile(-40, true), to, r.quantile(-41, true)},
		{"far above, infinite", r.quantile(-40, true), inf, r.quantile(-41, true)},
		{"far below", r.quantile(-44, false), r.quantile(-40, false), r.quantile(-41, false)},
		{"far below, open", from, r.quantile(-40, false), r.quantile(-41, false)},
		{"far below, infinite", -inf, r.quantile(-40, false), r.quantile(-41, false)},
	}
	if !math.IsInf(from, 0) {
		all = append(all, truncation{"from the edge", from, e, c}, truncation{"from beyond the edge", from - 2, e, c},
			truncation{"edge to infinity", from, inf, c})
	}
	if !math.IsInf(to, 0) {
		all = append(all, truncation{"to the edge", a, to, c}, truncation{"to beyond the edge", a, to + 3, c}, truncation{"infinity to edge", -inf, to, c})
	}
	if !math.IsInf(from+to, 0) {
		all = append(all, truncation{"edge to edge", from, to, c})
	}
	var out []truncation
	for _, k := range all {
		if r.tells(k, from, to) {
			out = append(out, k)
		}
	}
	return out
}

// tells reports whether an interval has room for a quadrature of some digits.
func (r row) tells(k truncation, from, to float64) bool {
	if r.d.Support.Discrete() {
		return k.lower <= k.at && k.at <= k.up
	}
	lo, hi := math.Max(k.lower, from), math.Min(k.up, to)
	wide := func(x, y float64) bool {
		return math.IsInf(y-x, 1) || y-x > 1e-9*math.Max(math.Abs(x), math.Abs(y)) && y-x > 1e-280
	}
	return wide(lo, k.at) && wide(k.at, hi)
}

func (k truncation) String() string { return fmt.Sprintf("%s (%g, %g)", k.kind, k.lower, k.up) }

// truncationRows are the rows of cases.txt to truncate.
func truncationRows(t *testing.T) []row {
	var out []row
	for _, r := range table(t, casesFile) {
		if r.d.LogCDF != nil && r.d.NoTruncation == "" && !r.flags["tails"] && !r.flags["first"] {
			out = append(out, r)
		}
	}
	return out
}

func TestTruncatedEverywhere(t *testing.T) {
	truncations, integrals, gradients, kinds, dists := 0, 0, 0, map[string]int{}, map[string]bool{}
	for _, r := range truncationRows(t) {
		for _, k := range r.truncations() {
			what := fmt.Sprintf("%s in %s", r.head, k)
			truncations++
			kinds[k.kind]++
			dists[r.d.Name] = true
			if !r.flags["noint"] {
				integrals++
				if total := r.truncatedTotal(k); math.Abs(total-1) > r.truncatedTolerance(k) {
					t.Errorf("%s integrates to %.12g", what, total)
				}
			}
			if names, in, at, b, y := r.truncatedAt(t, k); len(names) > 0 && !r.kink(k) {
				gradients++
				second := !r.flags["noint"] // terms of 1e6 that cancel: differences tell nothing
				e := compileScalar(t, b, y, names, in, second)
				e.size = 44 // the log probability of what is left, which the density cancels
				e.checkGradient(what, at, second)
			}
		}
	}
	t.Logf("%d distributions, %d truncations: %d integrals, %d sets of first and second derivatives; %s", len(dists), truncations, integrals, gradients, tally(kinds))
}

func tally(m map[string]int) string {
	var out []string
	for k, n := range m {
		out = append(out, fmt.Sprintf("%s: %d", k, n))
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

// kink reports whether a bound lies where a parameter ends the support: there
// the density has two slopes.
func (r row) kink(k truncation) bool {
	from, to := r.ends()
	return r.d.Support == lang.SupportLower && k.lower == from ||
		r.d.Support == lang.SupportInterval && r.d.Lower != "" && (k.lower == from || k.up == to)
}

// truncatedTolerance allows for kinks, and for a tail that is known to the
// rounding of its argument only.
func (r row) truncatedTolerance(k truncation) float64 {
	far := 0.0
	if strings.HasPrefix(k.kind, "far") {
		far = 1e-7
	}
	return math.Max(r.tolerance(), far)
}

// truncatedTotal is the integral, or the sum, of a truncated density.
func (r row) truncatedTotal(k truncation) float64 {
	f := func(b *named.Builder, x named.Value, p Params) Terms {
		l, u := b.Scalar(k.lower), b.Scalar(k.up)
		ts, err := Truncated(b, r.d, x, p, &l, &u)
		if err != nil {
			panic(err)
		}
		return ts
	}
	total := 0.0
	if r.d.Support.Discrete() {
		xs, _ := r.support()
		var all []float64
		for _, x := range xs {
			all = append(all, x[0])
		}
		for _, m := range r.densities(all, f) {
			total += m
		}
		return total
	}
	n := r.intervalNodes(k)
	for i, d := range r.densities(n.x, f) {
		if d > 0 {
			total += d * n.w[i]
		}
	}
	return total
}

// intervalNodes cover the part of an interval that lies in the support.
func (r row) intervalNodes(k truncation) nodes {
	from, to := r.ends()
	lo, hi := math.Max(k.lower, from), math.Min(k.up, to)
	h := 1.0 / 64
	if r.d == laplace { // a kink
		h = 1.0 / 512
	}
	switch {
	case math.IsInf(lo, 0) && math.IsInf(hi, 0):
		return onLine(h, k.at, r.quantile(math.Log(0.75), false)-r.quantile(math.Log(0.25), false))
	case math.IsInf(hi, 0):
		return above(h, lo, k.at-lo)
	case math.IsInf(lo, 0):
		n := above(h, 0, hi-k.at)
		for i := range n.x {
			n.x[i] = hi - n.x[i]
		}
		return n
	}
	return between(h, lo, hi)
}

// truncatedAt is a truncated log density at its point, as a function of the
// parameters, the point, and the bounds that are inside the support. Of a point
// within 1e-6 of 0 the slopes are so large that differences tell nothing else.
func (r row) truncatedAt(t *testing.T, k truncation) (names []string, in map[string]*graph.Node, at map[string][]float64, b *named.Builder, y named.Value) {
	discrete := r.d.Support.Discrete()
	from, to := r.ends()
	b = named.New()
	moves := !discrete && math.Abs(k.at) > 1e-6
	xv, p, names, in, at := r.inputs(b, []float64{k.at}, moves)
	bound := func(name string, v float64) *named.Value {
		c := b.Scalar(v)
		if moves && v > from && v < to {
			in[name], at[name] = b.G.Input(name, graph.Shape{}), []float64{v}
			names = append(names, name)
			c = b.Wrap(in[name])
		}
		return &c
	}
	ts, err := Truncated(b, r.d, xv, p, bound("from", k.lower), bound("to", k.up))
	if err != nil {
		t.Fatal(err)
	}
	return names, in, at, b, b.Total(ts[0], ts[1:]...)
}

// The same intervals as rows of one statement: bounds that vary, of which some
// are infinite or beyond the support, known or not. Value and derivatives by
// the parameters are sums of those of the rows; derivatives by the bounds are
// finite, and 0 where a bound cuts nothing.
func TestTruncatedByRow(t *testing.T) {
	rows, compared, dists := 0, 0, map[string]bool{}
	for _, r := range truncationRows(t) {
		ks := r.truncations()
		rows += len(ks)
		dists[r.d.Name] = true
		want, first, second := 0.0, map[string]float64{}, map[string]float64{}
		for _, k := range ks {
			e, at := r.truncatedRows(t, []truncation{k}, false)
			y, g, _ := e.run(at)
			want += y
			for i, name := range e.names {
				first[name] += g[i][0]
				second[name] += e.second(i)[0]
			}
		}
		for _, known := range []bool{true, false} {
			e, at := r.truncatedRows(t, ks, !known)
			what := fmt.Sprintf("%s, %d intervals as rows, bounds known: %v", r.head, len(ks), known)
			y, g, _ := e.run(at)
			if !near(y, want, 1e-11, 1e-11) {
				t.Errorf("%s: %.15g, alone %.15g", what, y, want)
			}
			compared += 1 + len(e.names)
			for i, name := range e.names {
				if name == "from" || name == "to" || name == "x" {
					r.checkBoundSlopes(t, what, name, ks, g[i], e.second(i))
					continue
				}
				if !near(g[i][0], first[name], 1e-9, 1e-9) {
					t.Errorf("%s: ∂/∂%s is %.12g, alone %.12g", what, name, g[i][0], first[name])
				}
				if known && !near(e.second(i)[0], second[name], 1e-8, 1e-7) {
					t.Errorf("%s: second derivative by %s is %.12g, alone %.12g", what, name, e.second(i)[0], second[name])
				}
			}
		}
	}
	t.Logf("%d distributions, %d truncations as rows: %d values and sets of derivatives, with bounds that are known and that are not", len(dists), rows, compared)
}

// truncatedRows compiles the sum of truncated log densities, one a row.
func (r row) truncatedRows(t *testing.T, ks []truncation, bounds bool) (*evaluator, map[string][]float64) {
	b := named.New()
	_, p, names, in, at := r.inputs(b, []float64{ks[0].at}, false)
	axis := &named.Axis{Name: "row", Size: len(ks), Class: named.Plate}
	column := func(name string, input bool, get func(k truncation) float64) named.Value {
		v := make([]float64, len(ks))
		for i, k := range ks {
			v[i] = get(k)
		}
		if !input {
			return b.Wrap(b.G.Constant(graph.Shape{len(ks)}, v), axis)
		}
		in[name], at[name] = b.G.Input(name, graph.Shape{len(ks)}), v
		names = append(names, name)
		return b.Wrap(in[name], axis)
	}
	continuous := bounds && !r.d.Support.Discrete()
	x := column("x", continuous, func(k truncation) float64 { return k.at })
	l := column("from", bounds, func(k truncation) float64 { return k.lower })
	u := column("to", bounds, func(k truncation) float64 { return k.up })
	ts, err := Truncated(b, r.d, x, p, &l, &u)
	if err != nil {
		t.Fatal(err)
	}
	total := b.SumAxes(b.With(b.Total(ts[0], ts[1:]...), axis), axis)
	return compileScalar(t, b, total, names, in, true), at
}

func (r row) checkBoundSlopes(t *testing.T, what, name string, ks []truncation, first, second []float64) {
	from, to := r.ends()
	for i, k := range ks {
		idle := name == "from" && k.lower <= from || name == "to" && k.up >= to
		for _, d := range []float64{first[i], second[i]} {
			if math.IsNaN(d) || math.IsInf(d, 0) || idle && first[i] != 0 {
				t.Errorf("%s: derivatives by %s are %g, %g in %s", what, name, first[i], second[i], k)
				break
			}
		}
	}
}

// What the support of each kind has as ends.
func TestBoundsOfSupports(t *testing.T) {
	supports, dists := 0, map[string]bool{}
	for _, r := range truncationRows(t) {
		supports++
		dists[r.d.Name] = true
		from, to := r.ends()
		b := named.New()
		inside := r.d.bounds(b, r.constants(b)).inside.Const()[0]
		if closed := r.d.Support.Discrete(); !(inside > from && inside < to) && !(closed && inside >= from && inside <= to) {
			t.Errorf("%s: %g is not between %g and %g", r.head, inside, from, to)
		}
		if y := r.logDensity([]float64{inside}); math.IsInf(y, 0) || math.IsNaN(y) {
			t.Errorf("%s: log density %g at %g", r.head, y, inside)
		}
	}
	t.Logf("%d distributions, %d supports", len(dists), supports)
}

package dist

import (
	"fmt"
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
)

// Every distribution function, on either side: in the bulk, where the probability
// is e^−40, at the ends of the support, beyond them and at infinity; the value
// against a quadrature or sum of the density, first and second derivatives in the
// parameters and the argument against differences.

// tailPoints are arguments inside the support, and ones at which the probability is 0 or 1.
func (r row) tailPoints() (inside, beyond []float64) {
	from, to := r.ends()
	discrete := r.d.Support.Discrete()
	for _, x := range []float64{
		r.quantile(-40, false), r.quantile(math.Log(0.02), false), r.quantile(math.Log(0.4), false),
		r.quantile(math.Log(0.8), false), r.quantile(-40, true),
	} {
		apart := x-from > 1e-9*math.Abs(x) && to-x > 1e-9*math.Abs(x) // so that differences tell something
		if apart && math.Abs(x) > 1e-300 || discrete && x >= from && x < to {
			inside = append(inside, x)
		}
	}
	beyond = []float64{math.Inf(-1), math.Inf(1), from - 1, to + 1, to}
	if !discrete {
		beyond = append(beyond, from)
	}
	return inside, beyond
}

func tailRows(t *testing.T) []row {
	var out []row
	for _, r := range table(t, casesFile) {
		if r.d.LogCDF != nil && !r.flags["tails"] && !r.flags["first"] {
			out = append(out, r)
		}
	}
	return out
}

func TestLogTailEverywhere(t *testing.T) {
	values, gradients, dists := 0, 0, map[string]bool{}
	for _, r := range tailRows(t) {
		inside, beyond := r.tailPoints()
		dists[r.d.Name] = true
		for _, above := range []bool{false, true} {
			for _, x := range inside {
				what := fmt.Sprintf("%s, log of the probability beyond %g (above: %v)", r.head, x, above)
				e, at := r.tail(t, 2, x, above, nil, nil)
				y, _, _ := e.run(at)
				if !r.flags["noint"] {
					values++
					want := r.tailMass(x, above)
					if other := r.tailMass(x, !above); want > other { // of the shorter tail
						want = 1 - other
					}
					if !near(math.Exp(y), want, r.tailTolerance(x), 0) {
						t.Errorf("%s: e^%.15g, by quadrature %.12g", what, y, want)
					}
				}
				if len(e.names) > 0 && !(math.Abs(x) < 1e-6) {
					gradients++
					e.checkGradient(what, at, !r.flags["noint"])
				}
			}
			for _, x := range beyond {
				e, at := r.tail(t, 2, x, above, nil, nil)
				y, g, _ := e.run(at)
				from, to := r.ends()
				want := math.Inf(-1)
				if (x >= to) != above && (x >= to || x < from || x == from && !r.d.Support.Discrete()) {
					want = 0
				}
				values++
				if y != want {
					t.Errorf("%s: %g beyond %g (above: %v), want %g", r.head, y, x, above, want)
				}
				for i, v := range g {
					for _, d := range append(append([]float64(nil), v...), e.second(i)...) {
						if d != 0 {
							t.Errorf("%s beyond %g (above: %v): derivatives by %s are not 0: %v", r.head, x, above, e.names[i], v)
						}
					}
				}
			}
		}
	}
	t.Logf("%d distributions, %d values, %d sets of first and second derivatives", len(dists), values, gradients)
}

// tail compiles LogTail with derivatives up to an order, by x too if it is continuous and finite.
func (r row) tail(t *testing.T, order int, x float64, above bool, lower, upper *float64) (*evaluator, map[string][]float64) {
	b := named.New()
	xv, p, names, in, at := r.inputs(b, []float64{x}, !r.d.Support.Discrete() && !math.IsInf(x, 0))
	bound := func(v *float64) *named.Value {
		if v == nil {
			return nil
		}
		c := b.Scalar(*v)
		return &c
	}
	y, err := LogTail(b, r.d, xv, p, above, bound(lower), bound(upper))
	if err != nil {
		t.Fatal(err)
	}
	if order == 0 {
		names = nil
	}
	e := compileScalar(t, b, y, names, in, order > 1)
	e.size = 44
	return e, at
}

// tailMass is the probability on one side of x, by quadrature or by a sum.
func (r row) tailMass(x float64, above bool) float64 {
	k := truncation{lower: math.Inf(-1), up: x, at: x}
	if above {
		k.lower, k.up = x, math.Inf(1)
	}
	if r.d.Support.Discrete() {
		total := 0.0
		xs, mass := r.support()
		for i, v := range xs {
			if v[0] > x == above {
				total += mass[i]
			}
		}
		return total
	}
	// The scale of an open end is that of the tail.
	from, to := r.ends()
	level := r.compiledTail(above)(x)
	if further := r.quantile(level-1, above); further > from && further < to {
		k.at = further
	} else {
		k.at = x + map[bool]float64{true: 1, false: -1}[above]
	}
	n := r.intervalNodes(k)
	total := 0.0
	for i, d := range r.densities(n.x, r.d.LogDensity) {
		if d > 0 {
			total += d * n.w[i]
		}
	}
	return total
}

// tailTolerance allows for the kink of a Laplace, and for what the rounding of an
// argument near the end of a support does to a tail.
func (r row) tailTolerance(x float64) float64 {
	_, to := r.ends()
	return math.Max(2*r.tolerance(), 1e-13/math.Abs(to-x))
}

// Rows beyond the support beside rows inside: neither value nor derivatives of the
// sum feel them, known or not.
func TestLogTailByRow(t *testing.T) {
	for _, r := range tailRows(t) {
		inside, beyond := r.tailPoints()
		from, to := r.ends()
		for _, above := range []bool{false, true} {
			xs := append([]float64(nil), inside...)
			for _, x := range beyond { // of probability 1
				if x >= to && !above || above && (x < from || x == from && !r.d.Support.Discrete()) {
					xs = append(xs, x)
				}
			}
			want, first := 0.0, map[string]float64{}
			for _, x := range inside {
				e, at := r.tail(t, 1, x, above, nil, nil)
				y, g, _ := e.run(at)
				want += y
				for i, name := range e.names {
					first[name] += g[i][0]
				}
			}
			for _, known := range []bool{true, false} {
				b := named.New()
				_, p, names, in, at := r.inputs(b, xs[:1], false)
				axis := &named.Axis{Name: "row", Size: len(xs), Class: named.Plate}
				x := b.Wrap(b.G.Constant(graph.Shape{len(xs)}, xs), axis)
				if !known {
					in["x"], at["x"] = b.G.Input("x", graph.Shape{len(xs)}), xs
					names = append(names, "x")
					x = b.Wrap(in["x"], axis)
				}
				v, err := LogTail(b, r.d, x, p, above, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				e := compileScalar(t, b, b.SumAxes(b.With(v, axis), axis), names, in, true)
				y, g, _ := e.run(at)
				if !near(y, want, 1e-12, 1e-12) {
					t.Errorf("%s, by row (above: %v): %.15g, alone %.15g", r.head, above, y, want)
				}
				for i, name := range names {
					if name != "x" && !near(g[i][0], first[name], 1e-9, 1e-9) {
						t.Errorf("%s, by row (above: %v): ∂/∂%s %.12g, alone %.12g", r.head, above, name, g[i][0], first[name])
					}
					for _, d := range append(append([]float64(nil), g[i]...), e.second(i)...) {
						if math.IsNaN(d) || math.IsInf(d, 0) {
							t.Errorf("%s, by row (above: %v): a derivative by %s is %g", r.head, above, name, d)
							break
						}
					}
				}
			}
		}
	}
}

// Of truncated distributions: the integral of the truncated density.
func TestLogTailTruncated(t *testing.T) {
	n, seen := 0, map[string]bool{}
	for _, r := range truncationRows(t) {
		if r.flags["noint"] || seen[r.d.Name] {
			continue
		}
		seen[r.d.Name] = true
		for _, k := range r.truncations() {
			if k.lower >= k.up {
				continue
			}
			below := k
			below.up = k.at
			p := r.truncatedMass(k, below)
			for _, above := range []bool{false, true} {
				want := p
				if above {
					want = 1 - p
				}
				e, at := r.tail(t, 0, k.at, above, &k.lower, &k.up)
				y, _, _ := e.run(at)
				n++
				if !near(math.Exp(y), want, 0, 10*r.truncatedTolerance(k)) {
					t.Errorf("%s in %s: e^%.12g beyond %g (above: %v), want %.12g", r.head, k, y, k.at, above, want)
				}
			}
		}
	}
	t.Logf("%d values", n)
}

// truncatedMass is the integral of the density truncated to k over a part of it.
func (r row) truncatedMass(k, part truncation) float64 {
	if r.d.Support.Discrete() {
		xs, mass := r.support()
		some, all := 0.0, 0.0
		for i, x := range xs {
			if x[0] >= k.lower && x[0] <= k.up {
				all += mass[i]
				if x[0] <= part.up {
					some += mass[i]
				}
			}
		}
		return some / all
	}
	f, s := r.compiledTail(false), r.compiledTail(true)
	from, to := r.ends()
	lo, hi := math.Max(k.lower, from), math.Min(k.up, to)
	if f(part.up) < s(part.up) { // from whichever side loses nothing
		l := math.Inf(-1)
		if lo > from {
			l = f(lo)
		}
		h := 0.0
		if hi < to {
			h = f(hi)
		}
		return (math.Exp(f(part.up)-h) - math.Exp(l-h)) / (1 - math.Exp(l-h))
	}
	h := math.Inf(-1)
	if hi < to {
		h = s(hi)
	}
	l := 0.0
	if lo > from {
		l = s(lo)
	}
	return (1 - math.Exp(s(part.up)-l)) / (1 - math.Exp(h-l))
}

// What has no distribution function says why, and a sum of unknown length does too.
func TestLogTailRefused(t *testing.T) {
	b := named.New()
	if _, err := LogTail(b, flat, b.Scalar(0), Params{}, false, nil, nil); err == nil {
		t.Error("Flat has no distribution function")
	}
	n := b.Wrap(b.G.Input("n", graph.Shape{}))
	p := Params{Values: map[string]named.Value{"n": n, "alpha": b.Scalar(1), "beta": b.Scalar(2)}}
	if _, err := LogTail(b, betaBinomial, b.Scalar(1), p, false, nil, nil); err == nil {
		t.Error("the sum over an unknown number of values was not refused")
	}
	lo := b.Scalar(1)
	if _, err := Truncated(b, betaBinomial, b.Scalar(1), p, &lo, nil); err == nil {
		t.Error("truncation by a sum over an unknown number of values was not refused")
	}
	if _, err := LogTail(b, bernoulli, b.Scalar(1), Params{Values: map[string]named.Value{"p": b.Scalar(0.2)}}, false, &lo, nil); err == nil {
		t.Error("a truncated Bernoulli was not refused")
	}
}

// Every univariate distribution has one.
func TestEveryUnivariateDistributionHasATail(t *testing.T) {
	for _, d := range all {
		if d.EventRank == 0 && d.NotYet == "" && d != flat && d.LogCDF == nil {
			t.Errorf("%s has no distribution function", d.Name)
		}
		if d.Support == lang.SupportReal && d.LogCDF != nil && d.EventRank > 0 {
			t.Errorf("%s", d.Name)
		}
	}
}

// Where a probability given by its logit is nearly 1, tails are still those of its complement.
func TestBinomialTailByLogit(t *testing.T) {
	for _, logit := range []float64{-700, -40, 40, 700} {
		b := named.New()
		p := Params{Form: 1, Values: map[string]named.Value{"n": b.Scalar(12), "logit": b.Scalar(logit)}}
		// The term next to the bound is all of a tail this thin.
		k, above := 6.0, true
		term := math.Log(792) + 7*logit // C(12, 7) p⁷
		if logit > 0 {
			above, term = false, math.Log(924)-6*logit // C(12, 6) (1 − p)⁶
		}
		v, err := LogTail(b, binomial, b.Scalar(k), p, above, nil, nil)
		if err != nil || !near(v.Const()[0], term, 1e-13, 0) {
			t.Errorf("logit %g: %v, want %.15g; %v", logit, v.Const(), term, err)
		}
	}
}

package dist

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"sort"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
)

// Densities integrate to one and have the moments declared; draws follow them.
// Integrals are double-exponential quadratures (Takahasi & Mori 1974): after a
// substitution that makes the integrand vanish doubly exponentially at both
// ends, the trapezoidal rule converges exponentially, edge singularities and
// heavy tails included.

// nodes are points with weights: ∫f ≈ Σ w·f(x). They increase.
type nodes struct{ x, w []float64 }

func trapezoid(h, reach float64, sub func(t float64) (x, dx float64)) nodes {
	var n nodes
	for t := -reach; t <= reach; t += h {
		if x, dx := sub(t); dx > 0 && !math.IsInf(x, 0) {
			n.x, n.w = append(n.x, x), append(n.w, h*dx)
		}
	}
	return n
}

func onLine(h, centre, scale float64) nodes {
	return trapezoid(h, 5, func(t float64) (float64, float64) {
		s := math.Pi / 2 * math.Sinh(t)
		return centre + scale*math.Sinh(s), scale * math.Cosh(s) * math.Pi / 2 * math.Cosh(t)
	})
}

// above is (lo, ∞).
func above(h, lo, scale float64) nodes {
	return trapezoid(h, 5, func(t float64) (float64, float64) {
		x := scale * math.Exp(math.Pi/2*math.Sinh(t))
		return lo + x, x * math.Pi / 2 * math.Cosh(t)
	})
}

func between(h, lo, hi float64) nodes {
	return trapezoid(h, 4.2, func(t float64) (float64, float64) {
		s := math.Pi * math.Sinh(t)
		u := 1 / (1 + math.Exp(-s))
		return lo + (hi-lo)*u, (hi - lo) * u / (1 + math.Exp(s)) * math.Pi * math.Cosh(t)
	})
}

// draws are those of each distribution that are compared with its density: with PPL_SLOW=1 four times as many.
var draws = func() int {
	if os.Getenv("PPL_SLOW") != "" {
		return 40000
	}
	return 10000
}()

// sample draws n values, the same in every run.
func (r row) sample(n int) [][]float64 {
	rng := rand.New(rand.NewPCG(7, uint64(len(r.head))))
	size := len(r.points()[0])
	xs := make([][]float64, n)
	for i := range xs {
		xs[i] = make([]float64, size)
		r.d.Sample(rng, r.numbers(), xs[i])
	}
	return xs
}

func column(xs [][]float64, j int) []float64 {
	c := make([]float64, len(xs))
	for i, x := range xs {
		c[i] = x[j]
	}
	sort.Float64s(c)
	return c
}

// nodes cover the support, with the scale of the draws c (sorted).
func (r row) nodes(h float64, c []float64) nodes {
	mid, iqr := c[len(c)/2], c[3*len(c)/4]-c[len(c)/4]
	switch r.d.Support {
	case lang.SupportPositive:
		return above(h, 0, mid)
	case lang.SupportUnit:
		return between(h, 0, 1)
	case lang.SupportLower:
		lo := r.values[r.d.Lower][0]
		return above(h, lo, mid-lo)
	case lang.SupportInterval:
		return between(h, r.values[r.d.Lower][0], r.values[r.d.Upper][0])
	case lang.SupportCircle:
		return between(h, r.d.Ends[0], r.d.Ends[1])
	}
	return onLine(h, mid, iqr)
}

// densities evaluates exp of a log density at many scalar points at once.
func (r row) densities(x []float64, f func(b *named.Builder, x named.Value, p Params) Terms) []float64 {
	b := named.New()
	axis := &named.Axis{Name: "node", Size: len(x), Class: named.Plate}
	ts := f(b, b.Wrap(b.G.Constant(graph.Shape{len(x)}, x), axis), r.constants(b))
	y := b.With(b.Total(ts[0], ts[1:]...), axis)
	return b.Exp(y).Const()
}

// law is what a test needs of a distribution worked out by quadrature or sum.
type law struct {
	total          float64
	mean, variance []float64
	x, cdf         []float64 // of the first element, at nodes
}

func (l *law) add(x []float64, mass float64) {
	if l.mean == nil {
		l.mean, l.variance = make([]float64, len(x)), make([]float64, len(x))
	}
	l.total += mass
	for i, v := range x {
		if mass > 0 {
			l.mean[i] += mass * v
		}
	}
	l.x, l.cdf = append(l.x, x[0]), append(l.cdf, l.total-mass/2)
}

func (l *law) spread(x []float64, mass float64) {
	for i, v := range x {
		if mass > 0 {
			l.variance[i] += mass * (v - l.mean[i]) * (v - l.mean[i])
		}
	}
}

// universe lists points and masses: quadrature nodes, or the support itself.
func (r row) universe(t *testing.T, xs [][]float64) (x [][]float64, mass []float64) {
	k := len(xs[0])
	switch {
	case r.d.Support.Discrete() && k == 1:
		return r.support()
	case r.d.Support.Discrete():
		return r.compositions(int(r.values["n"][0]), k)
	case k == 1:
		n := r.nodes(1.0/256, column(xs, 0))
		for i, d := range r.densities(n.x, r.d.LogDensity) {
			x, mass = append(x, n.x[i:i+1]), append(mass, d*n.w[i])
		}
		return x, mass
	}
	return r.plane(xs)
}

// support lists a discrete support, up to where no mass is left.
func (r row) support() (x [][]float64, mass []float64) {
	lo, hi := 0, 4000
	switch r.d.Support {
	case lang.SupportBool:
		hi = 1
	case lang.SupportCategories:
		lo, hi = 1, 12
	case lang.SupportIntRange:
		hi = int(r.values[r.d.Upper][0])
		if r.d.Lower != "" {
			lo = int(r.values[r.d.Lower][0])
		}
	}
	var all []float64
	for k := lo; k <= hi; k++ {
		all = append(all, float64(k))
	}
	for i, d := range r.densities(all, r.d.LogDensity) {
		if d > 0 {
			x, mass = append(x, all[i:i+1]), append(mass, d)
		}
	}
	return x, mass
}

func (r row) compositions(n, k int) (x [][]float64, mass []float64) {
	var rec func(at []float64, left int)
	rec = func(at []float64, left int) {
		if len(at) == k-1 {
			p := append(append([]float64(nil), at...), float64(left))
			x, mass = append(x, p), append(mass, math.Exp(r.logDensity(p)))
			return
		}
		for i := 0; i <= left; i++ {
			rec(append(at[:len(at):len(at)], float64(i)), left-i)
		}
	}
	rec(nil, n)
	return x, mass
}

// plane is quadrature in two dimensions: the plane, or the 3-simplex.
func (r row) plane(xs [][]float64) (x [][]float64, mass []float64) {
	const h = 1.0 / 24
	var a, b nodes
	simplex := r.d.Support == lang.SupportSimplex
	if simplex {
		a, b = between(h, 0, 1), between(h, 0, 1)
	} else {
		a, b = r.nodes(h, column(xs, 0)), r.nodes(h, column(xs, 1))
	}
	var w []float64
	for i := range a.x {
		for j := range b.x {
			p, jac := []float64{a.x[i], b.x[j]}, 1.0
			if simplex {
				u, v := a.x[i], b.x[j]
				p, jac = []float64{u, (1 - u) * v, (1 - u) * (1 - v)}, 1-u
			}
			x, w = append(x, p), append(w, a.w[i]*b.w[j]*jac)
		}
	}
	for i, d := range r.many(x) {
		if w[i] *= d; !(w[i] > 0) {
			w[i] = 0
		}
	}
	return x, w
}

// many evaluates the density at many points of any shape.
func (r row) many(x [][]float64) []float64 {
	var flat []float64
	for _, v := range x {
		flat = append(flat, v...)
	}
	b := named.New()
	axis := &named.Axis{Name: "node", Size: len(x), Class: named.Plate}
	xv := b.Wrap(b.G.Constant(append(graph.Shape{len(x)}, r.event(x[0])...), flat), axis)
	ts := r.d.LogDensity(b, xv, r.constants(b))
	return b.Exp(b.With(b.Total(ts[0], ts[1:]...), axis)).Const()
}

func (r row) law(t *testing.T, xs [][]float64) (law, [][]float64, []float64) {
	var l law
	x, mass := r.universe(t, xs)
	for i := range x {
		l.add(x[i], mass[i])
	}
	for i := range x {
		l.spread(x[i], mass[i])
	}
	return l, x, mass
}

func TestIntegralMomentsAndDraws(t *testing.T) {
	for _, r := range table(t, casesFile) {
		if r.flags["tails"] || r.flags["first"] {
			continue
		}
		xs := r.sample(draws)
		for i, d := range r.many(xs) {
			if !(d > 0) && !r.flags["noint"] {
				t.Errorf("%s: a draw with density %g", describe(r, xs[i]), d)
				break
			}
		}
		if !r.flags["nomoments"] {
			checkSampleMoments(t, r, xs)
		}
		if r.flags["noint"] {
			kolmogorov(t, r, column(xs, 0), nil, nil)
			continue
		}
		l, x, mass := r.law(t, xs)
		if math.Abs(l.total-1) > r.tolerance() {
			t.Errorf("%s: the density integrates to %.12g", r.head, l.total)
		}
		checkMoments(t, r, l)
		switch {
		case r.d.Support.Discrete():
			pearson(t, r, xs, x, mass)
		case len(x[0]) == 1:
			kolmogorov(t, r, column(xs, 0), l.x, l.cdf)
		default:
			marginals(t, r, xs, x, mass)
		}
	}
}

// tolerance is what the quadrature attains: not much at the kink of Laplace.
func (r row) tolerance() float64 {
	switch {
	case r.d == laplace:
		return 1e-5
	case r.d.EventRank > 0:
		return 1e-7
	}
	return 1e-9
}

// checkMoments compares those declared with those of the density.
func checkMoments(t *testing.T, r row, l law) {
	if r.d.Mean != nil {
		for i, m := range r.d.Mean(r.numbers()) {
			if !(math.IsNaN(m) || math.IsInf(m, 0)) && !near(l.mean[i], m, 10*r.tolerance(), 100*r.tolerance()*math.Sqrt(l.variance[i])) {
				t.Errorf("%s: mean[%d] %.12g, by quadrature %.12g", r.head, i, m, l.mean[i])
			}
		}
	}
	if r.d.Variance != nil {
		for i, v := range r.d.Variance(r.numbers()) {
			if !(math.IsNaN(v) || math.IsInf(v, 0)) && !near(l.variance[i], v, 1e-6, 0) {
				t.Errorf("%s: variance[%d] %.12g, by quadrature %.12g", r.head, i, v, l.variance[i])
			}
		}
	}
}

// checkSampleMoments asks that draws have the declared mean and variance
// within 6 standard errors, where those exist (the fourth moment as drawn).
func checkSampleMoments(t *testing.T, r row, xs [][]float64) {
	if r.d.Mean == nil || r.d.Variance == nil {
		return
	}
	n := float64(len(xs))
	mean, variance := r.d.Mean(r.numbers()), r.d.Variance(r.numbers())
	for i := range mean {
		m, v := mean[i], variance[i]
		if math.IsNaN(m+v) || math.IsInf(m+v, 0) {
			continue
		}
		var s1, s2, s4 float64
		for _, x := range xs {
			d := x[i] - m
			s1, s2, s4 = s1+d, s2+d*d, s4+d*d*d*d
		}
		if z := s1 / math.Sqrt(n*v); math.Abs(z) > 6 {
			t.Errorf("%s: the mean of the draws is %.1f standard errors off", r.head, z)
		}
		if z := (s2/n - v) / math.Sqrt((s4/n-s2/n*(s2/n))/n); math.Abs(z) > 6 && s4/n < 100*v*v {
			t.Errorf("%s: the variance of the draws is %.1f standard errors off", r.head, z)
		}
	}
}

// kolmogorov is the Kolmogorov-Smirnov test of sorted draws against the
// declared cdf, or where there is none against the one tabulated, at p = 1e-6.
func kolmogorov(t *testing.T, r row, c, x, cdf []float64) {
	at := func(v float64) float64 {
		i := sort.SearchFloat64s(x, v)
		switch {
		case i == 0:
			return 0
		case i == len(x):
			return 1
		}
		return cdf[i-1] + (cdf[i]-cdf[i-1])*(v-x[i-1])/(x[i]-x[i-1])
	}
	var known []float64
	if r.d.LogCDF != nil {
		known = r.densities(c, func(b *named.Builder, x named.Value, p Params) Terms { return Terms{r.d.LogCDF(b, x, p)} })
	} else if x == nil {
		return
	}
	worst, n := 0.0, float64(len(c))
	for i, v := range c {
		f := 0.0
		if known != nil {
			f = known[i]
		} else {
			f = at(v)
		}
		if v > 1e-300 || v < 0 { // draws that have been kept positive are an atom
			worst = math.Max(worst, math.Max(math.Abs(f-float64(i)/n), math.Abs(f-float64(i+1)/n)))
		}
	}
	if s := worst * math.Sqrt(n); s > 2.69 {
		t.Errorf("%s: Kolmogorov-Smirnov statistic %.2f", r.head, s)
	}
}

// pearson compares counts of draws with masses, cells under 10 merged.
func pearson(t *testing.T, r row, xs, support [][]float64, mass []float64) {
	key := func(x []float64) string {
		s := ""
		for _, v := range x {
			s += string(rune('A' + int(v) + 10))
		}
		return s
	}
	count := map[string]float64{}
	for _, x := range xs {
		count[key(x)]++
	}
	stat, cells, e, o, seen := 0.0, 0, 0.0, 0.0, 0.0
	for i, x := range support {
		e += mass[i] * float64(len(xs))
		o += count[key(x)]
		seen += count[key(x)]
		if e >= 10 {
			stat += (o - e) * (o - e) / e
			cells, e, o = cells+1, 0, 0
		}
	}
	if int(seen) != len(xs) {
		t.Errorf("%s: %d draws are outside the support", r.head, len(xs)-int(seen))
	}
	if cells > 1 {
		if p := (distuv.ChiSquared{K: float64(cells)}).Survival(stat); p < 1e-6 {
			t.Errorf("%s: chi-squared %.1f in %d cells", r.head, stat, cells)
		}
	}
}

// marginals tests each element of draws of two or three dimensions, and their
// products, against the grid.
func marginals(t *testing.T, r row, xs, x [][]float64, mass []float64) {
	for j := range x[0] {
		order := make([]int, len(x))
		for i := range order {
			order[i] = i
		}
		sort.Slice(order, func(a, b int) bool { return x[order[a]][j] < x[order[b]][j] })
		c := column(xs, j)
		var gx, cdf []float64
		sum := 0.0
		for _, i := range order {
			if m := len(gx); m > 0 && gx[m-1] == x[i][j] {
				sum += mass[i]
				cdf[m-1] += mass[i] / 2
				continue
			}
			gx, cdf = append(gx, x[i][j]), append(cdf, sum+mass[i]/2)
			sum += mass[i]
		}
		kolmogorovGrid(t, r, c, gx, cdf)
	}
	var want, got, square float64
	for i := range x {
		if mass[i] > 0 {
			want += mass[i] * x[i][0] * x[i][1]
		}
	}
	for _, v := range xs {
		got, square = got+v[0]*v[1], square+v[0]*v[0]*v[1]*v[1]
	}
	n := float64(len(xs))
	got, square = got/n, square/n
	if z := (got - want) / math.Sqrt((square-got*got)/n); math.Abs(z) > 6 {
		t.Errorf("%s: the product of the first two elements is %.1f standard errors off", r.head, z)
	}
}

// kolmogorovGrid allows for the coarseness of the grid.
func kolmogorovGrid(t *testing.T, r row, c, x, cdf []float64) {
	n := float64(len(c))
	for i, v := range x {
		below := float64(sort.SearchFloat64s(c, v)) / n
		if math.Abs(below-cdf[i])*math.Sqrt(n) > 2.69+2 {
			t.Errorf("%s: at %g the draws have %.4f, the density %.4f", r.head, v, below, cdf[i])
			return
		}
	}
}

// Draws from truncated distributions, many of them 40 standard deviations out: 200 of each, with PPL_SLOW=1 1000.
func TestSampleTruncated(t *testing.T) {
	n := 200
	if os.Getenv("PPL_SLOW") != "" {
		n = 1000
	}
	for _, r := range table(t, truncationsFile) {
		w := parseVectorFields(r.fields[0])
		lo, hi := w[0], w[1]
		rng := rand.New(rand.NewPCG(3, 4))
		c := make([]float64, n)
		for i := range c {
			c[i] = SampleTruncated(rng, r.d, r.numbers(), lo, hi)
			if !(c[i] > lo && c[i] < hi) && !(r.d.Support.Discrete() && c[i] >= lo && c[i] <= hi) {
				t.Fatalf("%s: %g is not in (%g, %g)", r.head, c[i], lo, hi)
			}
		}
		sort.Float64s(c)
		mass := func(b *named.Builder, x named.Value, p Params) Terms {
			l := b.Scalar(lo)
			u := b.Scalar(hi)
			part := logProbability(b, r.d, p, &l, &x)
			return Terms{part, b.Neg(logProbability(b, r.d, p, &l, &u))}
		}
		below := r.densities(c, mass) // P(X ≤ x)
		worst := 0.0
		for i, f := range below {
			if i == len(c)-1 || c[i+1] != c[i] {
				worst = math.Max(worst, math.Abs(f-float64(i+1)/float64(len(c))))
			}
		}
		if s := worst * math.Sqrt(float64(len(c))); s > 2.69 {
			t.Errorf("%s in (%g, %g): Kolmogorov-Smirnov statistic %.2f", r.head, lo, hi, s)
		}
	}
}

// Tails of many points at once are those of each alone, to the bit: a bisection that looks
// ahead goes the way of one that does not.
func TestTailOfManyPoints(t *testing.T) {
	for _, r := range table(t, truncationsFile) {
		if r.d.LogCDF == nil {
			continue
		}
		w := parseVectorFields(r.fields[0])
		x := []float64{w[0], w[1]}
		for i := range 13 {
			x = append(x, math.Max(w[0], -30)+(math.Min(w[1], 30)-math.Max(w[0], -30))*float64(i+1)/14)
		}
		if r.d.Support.Discrete() {
			for i := range x {
				x[i] = math.Floor(x[i])
			}
		}
		for name, tail := range map[string]func(x ...float64) []float64{"cdf": r.d.tail(r.d.LogCDF, r.numbers()), "survival": r.d.tail(r.d.LogSurvival, r.numbers())} {
			for i, together := range tail(x...) {
				if alone := tail(x[i])[0]; math.Float64bits(alone) != math.Float64bits(together) && !(alone != alone && together != together) {
					t.Errorf("%s: log %s at %g is %v alone, %v among others", r.head, name, x[i], alone, together)
				}
			}
		}
	}
}

// An interval without mass, or bad parameters, give NaN, at once.
func TestSampleTruncatedNowhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		head   string
		lo, hi float64
	}{
		{"Uniform lower=0 upper=1", 5, 6}, {"Normal mean=0 sd=1", 5, 4}, {"Normal mean=nan sd=1", 0, 1}, {"Exponential rate=1", -3, -2},
		{"Gamma shape=-1 rate=1", 0, 1}, {"Poisson rate=1", -3, -2}, {"Binomial n=3 p=2", 0, 1}, {"Wald mean=1 shape=1", -3, -2},
	} {
		r := parseRow(t, c.head)
		if x := SampleTruncated(rng, r.d, r.numbers(), c.lo, c.hi); !math.IsNaN(x) {
			t.Errorf("%s in (%g, %g): drew %g", c.head, c.lo, c.hi, x)
		}
	}
}

// Each correlation of an LKJ matrix is Beta(a, a) on (−1, 1), a = η − 1 + K/2
// (Lewandowski, Kurowicka & Joe 2009).
func TestLKJDraws(t *testing.T) {
	for _, r := range table(t, casesFile) {
		if r.d.Support != lang.SupportCorr && r.d.Support != lang.SupportCholeskyCorr {
			continue
		}
		xs := r.sample(draws)
		k := side(xs[0])
		a := r.values["concentration"][0] - 1 + float64(k)/2
		for i := 1; i < k; i++ {
			for j := 0; j < i; j++ {
				c := make([]float64, len(xs))
				for m, x := range xs {
					y := append([]float64(nil), x...)
					if r.d == lkjCholesky {
						outerSquare(y)
					}
					c[m] = (1 + y[i*k+j]) / 2
				}
				sort.Float64s(c)
				kolmogorov(t, parseRow(t, fmt.Sprintf("Beta alpha=%v beta=%v", a, a)), c, nil, nil)
			}
		}
	}
}

// A truncated density integrates to one, and knows its derivatives.
func TestTruncated(t *testing.T) {
	for _, r := range table(t, truncationsFile) {
		w := parseVectorFields(r.fields[0])
		lo, hi := w[0], w[1]
		f := func(b *named.Builder, x named.Value, p Params) Terms {
			l, u := b.Scalar(lo), b.Scalar(hi)
			ts, err := Truncated(b, r.d, x, p, &l, &u)
			if err != nil {
				t.Fatal(err)
			}
			return ts
		}
		total := 0.0
		if r.d.Support.Discrete() {
			var all []float64
			for k := -5.0; k < 400; k++ {
				all = append(all, k)
			}
			for _, m := range r.densities(all, f) {
				total += m
			}
		} else {
			n := r.truncatedNodes(lo, hi)
			for i, d := range r.densities(n.x, f) {
				total += d * n.w[i]
			}
		}
		if math.Abs(total-1) > r.tolerance() {
			t.Errorf("%s in (%g, %g) integrates to %.12g", r.head, lo, hi, total)
		}
		for _, x := range parseVectorFields(r.fields[1]) {
			checkTruncatedGradient(t, r, lo, hi, x)
		}
	}
}

func parseVectorFields(s string) []float64 {
	var v []float64
	for _, w := range (row{fields: []string{s}}).points() {
		v = append(v, w[0])
	}
	return v
}

func (r row) truncatedNodes(lo, hi float64) nodes {
	if r.d.Support == lang.SupportPositive {
		lo = math.Max(lo, 0)
	}
	if r.d.Support == lang.SupportInterval || r.d.Support == lang.SupportCircle {
		from, to := r.ends()
		lo, hi = math.Max(lo, from), math.Min(hi, to)
	}
	switch {
	case math.IsInf(hi, 1):
		scale := 1.0
		if lo > 10 {
			scale = 1 / lo // a normal tail
		}
		return above(1.0/256, lo, scale)
	case math.IsInf(lo, -1):
		n := above(1.0/256, -hi, 1/math.Max(1, -hi))
		for i := range n.x {
			n.x[i] = -n.x[i]
		}
		return n
	}
	return between(1.0/256, lo, hi)
}

func checkTruncatedGradient(t *testing.T, r row, lo, hi, x float64) {
	discrete := r.d.Support.Discrete()
	b := named.New()
	xv, p, names, in, at := r.inputs(b, []float64{x}, !discrete)
	bound := func(name string, v float64) *named.Value {
		c := b.Scalar(v)
		if !discrete && !math.IsInf(v, 0) {
			in[name], at[name] = b.G.Input(name, graph.Shape{}), []float64{v}
			names = append(names, name)
			c = b.Wrap(in[name])
		}
		return &c
	}
	ts, err := Truncated(b, r.d, xv, p, bound("from", lo), bound("to", hi))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) > 0 {
		e := compileScalar(t, b, b.Total(ts[0], ts[1:]...), names, in, true)
		e.checkGradient(describe(r, []float64{x})+" truncated to "+r.fields[0], at, true)
	}
}

func TestTruncationRefusedAndFlat(t *testing.T) {
	b := named.New()
	lo, hi := b.Scalar(-1), b.Scalar(2)
	if _, err := Truncated(b, dirichlet, b.Vector(0.5, 0.5), Params{Values: map[string]named.Value{"concentration": b.Vector(1, 1)}}, &lo, nil); err == nil {
		t.Error("a truncated Dirichlet was not refused")
	}
	for _, c := range []struct{ x, want float64 }{{0, 0}, {3, math.Inf(-1)}, {-1, math.Inf(-1)}} {
		ts, err := Truncated(b, flat, b.Scalar(c.x), Params{}, &lo, &hi)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Total(ts[0], ts[1:]...).Const()[0]; got != c.want {
			t.Errorf("Flat() in (-1, 2) at %g: %g, want %g", c.x, got, c.want)
		}
	}
}

// cdf and survival add up to one, and the cdf has the density as derivative.
func TestDistributionFunctions(t *testing.T) {
	for _, r := range table(t, casesFile) {
		if r.d.LogCDF == nil {
			continue
		}
		for _, x := range r.points() {
			b := named.New()
			xc, p := b.Scalar(x[0]), r.constants(b)
			f, s := r.d.LogCDF(b, xc, p).Const()[0], r.d.LogSurvival(b, xc, p).Const()[0]
			if sum := math.Exp(f) + math.Exp(s); math.Abs(sum-1) > 1e-13 {
				t.Errorf("%s: cdf and survival add up to %.16g", describe(r, x), sum)
			}
			if r.d.Support.Discrete() {
				before := r.d.LogCDF(b, b.Scalar(x[0]-1), p).Const()[0]
				if m := math.Exp(f) - math.Exp(before); math.Abs(m-math.Exp(r.logDensity(x))) > 1e-13 {
					t.Errorf("%s: the cdf steps by %g, the mass is %g", describe(r, x), m, math.Exp(r.logDensity(x)))
				}
			} else if !r.edge(x) && !r.flags["first"] {
				checkSlope(t, r, x)
			}
		}
		for _, x := range outside(r) { // 0 or 1, never NaN
			b := named.New()
			for _, above := range []bool{false, true} {
				v, err := LogTail(b, r.d, b.Scalar(x[0]), r.constants(b), above, nil, nil)
				if f := math.Exp(v.Const()[0]); err != nil || !(f >= 0 && f <= 1) {
					t.Errorf("%s: probability %g beyond: %v, %v", describe(r, x), f, above, err)
				}
			}
		}
	}
}

// checkSlope: log F' + log F is the log density, and so for the survival.
func checkSlope(t *testing.T, r row, x []float64) {
	for i, f := range []func(*named.Builder, named.Value, Params) named.Value{r.d.LogCDF, r.d.LogSurvival} {
		b := named.New()
		xv, p, names, in, at := r.inputs(b, x, true)
		e := compileScalar(t, b, f(b, xv, p), names, in, false)
		y, g, _ := e.run(at)
		slope := g[len(g)-1][0]
		if i == 1 {
			slope = -slope
		}
		want := r.logDensity(x)
		if got := math.Log(slope) + y; !near(got, want, 1e-10, 1e-9) && want > -700 {
			t.Errorf("%s: the slope of cdf/survival[%d] is exp %.12g, the density %.12g", describe(r, x), i, got, want)
		}
		if y > -600 && slope != 0 {
			e.checkGradient(describe(r, x)+" (cdf or survival)", at, false)
		}
	}
}

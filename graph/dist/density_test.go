package dist

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/plan"
	"ppl/lang"
)

// reference reads a table of figures computed by testdata/generate.py.
func reference(t *testing.T, path string) [][]string {
	var fs [][]string
	for _, l := range lines(t, path) {
		fs = append(fs, strings.Split(l, "\t"))
	}
	return fs
}

func figure(t *testing.T, s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(v, 0) {
		t.Fatal(err)
	}
	return v
}

// agree is equality to 12 digits, relative to the largest of the terms added.
func agree(got, want float64, terms ...named.Value) bool {
	scale := math.Max(1, math.Abs(want))
	for _, v := range terms {
		for _, x := range v.Const() {
			if !math.IsInf(x, 0) {
				scale = math.Max(scale, math.Abs(x))
			}
		}
	}
	return got == want || math.Abs(got-want) <= 1e-12*scale
}

func TestLogDensityAgainstReference(t *testing.T) {
	for _, f := range reference(t, "testdata/reference.tsv") {
		r, x := parseRow(t, f[0]), parseVector(f[1])
		b := named.New()
		ts := r.d.LogDensity(b, b.Array(r.event(x), x), r.constants(b))
		if got, want := b.Total(ts[0], ts[1:]...).Const()[0], figure(t, f[2]); !agree(got, want) {
			t.Errorf("%s: %.16g, want %.16g", describe(r, x), got, want)
		}
		if r.d.LogCDF == nil {
			continue
		}
		xv := b.Array(r.event(x), x)
		for i, v := range []named.Value{r.d.LogCDF(b, xv, r.constants(b)), r.d.LogSurvival(b, xv, r.constants(b))} {
			if f[3+i] == "-" {
				t.Errorf("%s: no reference for the cdf", r.head)
				continue
			}
			if got, want := v.Const()[0], figure(t, f[3+i]); !agree(got, want) {
				t.Errorf("%s: log cdf/survival[%d] %.16g, want %.16g", describe(r, x), i, got, want)
			}
		}
	}
}

func TestTruncatedAgainstReference(t *testing.T) {
	for _, f := range reference(t, "testdata/truncated.tsv") {
		r, x := parseRow(t, f[0]), parseVector(f[2])
		b := named.New()
		lo, hi := bounds(b, f[1])
		ts, err := Truncated(b, r.d, b.Scalar(x[0]), r.constants(b), &lo, &hi)
		if err != nil {
			t.Fatal(err)
		}
		got, want := b.Total(ts[0], ts[1:]...).Const()[0], figure(t, f[3])
		// The normaliser and the density may both be large: 1e-12 of those.
		scale := math.Abs(r.logDensity(x))
		if math.Abs(got-want) > 1e-12*math.Max(10, scale) {
			t.Errorf("%s in (%s): %.16g, want %.16g", describe(r, x), f[1], got, want)
		}
	}
}

func bounds(b *named.Builder, s string) (lo, hi named.Value) {
	w := strings.Fields(s)
	return b.Scalar(parseVector(w[0])[0]), b.Scalar(parseVector(w[1])[0])
}

func TestEveryDistributionHasCases(t *testing.T) {
	seen, forms := map[string]bool{}, map[string]map[int]bool{}
	for _, r := range table(t, casesFile) {
		seen[r.d.Name] = true
		if forms[r.d.Name] == nil {
			forms[r.d.Name] = map[int]bool{}
		}
		forms[r.d.Name][r.form] = true
	}
	computed := map[string]bool{} // with figures from elsewhere
	for _, f := range reference(t, "testdata/reference.tsv") {
		computed[parseRow(t, f[0]).d.Name] = true
	}
	truncated := map[string]bool{}
	for _, r := range table(t, truncationsFile) {
		truncated[r.d.Name] = true
	}
	for _, d := range all {
		if d.NotYet != "" || d.Name == "Flat" {
			continue
		}
		if !seen[d.Name] || len(forms[d.Name]) != len(d.Forms) {
			t.Errorf("%s: cases for %d of %d forms", d.Name, len(forms[d.Name]), len(d.Forms))
		}
		if !computed[d.Name] {
			t.Errorf("%s: no reference value of the density", d.Name)
		}
		if d.NoTruncation == "" && !truncated[d.Name] {
			t.Errorf("%s: no truncation case", d.Name)
		}
		if (d.LogCDF == nil) != (d.NoCDF != "") || (d.LogCDF == nil) != (d.LogSurvival == nil) || d.LogCDF == nil && d.NoTruncation == "" {
			t.Errorf("%s: truncation or distribution function is half declared", d.Name)
		}
		if d.Sample == nil || d.LogDensity == nil {
			t.Errorf("%s: no sampler or density", d.Name)
		}
	}
}

// inputs makes every continuous parameter an input, and x too if asked.
func (r row) inputs(b *named.Builder, x []float64, withX bool) (named.Value, Params, []string, map[string]*graph.Node, map[string][]float64) {
	p := r.constants(b)
	names, in, at := []string{}, map[string]*graph.Node{}, map[string][]float64{}
	add := func(name string, s graph.Shape, v []float64) named.Value {
		in[name] = b.G.Input(name, s)
		names = append(names, name)
		at[name] = append([]float64(nil), v...)
		return b.Wrap(in[name])
	}
	for _, s := range r.continuous() {
		v := r.values[s.Name]
		p.Values[s.Name] = add(s.Name, shape(s.Rank, len(v)), v)
	}
	if withX {
		return add("x", r.event(x), x), p, names, in, at
	}
	return b.Array(r.event(x), x), p, names, in, at
}

// constrained: moving one element of a value leaves the support.
func constrained(k lang.SupportKind) bool {
	return k == lang.SupportSimplex || k == lang.SupportCholeskyCorr || k == lang.SupportCorr
}

// edge reports points on the boundary of the support or at a kink, where a
// two-sided difference is not the derivative.
func (r row) edge(x []float64) bool {
	if r.d.EventRank == 2 {
		return false
	}
	for _, v := range x {
		if v == 0 && r.d.Support != lang.SupportReal && !r.d.Support.Discrete() || v == 1 && (r.d.Support == lang.SupportUnit || r.d.Support == lang.SupportSimplex) {
			return true
		}
	}
	return r.d.Support == lang.SupportLower && x[0] == r.values[r.d.Lower][0]
}

func TestGradient(t *testing.T) {
	for _, r := range table(t, casesFile) {
		for _, x := range r.points() {
			discrete := r.d.Support.Discrete()
			if !discrete && r.edge(x) {
				continue
			}
			b := named.New()
			xv, p, names, in, at := r.inputs(b, x, !discrete)
			p.Inside = constrained(r.d.Support)
			ts := r.d.LogDensity(b, xv, p)
			y := b.Total(ts[0], ts[1:]...)
			if len(names) == 0 {
				continue
			}
			e := compileScalar(t, b, y, names, in, !r.flags["first"])
			if got, want := first(e.run(at)), r.logDensity(x); !agree(got, want) {
				t.Errorf("%s: %.16g as inputs, %.16g as constants", describe(r, x), got, want)
			}
			if r.flags["tails"] {
				checkFinite(t, e, describe(r, x), at)
				continue
			}
			e.checkGradient(describe(r, x), at, !r.flags["first"])
		}
	}
}

func first(y float64, _, _ [][]float64) float64 { return y }

// checkFinite: so far out that differences see nothing, derivatives are finite.
func checkFinite(t *testing.T, e *evaluator, what string, at map[string][]float64) {
	_, g, _ := e.run(at)
	for i, v := range g {
		for _, d := range v {
			if math.IsNaN(d) || math.IsInf(d, 0) {
				t.Errorf("%s: ∂/∂%s is %g", what, e.names[i], d)
			}
		}
	}
}

// Discrete values may reach a density as inputs: samples of a guide.
func TestDiscreteValueAsInput(t *testing.T) {
	for _, r := range table(t, casesFile) {
		if !r.d.Support.Discrete() {
			continue
		}
		b := named.New()
		x := r.points()[0]
		xv := b.Wrap(b.G.Input("x", r.event(x)))
		ts := r.d.LogDensity(b, xv, r.constants(b))
		e := compileScalar(t, b, b.Total(ts[0], ts[1:]...), nil, nil, false)
		for _, x := range append(r.points(), outside(r)...) {
			got, want := first(e.run(map[string][]float64{"x": x})), r.logDensity(x)
			if !agree(got, want) {
				t.Errorf("%s: %.16g as an input, %.16g as a constant", describe(r, x), got, want)
			}
		}
	}
}

// outside lists values that are not in the support.
func outside(r row) [][]float64 {
	n := func(xs ...float64) [][]float64 {
		var v [][]float64
		for _, x := range xs {
			v = append(v, []float64{x})
		}
		return v
	}
	if r.d.EventRank > 0 {
		switch r.d.Support {
		case lang.SupportCholeskyCorr:
			return [][]float64{{1, 0.1, 0.6, 0.8}, {1, 0, 0.6, 0.7}, {1, 0, 0.6, -0.8}}
		case lang.SupportCorr:
			return [][]float64{{1, 0.2, 0.2, 1.1}}
		case lang.SupportSimplex:
			return [][]float64{{0.2, 0.5, 0.4}, {-0.1, 0.6, 0.5}}
		case lang.SupportNaturals:
			return [][]float64{{1, 3, 3}, {-1, 4, 3}, {1.5, 2.5, 2}}
		}
		return nil
	}
	switch r.d.Support {
	case lang.SupportPositive:
		return n(-1, -1e-300, math.Inf(-1))
	case lang.SupportUnit:
		return n(-0.1, 1.1, math.Inf(1))
	case lang.SupportLower:
		return n(r.values[r.d.Lower][0]-1e-9, -1)
	case lang.SupportInterval:
		return n(r.values["lower"][0]-1e-9, r.values["upper"][0]+1e-9)
	case lang.SupportBool:
		return n(-1, 0.5, 2)
	case lang.SupportNaturals:
		return n(-1, 2.5)
	case lang.SupportCategories:
		return n(0, 1.5, 9, -3)
	case lang.SupportIntRange:
		hi := r.values[r.d.Upper][0]
		lo := -1.0
		if r.d.Lower != "" {
			lo = r.values[r.d.Lower][0] - 1
		}
		return n(lo, hi+1, 2.5)
	}
	return nil
}

func TestOutsideTheSupport(t *testing.T) {
	for _, r := range table(t, casesFile) {
		for _, x := range outside(r) {
			if got := r.logDensity(x); !math.IsInf(got, -1) {
				t.Errorf("%s: %g, want -Inf", describe(r, x), got)
			}
			if r.d.Support.Discrete() {
				continue
			}
			b := named.New()
			xv, p, names, in, at := r.inputs(b, x, true)
			ts := r.d.LogDensity(b, xv, p)
			e := compileScalar(t, b, b.Total(ts[0], ts[1:]...), names, in, false)
			y, g, _ := e.run(at)
			if !math.IsInf(y, -1) {
				t.Errorf("%s as an input: %g, want -Inf", describe(r, x), y)
			}
			for i := range g {
				for _, d := range g[i] {
					if d != 0 {
						t.Errorf("%s: gradient %g by %s outside the support", describe(r, x), d, names[i])
					}
				}
			}
		}
	}
}

func TestLimitsAtTheEnds(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		head string
		x    float64
		want float64
	}{
		{"Gamma shape=0.5 rate=1", 0, inf}, {"Gamma shape=1 rate=2", 0, math.Ln2}, {"Gamma shape=2 rate=1", 0, -inf},
		{"Beta alpha=0.5 beta=2", 0, inf}, {"Beta alpha=2 beta=1", 1, math.Ln2}, {"Beta alpha=2 beta=2", 1, -inf},
		{"Weibull shape=1 scale=2", 0, -math.Ln2}, {"LogNormal location=0 scale=1", 0, -inf}, {"InvGamma shape=2 scale=1", 0, -inf},
		{"Exponential rate=2", 0, math.Ln2}, {"Wald mean=1 shape=1", 0, -inf}, {"Frechet shape=1 scale=1", 0, -inf},
		{"Poisson rate=0", 0, 0}, {"Poisson rate=0", 1, -inf}, {"Poisson log_rate=-inf", 0, 0}, {"Poisson log_rate=-inf", 2, -inf},
		{"Binomial n=5 p=0", 0, 0}, {"Binomial n=5 p=0", 1, -inf}, {"Binomial n=5 p=1", 5, 0}, {"Binomial n=5 p=1", 4, -inf}, {"Binomial n=0 p=0.5", 0, 0},
		{"Bernoulli p=0", 0, 0}, {"Bernoulli p=0", 1, -inf}, {"Bernoulli p=1", 1, 0}, {"Bernoulli p=1", 0, -inf},
		{"Categorical p=0,1,0", 2, 0}, {"Categorical p=0,1,0", 1, -inf}, {"NegBinomial size=3 p=1", 0, 0}, {"NegBinomial size=3 p=1", 1, -inf},
		{"NegBinomial mean=0 dispersion=2", 0, 0}, {"NegBinomial mean=0 dispersion=2", 3, -inf},
		{"Geometric p=1", 0, 0}, {"Geometric p=1", 2, -inf}, {"Normal mean=0 sd=1", inf, -inf}, {"Cauchy location=0 scale=1", -inf, -inf},
		{"Bernoulli logit=800", 1, 0}, {"Bernoulli logit=800", 0, -800},
	} {
		r := parseRow(t, c.head)
		if got := r.logDensity([]float64{c.x}); !(got == c.want || math.Abs(got-c.want) < 1e-14) {
			t.Errorf("%s at %g: %g, want %g", c.head, c.x, got, c.want)
		}
	}
}

// A parameter of 0 probability must not spoil the gradient of the others.
func TestGradientAtZeroProbability(t *testing.T) {
	for _, c := range []struct {
		head  string
		x     float64
		param string
		want  []float64
	}{
		{"Binomial n=5 p=0", 0, "p", []float64{-5}}, {"Binomial n=5 p=1", 5, "p", []float64{5}}, {"Bernoulli p=0", 0, "p", []float64{-1}},
		{"Categorical p=0,1,0", 2, "p", []float64{0, 1, 0}}, {"Poisson rate=0", 0, "rate", []float64{-1}}, {"Poisson log_rate=-inf", 0, "log_rate", []float64{0}},
	} {
		r := parseRow(t, c.head)
		b := named.New()
		xv, p, names, in, at := r.inputs(b, []float64{c.x}, false)
		ts := r.d.LogDensity(b, xv, p)
		_, g, _ := compileScalar(t, b, b.Total(ts[0], ts[1:]...), names, in, false).run(at)
		for i, n := range names {
			for j := range g[i] {
				if n == c.param && g[i][j] != c.want[j] {
					t.Errorf("%s at %g: ∂/∂%s = %v, want %v", c.head, c.x, n, g[i], c.want)
				}
			}
		}
	}
}

func TestBadParameters(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, r := range table(t, casesFile) {
		for _, s := range r.d.Forms[r.form].Params {
			var bad []float64
			switch s.Constraint {
			case lang.Positive:
				bad = []float64{-1.5, -0.5, math.NaN()}
			case lang.NonNegative, lang.NonNegativeInt:
				bad = []float64{-1, math.NaN()}
			case lang.Unit:
				bad = []float64{-0.5, 1.5, math.NaN()}
			case lang.AnyReal:
				bad = []float64{math.NaN()}
			}
			for _, v := range bad {
				for _, x := range r.points() {
					w := r
					w.values = map[string][]float64{}
					for k, u := range r.values {
						w.values[k] = append([]float64(nil), u...)
					}
					w.values[s.Name][0] = v
					if w.d.Name == "CAR" && s.Name == "adjacency" || s.Rank > 0 && r.d.Name == "OrderedLogistic" || r.d.Name == "Categorical" {
						continue // the first element may not matter
					}
					w.d.Sample(rng, w.numbers(), make([]float64, len(x))) // comes back
					if got := w.logDensity(x); !math.IsNaN(got) && !math.IsInf(got, -1) {
						t.Errorf("%s with %s = %g: %g, want -Inf or NaN", describe(r, x), s.Name, v, got)
					}
				}
			}
		}
	}
}

// With x along a plate and each parameter along the particle axis, alone or
// together, every element is what the scalars give.
func TestAxes(t *testing.T) {
	particle := &named.Axis{Name: "particle", Size: 3, Class: named.Particle}
	for _, r := range table(t, casesFile) {
		xs := r.points()
		plate := &named.Axis{Name: "i", Size: len(xs), Class: named.Plate}
		for _, asInput := range []bool{false, true} {
			b := named.New()
			var flat []float64
			for _, x := range xs {
				flat = append(flat, x...)
			}
			full := append(graph.Shape{len(xs)}, r.event(xs[0])...)
			at := map[string][]float64{"x": flat}
			xv := b.Wrap(b.G.Constant(full, flat), plate)
			if asInput {
				xv = b.Wrap(b.G.Input("x", full), plate)
			}
			p := r.constants(b)
			varied := map[string][][]float64{}
			for _, s := range r.continuous() {
				v := r.values[s.Name]
				var all []float64
				for k := 0; k < 3; k++ {
					w := vary(s, v, k)
					varied[s.Name] = append(varied[s.Name], w)
					all = append(all, w...)
				}
				n := b.G.Input(s.Name, append(graph.Shape{3}, shape(s.Rank, len(v))...))
				p.Values[s.Name] = b.Wrap(n, particle)
				at[s.Name] = all
			}
			ts := r.d.LogDensity(b, xv, p)
			y := b.With(b.Total(ts[0], ts[1:]...), particle, plate)
			got := evaluate(t, b, y, at)
			for k := 0; k < 3; k++ {
				w := r
				w.values = map[string][]float64{}
				for n, v := range r.values {
					w.values[n] = v
				}
				for n, v := range varied {
					w.values[n] = v[k]
				}
				for i, x := range xs {
					if want := w.logDensity(x); !agree(got[k*len(xs)+i], want) && !(math.IsNaN(want) && math.IsNaN(got[k*len(xs)+i])) {
						t.Errorf("%s (input %v), particle %d: %.16g, alone %.16g", describe(r, x), asInput, k, got[k*len(xs)+i], want)
					}
				}
			}
		}
	}
}

// vary moves a parameter a little, within its constraint.
func vary(s lang.ParamSig, v []float64, k int) []float64 {
	w := append([]float64(nil), v...)
	for i := range w {
		switch s.Constraint {
		case lang.ProbabilityVector: // swap the first and the k-th
			w[i] = v[i]
		default:
			w[i] *= 1 - 0.03*float64(k)
		}
	}
	if s.Constraint == lang.ProbabilityVector {
		w[0], w[k%len(w)] = w[k%len(w)], w[0]
	}
	return w
}

// evaluate runs a graph, or reads a constant.
func evaluate(t *testing.T, b *named.Builder, y named.Value, at map[string][]float64) []float64 {
	if y.IsConst() {
		return y.Const()
	}
	p := plan.Compile(b.G, []*graph.Node{y.N})
	s, err := p.NewState()
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range p.Inputs() {
		copy(s.Input(i), at[n.Name])
	}
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	return s.Output(0)
}

// A parameter written as exp or inv_logit of something is as good as its
// logarithm or logit: nothing overflows, and nothing is computed to be undone.
func TestLinksAreUndone(t *testing.T) {
	for _, c := range []struct {
		head, param string
		link        func(b *named.Builder, x named.Value) named.Value
		eta, x      float64
		want        float64
	}{
		{"Bernoulli p=0.5", "p", (*named.Builder).InvLogit, 800, 0, -800},
		{"Binomial n=3 p=0.5", "p", (*named.Builder).InvLogit, -800, 3, -2400},
		{"Poisson rate=1", "rate", (*named.Builder).Exp, -800, 1, -800},
		{"Exponential rate=1", "rate", (*named.Builder).Exp, -800, 1, -800},
	} {
		r := parseRow(t, c.head)
		b := named.New()
		p := r.constants(b)
		p.Values[c.param] = c.link(b, b.Wrap(b.G.Input("eta", graph.Shape{})))
		ts := r.d.LogDensity(b, b.Scalar(c.x), p)
		got := evaluate(t, b, b.Total(ts[0], ts[1:]...), map[string][]float64{"eta": {c.eta}})[0]
		if !near(got, c.want, 1e-14, 0) {
			t.Errorf("%s with %s of %g: %g, want %g", c.head, c.param, c.eta, got, c.want)
		}
	}
}

// A walk may have one step, and matrices one row.
func TestSmallestEvents(t *testing.T) {
	for _, c := range []struct {
		head string
		x    []float64
		want float64
	}{
		{"GaussianRandomWalk sd=1 start=0", []float64{0}, -halfLog2Pi},
		{"LKJ concentration=2", []float64{1}, 0}, {"LKJCholesky concentration=2", []float64{1}, 0},
		{"Dirichlet concentration=2", []float64{1}, 0}, {"MvNormal mean=0 cov=1", []float64{0}, -halfLog2Pi},
		{"Categorical p=1", []float64{1}, 0},
	} {
		if got := parseRow(t, c.head).logDensity(c.x); math.Abs(got-c.want) > 1e-14 {
			t.Errorf("%s: %g, want %g", c.head, got, c.want)
		}
	}
}

// Terms of the standard deviation alone have no plate.
func TestTermsHaveFewAxes(t *testing.T) {
	plate := &named.Axis{Name: "i", Size: 5, Class: named.Plate}
	b := named.New()
	x := b.Wrap(b.G.Constant(graph.Shape{5}, []float64{1, 2, 3, 4, 5}), plate)
	p := Params{Values: map[string]named.Value{"mean": b.Wrap(b.G.Input("mean", graph.Shape{})), "sd": b.Wrap(b.G.Input("sd", graph.Shape{}))}}
	for i, v := range normal.LogDensity(b, x, p) {
		if v.Has(plate) != (i == 0) {
			t.Errorf("term %d has axes %v", i, v)
		}
	}
}

func TestDocumented(t *testing.T) {
	for _, d := range all {
		if d.Doc == "" || d.Density == "" || d.Source == "" || !strings.Contains(d.Example, d.Name+"(") || !strings.HasSuffix(d.Doc, ".") {
			t.Errorf("%s: Doc, Density, Source or Example is missing", d.Name)
		}
		for _, f := range d.Forms {
			seen := map[string]bool{}
			for _, p := range f.Params {
				if p.Doc == "" || len(p.Dims) != p.Rank {
					t.Errorf("%s: parameter %s is not documented", d.Name, p.Name)
				}
				for _, n := range append([]string{p.Name}, p.Aliases...) {
					if seen[n] {
						t.Errorf("%s: two parameters called %s", d.Name, n)
					}
					seen[n] = true
				}
			}
		}
		if d.EventRank != len(d.EventDims) {
			t.Errorf("%s: event dimensions", d.Name)
		}
	}
}

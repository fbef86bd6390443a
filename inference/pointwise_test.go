package inference

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ppl/graph/builtin"
	"ppl/graph/lower"
	"ppl/inference/loo"
	"ppl/inference/target"
	"ppl/lang/check"
	"ppl/parser"
)

// pointwise is the log likelihood of the units of a target, draw by draw.
func pointwise(t testing.TB, tg *target.Target, h target.Handling, unit func([]target.Point) (target.Units, error), values map[string][]float64, n int) [][]float64 {
	t.Helper()
	p, err := tg.NewPointwise(h, unit)
	if err != nil {
		t.Fatal(err)
	}
	return rowsOf(t, p, values, n)
}

func rowsOf(t testing.TB, p *target.Pointwise, values map[string][]float64, n int) [][]float64 {
	t.Helper()
	var out [][]float64
	if err := p.Rows(values, n, func(_ int, x []float64) error {
		out = append(out, slices.Clone(x))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// By columns it is the same.
	if err := p.Columns(values, n, func(u int, x []float64) error {
		for i := range x {
			if x[i] != out[i][u] {
				return fmt.Errorf("draw %d of unit %d: %g by columns, %g by rows", i, u, x[i], out[i][u])
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// bound is build with arrays as well, and the lengths of dimensions N and M found from those
// that the model declares with them.
func bound(t testing.TB, text string, given map[string]any) *target.Target {
	t.Helper()
	file, diags := parser.Parse("model.ppl", []byte(text))
	m, more := check.Check(file, builtin.Catalogue())
	if err := append(diags, more...).Err(); err != nil {
		t.Fatal(err)
	}
	d := &lower.Data{Values: map[string]*lower.Array{}, Dims: map[string]int{}}
	for name, v := range given {
		var a *lower.Array
		switch v := v.(type) {
		case float64:
			a = numberOf(v)
		case []float64:
			a = vectorOf(v...)
		case [][]float64:
			a = &lower.Array{Shape: []int{len(v), len(v[0])}, Data: slices.Concat(v...)}
		case *lower.Array:
			a = v
		}
		d.Values[name] = a
		for _, s := range m.Data {
			for k, dim := range s.Type.Dims {
				if _, number := dim.Int(); s.Name == name && !number {
					d.Dims[dim.String()] = a.Shape[k]
				}
			}
		}
	}
	tg, diags := target.New(m, d, target.Plan)
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	return tg
}

func compareRows(t testing.TB, got, want [][]float64, eps float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		if len(got[i]) != len(want[i]) {
			t.Fatalf("%d units, want %d", len(got[i]), len(want[i]))
		}
		for k := range want[i] {
			if !same(got[i][k], want[i][k], eps) {
				t.Errorf("draw %d, unit %d: %.12g, want %.12g", i, k, got[i][k], want[i][k])
			}
		}
	}
}

func logSumOf(x ...float64) float64 {
	top := slices.Max(x)
	if math.IsInf(top, -1) {
		return top
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

func labels(p *target.Pointwise) []string {
	var out []string
	for _, x := range p.Points {
		out = append(out, fmt.Sprintf("%s%v%v", x.Symbol.Name, x.Dims, x.Index))
	}
	return out
}

// TestPointwisePlain has statements whose rows are independent: names, indices, terms.
func TestPointwisePlain(t *testing.T) {
	const text = `
data y : real?[N]
data w : real[M, N]
data c : real?[N]
data v : real[N, 2]
data c0 : real[N]
let ly = log(c0)
m ~ Normal(0, 1)
s ~ HalfNormal(1)
plate i in 1..N {
  y[i] ~ Normal(m, s)
  c[i] ~ Normal(m, 1) censored above 2
  plate j in 1..M { w[j, i] ~ Normal(m * j, s) }
}
v ~ MvNormal([m, m], cov = [[1, 0], [0, 4]])
ly ~ Normal(m, 1)
`
	tg := bound(t, text, map[string]any{
		"y":  &lower.Array{Shape: []int{3}, Data: []float64{1, 0, 3}, Missing: []bool{false, true, false}},
		"w":  [][]float64{{1, 2, 3}, {4, 5, 6}},
		"c":  &lower.Array{Shape: []int{3}, Data: []float64{1, 2, 0}, Missing: []bool{false, false, true}},
		"v":  [][]float64{{1, 2}, {3, 4}, {5, 6}},
		"c0": []float64{1, 2, 3},
	})
	m, s := []float64{0.5, -1, 0.1}, []float64{1, 2, 0.5}
	values := map[string][]float64{"m": m, "s": s, "y": {0, 0, 0}}
	p, err := tg.NewPointwise(target.Summed, target.ByElement)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"y[N][0]", "y[N][2]", "c[N][0]", "c[N][1]", "c[N][2]", "w[M N][0 0]", "w[M N][0 1]", "w[M N][0 2]", "w[M N][1 0]", "w[M N][1 1]", "w[M N][1 2]",
		"v[N][0]", "v[N][1]", "v[N][2]", "ly[N][0]", "ly[N][1]", "ly[N][2]"}
	if got := labels(p); !reflect.DeepEqual(got, want) {
		t.Errorf("points %v, want %v", got, want)
	}
	var byElement, byRow [][]float64
	for i := range m {
		tail := math.Log(0.5 * math.Erfc((2-m[i])/math.Sqrt2))
		row := []float64{normal(1, m[i], s[i]), normal(3, m[i], s[i]), normal(1, m[i], 1), tail, tail}
		for k, x := range []float64{1, 2, 3, 4, 5, 6} {
			row = append(row, normal(x, m[i]*float64(1+k/3), s[i]))
		}
		for k := range 3 {
			row = append(row, normal(float64(2*k+1), m[i], 1)+normal(float64(2*k+2), m[i], 2))
		}
		for k := range 3 {
			row = append(row, normal(math.Log(float64(k+1)), m[i], 1))
		}
		byElement = append(byElement, row)
		units := make([]float64, 3)
		units[0] = row[0] + row[2] + row[5] + row[8] + row[11] + row[14]
		units[2] = row[1] + row[4] + row[7] + row[10] + row[13] + row[16]
		units[1] = row[3] + row[6] + row[9] + row[12] + row[15]
		byRow = append(byRow, units) // y has no point in row 2
	}
	compareRows(t, rowsOf(t, p, values, 3), byElement, 1e-12)
	if p, err = tg.NewPointwise(target.Summed, nil); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p.Units.Dims, []string{"N"}) || !reflect.DeepEqual(p.Units.Index, [][]int{{0}, {1}, {2}}) || p.Coupled {
		t.Errorf("units %v", p.Units)
	}
	compareRows(t, rowsOf(t, p, values, 3), byRow, 1e-12)
	on := *tg
	on.Engine = target.Tape
	compareRows(t, pointwise(t, &on, target.Summed, target.ByElement, values, 3), byElement, 1e-12)
	var grouping *target.ErrGrouping
	if _, err := tg.NewPointwise(target.Summed, target.ByDimension("M")); !errors.As(err, &grouping) || grouping.Dim != "M" || grouping.Site != "y" {
		t.Errorf("%v", err)
	}
}

// TestPointwiseUnits: what a row is.
func TestPointwiseUnits(t *testing.T) {
	for _, c := range []struct {
		text  string
		data  map[string]any
		dims  []string
		units int
	}{
		{"data y : real[N, M]\nm ~ Normal(0, 1)\ny ~ Normal(m, 1)", map[string]any{"y": [][]float64{{1, 2}, {3, 4}, {5, 6}}}, []string{"N", "M"}, 6},
		{"data y : real[N, M]\ndata w : real[N]\nm ~ Normal(0, 1)\ny ~ Normal(m, 1)\nw ~ Normal(m, 1)", map[string]any{"y": [][]float64{{1, 2}, {3, 4}, {5, 6}}, "w": []float64{1, 2, 3}}, []string{"N"}, 3},
		{"data y : real[N]\ndata w : real[M]\nm ~ Normal(0, 1)\ny ~ Normal(m, 1)\nw ~ Normal(m, 1)", map[string]any{"y": []float64{1, 2}, "w": []float64{1, 2, 3}}, nil, 5},
		{"data y : real[2]\ndata w : real[2]\nm ~ Normal(0, 1)\ny ~ Normal(m, 1)\nw ~ Normal(m, 1)", map[string]any{"y": []float64{1, 2}, "w": []float64{1, 2}}, nil, 4},
		{"data y : real[N]\ndata w : real\nm ~ Normal(0, 1)\ny ~ Normal(m, 1)\nw ~ Normal(m, 1)", map[string]any{"y": []float64{1, 2}, "w": 1.5}, nil, 3},
		{"data y : real[N, N]\nm ~ Normal(0, 1)\ny ~ Normal(m, 1)", map[string]any{"y": [][]float64{{1, 2}, {3, 4}}}, nil, 4},
		{"data y : real[N]\nm ~ Normal(0, 1)\ny ~ MvNormal(fill(m, N), cov = eye(N))", map[string]any{"y": []float64{1, 2, 4}}, nil, 1},
	} {
		p, err := bound(t, c.text, c.data).NewPointwise(target.Summed, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(p.Units.Dims, c.dims) || len(p.Units.Index) != c.units {
			t.Errorf("%s\n%v, %d units", c.text, p.Units.Dims, len(p.Units.Index))
		}
	}
}

// TestPointwiseSums: where rows are independent, their terms add up to the likelihood.
func TestPointwiseSums(t *testing.T) {
	const prior = "m ~ Normal(0, 2)\ns ~ HalfNormal(1)\nb : real[2] ~ Normal(0, s)\n"
	const rest = "plate i in 1..N {\n y[i] ~ Normal(m + b[g[i]], s)\n k[i] ~ Poisson(log_rate = m)\n}\nfor i in 2..N { x[i] ~ Normal(m * x[i-1], s) }"
	d := map[string]any{"y": []float64{1, 2, 3}, "g": []float64{1, 2, 2}, "k": []float64{0, 3, 1}, "x": []float64{1, 2, 1.5}}
	tg := bound(t, "data y : real[N]\ndata g : int[N]\ndata k : int[N]\ndata x : real[N]\n"+prior+rest, d)
	n := 100
	values, lp := constrained(t, tg, somePoints("sums", n*tg.D), n)
	priors := densities(t, bound(t, prior, nil), target.Summed, values, n)
	for i, row := range pointwise(t, tg, target.Summed, nil, values, n) {
		sum := 0.0
		for _, x := range row {
			sum += x
		}
		if !same(sum, lp[i]-priors[i], 1e-10) {
			t.Fatalf("draw %d: %.12g, want %.12g", i, sum, lp[i]-priors[i])
		}
	}
}

// TestPointwiseMixtures compares with formulas.
func TestPointwiseMixtures(t *testing.T) {
	for _, c := range []struct {
		name, text string
		data       map[string]any
		term       func(i int, m float64) float64
	}{
		{"mixture", "data y : real[N]\nm ~ Normal(0, 1)\nplate i in 1..N {\n z[i] ~ Categorical([0.2, 0.3, 0.5])\n y[i] ~ Normal([0, m, 900][z[i]], 1)\n}",
			map[string]any{"y": []float64{1, -800, 3, 900}}, func(i int, m float64) float64 {
				y := []float64{1, -800, 3, 900}[i]
				return logSumOf(math.Log(0.2)+normal(y, 0, 1), math.Log(0.3)+normal(y, m, 1), math.Log(0.5)+normal(y, 900, 1))
			}},
		{"zero inflation", "data y : int[N]\nm ~ Normal(0, 1)\nplate i in 1..N {\n z[i] ~ Bernoulli(0.3)\n y[i] ~ Poisson(z[i] * exp(m))\n}",
			map[string]any{"y": []float64{0, 2, 0, 1}}, func(i int, m float64) float64 {
				y := []float64{0, 2, 0, 1}[i]
				lg, _ := math.Lgamma(y + 1)
				zero := math.Inf(-1)
				if y == 0 {
					zero = math.Log(0.7)
				}
				return logSumOf(zero, math.Log(0.3)+y*m-math.Exp(m)-lg)
			}},
		{"a missing discrete predictor", "data x : int?[N]\ndata y : real[N]\nm ~ Normal(0, 1)\nplate i in 1..N {\n x[i] ~ Bernoulli(0.4)\n y[i] ~ Normal(m * x[i], 1)\n}",
			map[string]any{"y": []float64{1, 2, 3}, "x": &lower.Array{Shape: []int{3}, Data: []float64{1, 0, 0}, Missing: []bool{false, true, false}}}, func(i int, m float64) float64 {
				y := []float64{1, 2, 3}[i]
				one, zero := math.Log(0.4)+normal(y, m, 1), math.Log(0.6)+normal(y, 0, 1) // with x
				return []float64{one, logSumOf(zero, one), zero}[i]
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tg := bound(t, c.text, c.data)
			m := []float64{0.5, -1, 2}
			var want [][]float64
			for i := range m {
				want = append(want, nil)
				for k := range len(c.data["y"].([]float64)) {
					want[i] = append(want[i], c.term(k, m[i]))
				}
			}
			p, err := tg.NewPointwise(target.Summed, nil)
			if err != nil {
				t.Fatal(err)
			}
			if p.Coupled && c.name != "a missing discrete predictor" {
				t.Error("rows of a mixture are not coupled")
			}
			compareRows(t, rowsOf(t, p, map[string][]float64{"m": m}, 3), want, 1e-11)
		})
	}
}

// markov is a hidden Markov model by hand: initial probabilities, transitions, and the log
// likelihoods of all rows of a time, by state.
type markov struct {
	start []float64
	move  [][]float64
	rows  [][][]float64 // time, row, state
}

// without is the log density of the data without those that leave says.
func (h markov) without(leave func(t, row int) bool) float64 {
	var all []float64
	k := len(h.start)
	z := make([]int, len(h.rows))
	for {
		lp := 0.0
		for t, s := range z {
			if t == 0 {
				lp += math.Log(h.start[s])
			} else {
				lp += math.Log(h.move[z[t-1]][s])
			}
			for r, row := range h.rows[t] {
				if !leave(t, r) {
					lp += row[s]
				}
			}
		}
		all = append(all, lp)
		i := 0
		for ; i < len(z); i++ {
			if z[i]++; z[i] < k {
				break
			}
			z[i] = 0
		}
		if i == len(z) {
			return logSumOf(all...)
		}
	}
}

var move = [][]float64{{0.7, 0.2, 0.1}, {0.2, 0.5, 0.3}, {0, 0.3, 0.7}}

const moves = "let move = [[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0, 0.3, 0.7]]\n"

// TestPointwiseMarkov compares with the sum over all paths: by leaving out (three steps), by
// the cavity, and where states rule themselves out, or nearly so.
func TestPointwiseMarkov(t *testing.T) {
	for _, apart := range []float64{1, 8, 60, 3000} {
		for _, y := range [][]float64{{0.3, 1, 2}, {0.3, 1, 2, 0.1}, {0, 2, 2, 1, 0, 1, 0.5}} {
			t.Run(fmt.Sprint(apart, len(y)), func(t *testing.T) {
				tg := bound(t, "data y : real[N]\ndata apart : real\n"+moves+`s ~ HalfNormal(1)
z[1] ~ Categorical([0.5, 0.25, 0.25])
for t in 2..N { z[t] ~ Categorical(move[z[t-1]]) }
plate t in 1..N { y[t] ~ Normal(apart * z[t] - apart, s) }`, map[string]any{"y": scaled(apart, y), "apart": apart})
				s := []float64{0.7, 1, 2}
				var want [][]float64
				for _, s := range s {
					h := markov{start: []float64{0.5, 0.25, 0.25}, move: move}
					for _, y := range y {
						h.rows = append(h.rows, [][]float64{{normal(apart*y, 0, s), normal(apart*y, apart, s), normal(apart*y, 2*apart, s)}})
					}
					want = append(want, h.leaveOneOut(func(t, r int) int { return t }, len(y)))
				}
				p, err := tg.NewPointwise(target.Summed, nil)
				if err != nil {
					t.Fatal(err)
				}
				if !p.Coupled {
					t.Error("rows are coupled")
				}
				compareRows(t, rowsOf(t, p, map[string][]float64{"s": s}, 3), want, 1e-9)
				on := *tg
				on.Engine = target.Tape
				compareRows(t, pointwise(t, &on, target.Summed, nil, map[string][]float64{"s": s}, 3), want, 1e-9)
			})
		}
	}
}

// leaveOneOut leaves each unit out.
func (h markov) leaveOneOut(unit func(t, r int) int, units int) []float64 {
	all := h.without(func(_, _ int) bool { return false })
	out := make([]float64, units)
	for u := range out {
		out[u] = all - h.without(func(t, r int) bool { return unit(t, r) == u })
	}
	return out
}

func scaled(c float64, x []float64) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		out[i] = c * x[i]
	}
	return out
}

// TestPointwiseCoupledUnits has two data a time, one of which may rule states out, left out
// one by one, together, and in odd groups.
func TestPointwiseCoupledUnits(t *testing.T) {
	for _, n := range []int{2, 5} {
		y, w := []float64{0.3, 1, 2, 0.1, 0.4}[:n], []float64{0, 1, 0, 0, 1}[:n]
		tg := bound(t, "data y : real[N]\ndata w : int[N]\n"+moves+`s ~ HalfNormal(1)
z[1] ~ Categorical([0.5, 0.25, 0.25])
for t in 2..N { z[t] ~ Categorical(move[z[t-1]]) }
plate t in 1..N {
  y[t] ~ Normal(z[t], s)
  w[t] ~ Bernoulli([0, 0.4, 0.9][z[t]])
}`, map[string]any{"y": y, "w": w})
		for name, c := range map[string]struct {
			unit func([]target.Point) (target.Units, error)
			of   func(t, r int) int
			n    int
		}{
			"row":     {nil, func(t, r int) int { return t }, n},
			"element": {target.ByElement, func(t, r int) int { return r*n + t }, 2 * n},
			"odd": {func(p []target.Point) (target.Units, error) {
				u := target.Units{Index: make([][]int, 2)}
				for _, x := range p {
					u.Of = append(u.Of, x.Index[0]%2)
				}
				return u, nil
			}, func(t, r int) int { return t % 2 }, 2},
		} {
			t.Run(fmt.Sprint(name, n), func(t *testing.T) {
				var want [][]float64
				s := []float64{0.7, 1, 2}
				for _, s := range s {
					h := markov{start: []float64{0.5, 0.25, 0.25}, move: move}
					for i := range y {
						var a, b []float64
						for k, p := range []float64{0, 0.4, 0.9} {
							if w[i] == 0 {
								p = 1 - p
							}
							a, b = append(a, normal(y[i], float64(k+1), s)), append(b, math.Log(p))
						}
						h.rows = append(h.rows, [][]float64{a, b})
					}
					want = append(want, h.leaveOneOut(c.of, c.n))
				}
				compareRows(t, pointwise(t, tg, target.Summed, c.unit, map[string][]float64{"s": s}, 3), want, 1e-9)
			})
		}
	}
}

// TestPointwiseEnumerated compares with sums over all combinations of what the model has at
// given values, and with units that leave all out.
func TestPointwiseEnumerated(t *testing.T) {
	for _, c := range enumerables {
		if c.fixed != nil || strings.Contains(c.text, "factor") || c.impossible {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			tg := compiled(t, c.text, c.data, nil)
			values, total := constrained(t, tg, somePoints(c.name, tg.D), 1)
			joint, err := tg.NewLogDensity(target.Given)
			if err != nil {
				t.Fatal(err)
			}
			given, err := tg.NewPointwise(target.Given, target.ByElement)
			if err != nil {
				t.Fatal(err)
			}
			var without [][]float64 // of each point, at each combination
			var none []float64
			c.combinations(func(z []int) {
				at := 0
				for _, s := range c.sites {
					x := make([]float64, sizeOf(s.shape))
					for e := range x {
						x[e] = float64(s.low + z[at])
						at++
					}
					values[s.name] = x
				}
				lp, err := joint.At(values, 1)
				if err != nil {
					t.Fatal(err)
				}
				if math.IsInf(lp[0], -1) {
					return
				}
				row := rowsOf(t, given, values, 1)[0]
				if without == nil {
					without = make([][]float64, len(row))
				}
				rest := lp[0]
				for k, x := range row {
					without[k] = append(without[k], lp[0]-x)
					rest -= x
				}
				none = append(none, rest)
			})
			var want []float64
			for _, x := range without {
				want = append(want, total[0]-logSumOf(x...))
			}
			compareRows(t, pointwise(t, tg, target.Summed, target.ByElement, values, 1), [][]float64{want}, 1e-9)
			all := func(p []target.Point) (target.Units, error) {
				return target.Units{Index: make([][]int, 1), Of: make([]int, len(p))}, nil
			}
			compareRows(t, pointwise(t, tg, target.Summed, all, values, 1), [][]float64{{total[0] - logSumOf(none...)}}, 1e-9)
		})
	}
}

// TestPointwiseImpossible: data that no values of the latents allow are −Inf, not NaN.
func TestPointwiseImpossible(t *testing.T) {
	tg := bound(t, "data y : int[N]\nk ~ HalfNormal(1)\nz ~ Bernoulli(0.5)\ny ~ Poisson(z * k)", map[string]any{"y": []float64{1, 0, 2}})
	for _, row := range pointwise(t, tg, target.Summed, nil, map[string][]float64{"k": {0}}, 1) {
		for i, x := range row {
			if want := []bool{true, true, true}[i]; math.IsInf(x, -1) != want || math.IsNaN(x) {
				t.Errorf("row %d: %g", i, x)
			}
		}
	}
}

// TestPointwiseRefused: what has no log likelihood point by point.
func TestPointwiseRefused(t *testing.T) {
	for _, c := range []struct {
		name, text string
		data       map[string]*lower.Array
		site, why  string
	}{
		{"factor", "data y : real\nm ~ Normal(0, 1)\ny ~ Normal(m, 1)\nfactor -m^2", map[string]*lower.Array{"y": numberOf(1)}, "", "factor"},
		{"factor of a discrete latent", "data y : real\nz ~ Bernoulli(0.5)\ny ~ Normal(z, 1)\nfactor -z", map[string]*lower.Array{"y": numberOf(1)}, "", "factor"},
		{"partly missing", "data y : real?[2, 2]\nm ~ Normal(0, 1)\nplate i in 1..2 { y[i] ~ MvNormal([m, m], cov = eye(2)) }",
			map[string]*lower.Array{"y": {Shape: []int{2, 2}, Data: []float64{1, 2, 3, 4}, Missing: []bool{false, true, false, false}}}, "y", "missing"},
		{"many latents in a row", "data y : real[1]\nm ~ Normal(0, 1)\nz[i in 1..16] ~ Bernoulli(0.5)\nplate i in 1..1 { y[i] ~ Normal(m + sum(z), 1) }", map[string]*lower.Array{"y": vectorOf(1)}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := compiled(t, c.text, c.data, nil).NewPointwise(target.Summed, nil)
			if c.why == "" { // it is only large
				if err != nil {
					t.Fatal(err)
				}
				rowsOf(t, p, map[string][]float64{"m": {0}}, 1)
				return
			}
			var no *target.NoPointwise
			if !errors.As(err, &no) || no.Site != c.site || !strings.Contains(no.Why, c.why) || no.Span.End == 0 {
				t.Errorf("%v", err)
			}
		})
	}
	counts := compiled(t, "data y : real\nn ~ Poisson(3)\ny ~ Normal(n, 1)", map[string]*lower.Array{"y": numberOf(2)}, nil)
	var sum *target.ErrSummed
	if _, err := counts.NewPointwise(target.Summed, nil); !errors.As(err, &sum) {
		t.Errorf("%v", err)
	}
	compareRows(t, pointwise(t, counts, target.Given, nil, map[string][]float64{"n": {3, 5}}, 2), [][]float64{{normal(2, 3, 1)}, {normal(2, 5, 1)}}, 1e-12)
	p, err := counts.NewPointwise(target.Given, nil)
	if err != nil {
		t.Fatal(err)
	}
	var wrong *target.ErrValues
	if err := p.Rows(nil, 1, nil); !errors.As(err, &wrong) {
		t.Errorf("%v", err)
	}
	if err := p.Columns(map[string][]float64{"n": {1}}, 2, nil); !errors.As(err, &wrong) {
		t.Errorf("%v", err)
	}
	if _, err := counts.NewPointwise(target.Given, func([]target.Point) (target.Units, error) { return target.Units{}, nil }); err == nil {
		t.Error("no units for a point")
	}
}

// TestPointwiseConjugate: leave-one-out from exact draws of a normal mean comes to the closed
// form, the predictive density given the other data.
func TestPointwiseConjugate(t *testing.T) {
	y := []float64{0.4, -1.2, 2, 0.9, 0.1, 1.5}
	tg := bound(t, "data y : real[N]\nm ~ Normal(0, 2)\ny ~ Normal(m, 1)", map[string]any{"y": y})
	n := 4000
	total, precision := 0.0, 0.25+float64(len(y))
	for _, v := range y {
		total += v
	}
	m := normals(3, "conjugate", n)
	for i := range m {
		m[i] = total/precision + m[i]/math.Sqrt(precision)
	}
	p, err := tg.NewPointwise(target.Summed, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := loo.Independent(n)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Columns(map[string][]float64{"m": m}, n, func(u int, x []float64) error {
		got, err := d.Point(x)
		if err != nil {
			return err
		}
		rest := precision - 1
		if want := normal(y[u], (total-y[u])/rest, math.Sqrt(1+1/rest)); !(math.Abs(got.ELPD-want) < 5*got.MCSE) || got.MCSE > 0.05 {
			t.Errorf("point %d: %g ± %g, want %g", u, got.ELPD, got.MCSE, want)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

package random

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Moments says which moments of a quantity exist.
type Moments int

// A quantity with a heavy tail has no mean, or none but that.
const (
	Both Moments = iota
	MeanAlone
	None
)

func (m Moments) String() string { return []string{"both", "mean", "none"}[m] }

// ofTail says which moments exist where P(|x| > c) falls as c^−index.
func ofTail(index float64) Moments {
	switch {
	case index > 2:
		return Both
	case index > 1:
		return MeanAlone
	}
	return None
}

// A Quantity is what a fit reports, with its right values.
type Quantity struct {
	Name                   string
	Mean, SD, Q5, Q50, Q95 float64
	Moments                Moments
	Discrete               bool // of a discrete latent: its mean alone is judged
	Rough                  bool // its quantiles are not judged: those here are of normal laws with the right moments
}

// scale is the unit of errors where a moment does not exist, or is not reported.
func (q Quantity) scale() float64 { return (q.Q95 - q.Q5) / 3.29 }

// A Model is a text with data.
type Model struct {
	Family string
	Seed   uint64
	Text   string
	Data   map[string]any

	*rand.Rand
	coordinates []coordinate
	quantities  []quantity
	branches    int
	density     func(x []float64, branch int) float64
	grid        func(fine bool) []summary // in place of cells, where the family knows better
	starts      [][]float64
}

// A quantity has a law given the values of the coordinates.
type quantity struct {
	name     string
	law      func(x []float64, branch int) Law // called right after density, at the same point
	moments  Moments
	discrete bool
	rough    bool // the law has the right mean and sd, and is not normal
}

// A coordinate is a number on an unbounded scale, or one on which a piece of an
// interval is [0, 1]. Value gives what it stands for, and the log of the derivative; x are the
// values of those before it.
type coordinate struct {
	lo, hi float64
	value  func(u float64, x []float64, branch int) (v, logJacobian float64)
	prior  func(v float64) float64
}

// New draws a model of one family.
func New(family string, seed uint64) *Model {
	h := fnv.New64a()
	h.Write([]byte(family))
	m := &Model{Family: family, Seed: seed, Data: map[string]any{}, branches: 1, Rand: rand.New(rand.NewPCG(seed, h.Sum64()))}
	m.density = func([]float64, int) float64 { return 0 }
	families[family](m)
	return m
}

// write adds a line to the text.
func (m *Model) write(format string, a ...any) {
	m.Text += fmt.Sprintf(format, a...) + "\n"
}

// add adds a coordinate and gives its place.
func (m *Model) add(c coordinate) int {
	m.coordinates = append(m.coordinates, c)
	return len(m.coordinates) - 1
}

// report adds a quantity that is a function of the coordinates' values.
func (m *Model) report(name string, moments Moments, f func(x []float64, branch int) float64) {
	m.law(name, moments, func(x []float64, b int) Law { return Law{Mean: f(x, b)} })
}

// law adds a quantity whose law given the coordinates is known.
func (m *Model) law(name string, moments Moments, f func(x []float64, branch int) Law) {
	m.quantities = append(m.quantities, quantity{name: name, law: f, moments: moments})
}

// rough adds a quantity of which mean and sd given the coordinates are known, and
// whose law is not normal.
func (m *Model) rough(name string, f func(x []float64, branch int) Law) {
	m.quantities = append(m.quantities, quantity{name: name, law: f, moments: Both, rough: true})
}

// discrete adds a discrete latent, by its mean and variance.
func (m *Model) discrete(name string, f func(x []float64, branch int) (mean, variance float64)) {
	m.quantities = append(m.quantities, quantity{name: name, discrete: true, law: func(x []float64, b int) Law {
		mean, v := f(x, b)
		return Law{mean, math.Sqrt(v)}
	}})
}

// latent writes `name ~ prior`, with its coordinate and quantity. Moments is what
// exists of its posterior.
func (m *Model) latent(name string, p prior, moments Moments) int {
	m.write("%s ~ %s", name, p.text)
	return m.quiet(name, p, moments)
}

// quiet is latent without the text.
func (m *Model) quiet(name string, p prior, moments Moments) int {
	k := m.add(p.coordinate())
	m.report(name, moments, func(x []float64, _ int) float64 { return x[k] })
	return k
}

// at gives the values at u, and the log density with all Jacobians.
func (m *Model) at(u []float64, branch int, x []float64) float64 {
	var sum float64
	for i, c := range m.coordinates {
		v, j := c.value(u[i], x, branch)
		x[i] = v
		sum += j
		if c.prior != nil {
			sum += c.prior(v)
		}
	}
	return sum
}

// integral is what quadrature needs.
func (m *Model) integral() integral {
	in := integral{branches: m.branches, starts: m.starts}
	for _, c := range m.coordinates {
		in.lo, in.hi = append(in.lo, c.lo), append(in.hi, c.hi)
	}
	for _, q := range m.quantities {
		in.moments = append(in.moments, q.moments)
	}
	x, branch := make([]float64, len(m.coordinates)), 0
	in.log = func(u []float64, b int) float64 {
		branch = b
		v := m.at(u, b, x)
		if math.IsInf(v, -1) {
			return v
		}
		return v + m.density(x, b)
	}
	in.laws = func(out []Law) {
		for j, q := range m.quantities {
			out[j] = q.law(x, branch)
		}
	}
	return in
}

// Posterior integrates on two grids. The error says that they disagree.
func (m *Model) Posterior() ([]Quantity, error) {
	fine, coarse := m.solve(true), m.solve(false)
	out := make([]Quantity, len(fine))
	for j, q := range m.quantities {
		f := fine[j]
		out[j] = Quantity{Name: q.name, Mean: f.mean, SD: f.sd, Q5: f.q5, Q50: f.q50, Q95: f.q95, Moments: q.moments, Discrete: q.discrete, Rough: q.rough}
		if f.tame {
			out[j].Moments = Both
		}
		if err := agree(out[j], coarse[j]); err != nil {
			return nil, fmt.Errorf("%s %d: %w", m.Family, m.Seed, err)
		}
	}
	return out, nil
}

func (m *Model) solve(fine bool) []summary {
	if m.grid != nil {
		return m.grid(fine)
	}
	return m.integral().solve(fine)
}

// agree compares a quantity with the coarse grid's.
func agree(q Quantity, c summary) error {
	unit := q.SD
	if q.Moments != Both {
		unit = q.scale()
	}
	far := func(a, b float64) bool { return !(math.Abs(a-b) <= 0.02*unit+1e-9) }
	switch {
	case q.Moments != None && far(q.Mean, c.mean):
		return fmt.Errorf("mean of %s: %g and %g", q.Name, q.Mean, c.mean)
	case q.Discrete:
		return nil
	case q.Moments == Both && !c.tame && !(math.Abs(math.Log(q.SD/c.sd)) < 0.02):
		return fmt.Errorf("sd of %s: %g and %g", q.Name, q.SD, c.sd)
	case !q.Rough && (far(q.Q5, c.q5) || far(q.Q50, c.q50) || far(q.Q95, c.q95)):
		return fmt.Errorf("quantiles of %s: %g, %g, %g and %g, %g, %g", q.Name, q.Q5, q.Q50, q.Q95, c.q5, c.q50, c.q95)
	}
	return nil
}

// Name is that of the model's files.
func (m *Model) Name() string { return fmt.Sprintf("%s_%d", m.Family, m.Seed) }

// Save writes text, data and posterior as models/NAME.ppl, data/NAME.json and
// posteriors/NAME.json.
func (m *Model) Save(folder string, posterior []Quantity) (model, data string, err error) {
	model, data = filepath.Join(folder, "models", m.Name()+".ppl"), filepath.Join(folder, "data", m.Name()+".json")
	values, err := json.Marshal(m.Data)
	if err != nil {
		return "", "", err
	}
	if err = write(model, []byte(m.Text)); err == nil {
		err = write(data, values)
	}
	if err != nil || posterior == nil {
		return model, data, err
	}
	params, out := map[string]any{}, map[string]any{"model": m.Name() + ".ppl", "data": m.Name() + ".json", "source": "quadrature"}
	for _, q := range posterior {
		if q.Discrete {
			continue
		}
		p := map[string]any{"moments": q.Moments.String()}
		if !q.Rough {
			p["q5"], p["q50"], p["q95"] = q.Q5, q.Q50, q.Q95
		}
		if q.Moments != None {
			p["mean"] = q.Mean
		}
		if q.Moments == Both {
			p["sd"] = q.SD
		} else {
			out["score"] = "quantiles"
		}
		params[q.Name] = p
	}
	out["params"] = params
	b, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return "", "", err
	}
	return model, data, write(filepath.Join(folder, "posteriors", m.Name()+".json"), b)
}

func write(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}

// number prints x as it stands in a text.
func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// round keeps three digits, so that texts and data are short.
func round(x float64) float64 {
	v, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 3, 64), 64)
	return v
}

// places keeps three decimals.
func places(x float64) float64 { return math.Round(x*1000) / 1000 }

// pick chooses one.
func pick[T any](m *Model, from ...T) T { return from[m.IntN(len(from))] }

// between is uniform.
func (m *Model) between(lo, hi float64) float64 { return lo + (hi-lo)*m.Float64() }

// normals are n draws, to three decimals.
func (m *Model) normals(n int, mean, sd float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = places(mean + sd*m.NormFloat64())
	}
	return out
}

// list prints numbers as an array.
func list(x []float64) string {
	s := make([]string, len(x))
	for i, v := range x {
		s[i] = number(v)
	}
	return "[" + strings.Join(s, ", ") + "]"
}

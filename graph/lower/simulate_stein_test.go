package lower_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
	"ppl/lang"
	"ppl/lang/diag"
)

// TestSimulationMatchesDensity compares the simulation of every model of the
// tables with its density, which is interpreted by other code: over draws u of the
// latents on the unconstrained scale, together with their data, the gradient s of
// log p(u, data) has E[sᵢ] = 0 and E[uᵢ sᵢ] = −1 (Stein's identity), exactly if u
// and data come from p.
func TestSimulationMatchesDensity(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	simulated := 0
	for _, cases := range [][]testCase{loopCases(), functionCases(), indexingCases(), combinedCases(), raggedCases(), supportCases(), arrayCases()} {
		for _, c := range cases {
			m := checked(t, c.text)
			if _, ds := lower.Simulate(m, bound(t, m, c.data(4)), rand.New(rand.NewPCG(1, 1))); ds.HasErrors() {
				if i := slices.IndexFunc(ds, func(d diag.Diagnostic) bool { return d.Code != "cannot-simulate" }); i >= 0 {
					t.Errorf("%s:\n%s", c.name, ds.Error())
				}
				continue
			}
			simulated++
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				stein(t, m, bound(t, m, c.data(4)))
			})
		}
	}
	if simulated < 36 {
		t.Errorf("only %d models were simulated", simulated)
	}
}

// stein draws from a model and tests Stein's identity for each unconstrained number.
func stein(t *testing.T, m *lang.Model, data *lower.Data) {
	t.Helper()
	draws := often(50)
	var z []moments
	for k := range draws {
		drawn, ds := lower.Simulate(m, data, rand.New(rand.NewPCG(uint64(k), 3)))
		if ds.HasErrors() {
			t.Fatalf("draw %d:\n%s", k, ds.Error())
		}
		u, g := scoreAt(t, m, data, drawn)
		if z == nil {
			z = make([]moments, 2*len(u))
		}
		for i := range u {
			z[2*i].add(g[i])
			z[2*i+1].add(u[i]*g[i] + 1)
		}
	}
	for i := range z {
		if x := z[i].z(); math.Abs(x) > 6 {
			t.Errorf("unconstrained number %d: the mean of %s is %.1f standard errors from 0", i/2, []string{"s", "u s + 1"}[i%2], x)
		}
	}
}

type moments struct{ n, sum, squares float64 }

func (m *moments) add(x float64) { m.n, m.sum, m.squares = m.n+1, m.sum+x, m.squares+x*x }

func (m *moments) z() float64 {
	mean := m.sum / m.n
	v := m.squares/m.n - mean*mean
	if v <= 1e-20 {
		return mean * 1e6
	}
	return mean / math.Sqrt(v/m.n)
}

// scoreAt gives the drawn latents on the unconstrained scale, and the gradient of
// the log density there.
func scoreAt(t *testing.T, m *lang.Model, data *lower.Data, drawn *lower.Simulated) (u, g []float64) {
	t.Helper()
	with := &lower.Data{Dims: data.Dims, Values: map[string]*lower.Array{}}
	for name, a := range data.Values {
		with.Values[name] = a
	}
	for name, a := range drawn.Values {
		if with.Values[name] == nil {
			t.Skip("a let of data is drawn")
		}
		with.Values[name] = a
	}
	known := &knownSource{values: map[string]*lower.Array{}}
	for _, v := range drawn.Latents {
		known.values[v.Symbol.Name] = v.Array
	}
	if _, ds := lower.Lower(m, with, known, named.New()); ds.HasErrors() {
		t.Fatalf("the data that were drawn do not fit the model:\n%s", ds.Error())
	}
	p := &lowering{b: named.New(), data: with, d: len(known.u)}
	p.u = p.b.G.Input("u", graph.Shape{p.d})
	pack := &guide.Packed{U: p.b.Wrap(p.u)}
	var ds error
	joint, list := lower.Lower(m, with, pack, p.b)
	if ds = list.Err(); ds != nil {
		t.Fatal(ds)
	}
	p.joint = joint
	total := joint.LogDensity(p.b)
	p.density, p.target = total.N, p.b.Add(total, pack.LogJacobian(p.b)).N
	e := p.eval(known.u)
	if math.IsInf(e.density, 0) || math.IsNaN(e.density) {
		t.Fatalf("the log density of a draw is %v", e.density)
	}
	return known.u, e.grad
}

// knownSource supplies drawn latents, and collects their unconstrained numbers.
type knownSource struct {
	values map[string]*lower.Array
	u      []float64
}

func (k *knownSource) Latent(b *named.Builder, block lower.Block) (named.Value, error) {
	site := k.values[block.Site.Name]
	x := cut(site, block)
	bounds := func(v named.Value) func(i int) float64 {
		return func(i int) float64 {
			if !v.Valid() {
				return 0
			}
			c := v.Const()
			return c[i%len(c)]
		}
	}
	k.u = append(k.u, unconstrained(block.Support.Kind, bounds(block.Support.Lower), bounds(block.Support.Upper), x, block.Box)...)
	return b.Array(block.Box, x), nil
}

// cut reads a block of a site, element by element.
func cut(site *lower.Array, block lower.Block) []float64 {
	var x []float64
	strides := graph.Shape(site.Shape).Strides()
	for i := range block.Box.Size() {
		at := unravel(block.Box, i) // from 1
		p := 0
		if block.Cells != nil {
			full := append(append([]int(nil), block.Cells[at[0]-1]...), at[1:]...)
			for d := range full {
				if d >= len(block.Cells[0]) {
					full[d]--
				}
				p += full[d] * strides[d]
			}
		} else {
			for d := range at {
				p += (block.At[d] + at[d] - 1) * strides[d]
			}
		}
		x = append(x, site.Data[p])
	}
	return x
}

// unconstrained inverts the transforms of package guide.
func unconstrained(kind lang.SupportKind, lower, upper func(i int) float64, x []float64, box graph.Shape) []float64 {
	var u []float64
	k := 1
	if len(box) > 0 {
		k = box[len(box)-1]
	}
	for i, v := range x {
		switch kind {
		case lang.SupportReal:
			u = append(u, v)
		case lang.SupportPositive:
			u = append(u, math.Log(v))
		case lang.SupportLower:
			u = append(u, math.Log(v-lower(i)))
		case lang.SupportUpper:
			u = append(u, math.Log(upper(i)-v))
		case lang.SupportUnit:
			u = append(u, math.Log(v/(1-v)))
		case lang.SupportInterval:
			u = append(u, math.Log((v-lower(i))/(upper(i)-v)))
		case lang.SupportOrdered:
			if i%k > 0 {
				v = math.Log(v - x[i-1])
			}
			u = append(u, v)
		case lang.SupportPositiveOrdered:
			if i%k > 0 {
				v -= x[i-1]
			}
			u = append(u, math.Log(v))
		case lang.SupportSimplex: // the transpose of the Helmert basis times log x
			if i%k == 0 {
				continue
			}
			t := -float64(i%k) * math.Log(v)
			for c := i - i%k; c < i; c++ {
				t += math.Log(x[c])
			}
			u = append(u, t/math.Sqrt(float64(i%k)*float64(i%k+1)))
		default:
			panic(fmt.Sprint("no inverse for support ", kind))
		}
	}
	return u
}

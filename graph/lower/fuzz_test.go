package lower_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"ppl/graph"
	"ppl/graph/builtin"
	"ppl/graph/grad"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/check"
	"ppl/parser"
)

// FuzzLower: a model that parses and checks, with any small data that fit its
// declarations, is lowered or refused, and does not panic.
func FuzzLower(f *testing.F) {
	for i, text := range allTexts() {
		f.Add(text, uint64(i))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		if len(text) < 3000 {
			lowerRandom(t, text, seed)
			// Exchanged bytes seldom leave a model; exchanged words do.
			lowerRandom(t, mutate(rand.New(rand.NewPCG(seed, 11)), text), seed)
		}
	})
}

// allTexts are models of the tests, and the examples.
func allTexts() []string {
	var out []string
	files, _ := filepath.Glob("../../examples/*/model.ppl")
	for _, name := range files {
		if text, err := os.ReadFile(name); err == nil {
			out = append(out, string(text))
		}
	}
	for _, cs := range [][]testCase{indexingCases(), arrayCases(), functionCases(), loopCases(), supportCases(), raggedCases(), combinedCases(), missingCases(), scanCases(), odes()} {
		for _, c := range cs {
			out = append(out, c.text)
		}
	}
	for _, c := range missingIntegers() {
		out = append(out, c.text)
	}
	return out
}

// TestMutants lowers models with one or two tokens exchanged.
func TestMutants(t *testing.T) {
	rounds := often(10)
	if testing.Short() {
		rounds = 4
	}
	lowered := 0
	for k, text := range allTexts() {
		r := rand.New(rand.NewPCG(uint64(k), 11))
		for range rounds {
			mutant := mutate(r, text)
			if lowerRandom(t, mutant, r.Uint64()) {
				lowered++
			}
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("%d models were lowered", lowered)
}

var token = regexp.MustCompile(`[A-Za-z_][A-Za-z_0-9]*|[0-9.]+|[^\sA-Za-z_0-9]`)

// words are put in the place of others of their class: numbers at the ends of what is allowed, kinds and
// distributions, operators.
var words = map[byte][]string{
	'n': {"0", "1", "2", "3", "7", "-1", "0.5", "70000", "1000000000", "9223372036854775807", "1e308", "inf", "[1, 2]", "zeros(2)"},
	'w': {"real", "int", "simplex", "ordered", "cov", "corr", "cholesky_corr", "unit_vector", "sum_to_zero", "Normal", "HalfNormal", "StudentT",
		"Gamma", "Beta", "Poisson", "Bernoulli", "Categorical", "Dirichlet", "MvNormal", "sum", "prod", "cumsum", "max", "mean", "sort", "softmax",
		"log", "exp", "sqrt", "floor", "transpose", "diag", "plate", "for", "generate"},
	'o': {"+", "-", "*", "/", "@", "^", "<", "==", "&&", ",", ":", ""},
}

// class tells numbers, words and operators apart.
func class(word string) byte {
	switch c := word[0]; {
	case c == '.' || '0' <= c && c <= '9':
		return 'n'
	case c == '_' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z':
		return 'w'
	}
	return 'o'
}

// mutate puts one or two words of a text, or of the list, in the places of others.
func mutate(r *rand.Rand, text string) string {
	for range 1 + r.IntN(2) {
		at := token.FindAllStringIndex(text, -1)
		if len(at) == 0 {
			return text
		}
		a := at[r.IntN(len(at))]
		kind := class(text[a[0]:a[1]])
		var word string
		for {
			b := at[r.IntN(len(at))]
			if word = text[b[0]:b[1]]; class(word) == kind || r.IntN(20) == 0 {
				break
			}
		}
		if r.IntN(3) == 0 {
			word = words[kind][r.IntN(len(words[kind]))]
		}
		text = text[:a[0]] + word + text[a[1]:]
	}
	return text
}

// lowerRandom lowers a model with random data, and differentiates it if that
// works.
func lowerRandom(t *testing.T, text string, seed uint64) (ok bool) {
	file, ds := parser.Parse("fuzz.ppl", []byte(text))
	if ds.HasErrors() {
		return false
	}
	m, ds := check.Check(file, builtin.Catalogue())
	if ds.HasErrors() {
		return false
	}
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%v\nseed %d\n%s", p, seed, text)
			panic(p)
		}
	}()
	data := randomData(m, rand.New(rand.NewPCG(seed, 3)))
	if data == nil {
		return false
	}
	b := named.New()
	// An array of millions of elements takes seconds, which says nothing new.
	joint, ds := lower.LowerWith(m, data, &guide.Packed{}, b, lower.Options{Limit: 1 << 16, Elements: 1 << 16})
	_ = ds.Error()
	if joint == nil {
		if !ds.HasErrors() {
			t.Errorf("refused without a reason:\n%s", text)
		}
		return false
	}
	var inputs []*graph.Node
	for _, n := range b.G.Nodes() {
		if n.IsInput() {
			inputs = append(inputs, n)
		}
	}
	grad.Reverse(b.G, joint.LogDensity(b).N, inputs)
	return true
}

// randomData makes small data for the declarations of a model, nil if a shape
// cannot be told.
func randomData(m *lang.Model, r *rand.Rand) *lower.Data {
	d := &lower.Data{Values: map[string]*lower.Array{}, Dims: map[string]int{}}
	size := func(s *lang.DimSym) (int, error) {
		if s.Length != nil {
			return 0, fmt.Errorf("opaque")
		}
		if _, ok := d.Dims[s.Name]; !ok {
			d.Dims[s.Name] = r.IntN(5)
		}
		return d.Dims[s.Name], nil
	}
	for _, s := range m.Dims {
		if _, err := size(&lang.DimSym{Name: s.Name}); err != nil {
			return nil
		}
	}
	for _, s := range m.Data {
		a := &lower.Array{Shape: []int{}}
		n := 1
		for _, dim := range s.Type.Dims {
			k, err := dim.Eval(size)
			if err != nil || k < 0 || k > 1<<12 || n*k > 1<<16 { // `data x : real[1000000000]` asks for no small data
				return nil
			}
			a.Shape = append(a.Shape, k)
			n *= k
		}
		if s.Type.IsScalar() && s.Type.Elem == lang.Int && s.Type.Levels == "" {
			k, _ := size(&lang.DimSym{Name: s.Name})
			a.Data = []float64{float64(k)}
		} else {
			a.Data = randomElements(s, n, d, r)
		}
		if s.Type.Optional {
			a.Missing = make([]bool, n)
			for i := range a.Missing {
				if a.Missing[i] = r.IntN(3) == 0; a.Missing[i] {
					a.Data[i] = math.NaN()
				}
			}
		}
		d.Values[s.Name] = a
	}
	return d
}

func randomElements(s *lang.Symbol, n int, d *lower.Data, r *rand.Rand) []float64 {
	x := make([]float64, n)
	positive := s.Decl.(*ast.Data).Constraint != nil
	for i := range x {
		switch {
		case s.Type.Levels != "":
			x[i] = float64(1 + r.IntN(max(1, d.Dims[s.Type.Levels])))
		case s.Type.Elem == lang.Bool:
			x[i] = float64(r.IntN(2))
		case s.Type.Elem == lang.Int && positive:
			x[i] = float64(1 + r.IntN(3))
		case s.Type.Elem == lang.Int:
			x[i] = float64(r.IntN(5) - 1)
		case positive:
			x[i] = r.ExpFloat64()
		default:
			x[i] = r.NormFloat64()
		}
	}
	return x
}

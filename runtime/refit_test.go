package runtime_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"ppl/runtime"
)

// changed are the data of an example with other numbers: real ones a little off, rows in another order, or fewer of them.
func changed(t *testing.T, ex example, how string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(examplesFolder, ex.name, ex.data))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(uint64(len(text)), 7))
	real := regexp.MustCompile(`^-?\d+\.\d+$`)
	jitter := func(cell string) string {
		x, err := strconv.ParseFloat(cell, 64)
		if err != nil || !real.MatchString(cell) {
			return cell
		}
		return strconv.FormatFloat(x*(1+1e-3*r.NormFloat64()), 'f', 6, 64)
	}
	if how == "as it is" {
		return text
	}
	if strings.HasSuffix(ex.data, ".json") {
		return regexp.MustCompile(`-?\d+\.\d+`).ReplaceAllFunc(text, func(x []byte) []byte { return []byte(jitter(string(x))) })
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	head, rows := rows[0], rows[1:]
	switch how {
	case "other numbers":
		for _, row := range rows {
			for k := range row {
				row[k] = jitter(row[k])
			}
		}
	case "another order":
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	case "fewer rows":
		rows = rows[:len(rows)-len(rows)/10-1]
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.Write(head)
	w.WriteAll(rows)
	return out.Bytes()
}

var seconds = regexp.MustCompile(`"seconds": *\{[^}]*\}`)

// outcome is all that is known of a fit, but for its time: the figures and the draws, or the error.
func outcome(m *runtime.Model, data *runtime.Data, opt runtime.Options) string {
	p, err := m.Bind(data)
	if err != nil {
		return "error: " + err.Error()
	}
	post, err := p.Fit(context.Background(), opt)
	if err != nil {
		return "error: " + err.Error()
	}
	var out bytes.Buffer
	post.WriteJSON(&out)
	figures := seconds.ReplaceAll(out.Bytes(), nil)
	var draws bytes.Buffer
	post.WriteDraws(&draws, runtime.DrawsCSV)
	return string(figures) + draws.String()
}

// TestRefitBits: what is fitted with the programs of another fit of the model has the bits of a fit with its own,
// whether the data are alike or not, one after another and at the same time.
func TestRefitBits(t *testing.T) {
	for _, ex := range examples {
		if (ex.slow || ex.name == "dax") && !slow {
			continue
		}
		t.Run(ex.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(examplesFolder, ex.name, "model.ppl")
			fresh := func() *runtime.Model {
				m, err := runtime.CompileFile(path)
				if err != nil {
					t.Fatal(err)
				}
				return m
			}
			options := []runtime.Options{{Seed: 1, Quick: true, Draws: 200}}
			if !ex.long && (slow || ex.name == "faithful" || ex.name == "remission" || ex.name == "infert") {
				options = append(options, runtime.Options{Seed: 2, Draws: 200})
			}
			hows := []string{"as it is", "other numbers", "another order", "fewer rows"}
			shared := fresh()
			type fit struct {
				what string
				data []byte
				opt  runtime.Options
				want string
			}
			var fits []fit
			for _, opt := range options {
				for _, how := range hows {
					data := changed(t, ex, how)
					read := func() *runtime.Data { return runtime.Reader(context.Background(), ex.data, bytes.NewReader(data)) }
					want := outcome(fresh(), read(), opt)
					fits = append(fits, fit{fmt.Sprintf("%s, quick %t", how, opt.Quick), data, opt, want})
					if got := outcome(shared, read(), opt); got != want {
						t.Errorf("%s: %s", how, difference(got, want))
					}
				}
			}
			var wait sync.WaitGroup
			for _, f := range fits {
				wait.Go(func() {
					got := outcome(shared, runtime.Reader(context.Background(), ex.data, bytes.NewReader(f.data)), f.opt)
					if got != f.want {
						t.Errorf("beside others, %s: %s", f.what, difference(got, f.want))
					}
				})
			}
			wait.Wait()
		})
	}
}

// difference is the first line that differs.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is\n%.300s\nnot\n%.300s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, not %d", len(a), len(b))
}

// TestRefitCompiles: a fit to new data of the same shapes compiles nothing; nothing grows with the number of fits; and
// data that change what the program is made of, such as indices, have one of their own.
func TestRefitCompiles(t *testing.T) {
	m, err := runtime.Compile("groups.ppl", []byte(`
data g : factor(J)[N]
data x : real[N, K]
data y : real[N]
mu ~ Normal(0, 5)
a[j in 1..J] ~ Normal(mu, 1)
b[k in 1..K] ~ Normal(0, 2)
s ~ HalfNormal(2)
let eta = x @ b
y[i in 1..N] ~ StudentT(5, a[g[i]] + eta[i], s)`))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	groups := func(swap bool) []string {
		g := make([]string, 40)
		for i := range g {
			g[i] = fmt.Sprint(i % 4)
		}
		if swap {
			g[5], g[6] = g[6], g[5]
		}
		return g
	}
	fit := func(g []string) (found, kept int) {
		n := len(g)
		x, y := make([][]float64, n), make([]float64, n)
		for i := range y {
			x[i] = []float64{r.NormFloat64(), r.NormFloat64()}
			y[i] = x[i][0] - x[i][1] + r.NormFloat64()
		}
		x[3] = []float64{0, 0}
		p, err := m.Bind(runtime.Map(map[string]any{"g": g, "x": x, "y": y}))
		if err != nil {
			t.Fatal(err)
		}
		programs := p.Target().Programs
		before := programs.Found()
		if _, err := p.Fit(context.Background(), runtime.Options{Quick: true, Draws: 100}); err != nil {
			t.Fatal(err)
		}
		return programs.Found() - before, programs.Kept()
	}
	_, first := fit(groups(false))
	if first < 3 {
		t.Fatalf("%d programs are kept of a fit", first)
	}
	for range 5 {
		if found, kept := fit(groups(false)); kept != first || found < first {
			t.Errorf("of a fit to new data %d programs are found and %d kept in all; the first one kept %d", found, kept, first)
		}
	}
	if _, kept := fit(groups(true)); kept <= first {
		t.Errorf("a program reads through the indices of other data: %d are kept, as before", kept)
	}
	for n := 41; n < 60; n++ {
		g := groups(false)
		for len(g) < n {
			g = append(g, "1")
		}
		if _, kept := fit(g); kept > 32 {
			t.Fatalf("%d programs are kept", kept)
		}
	}
}

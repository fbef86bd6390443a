package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"strings"
	"sync"
	"testing"

	"ppl/runtime"
)

const lineModel = `
data x : real[N]
data y : real[N]
alpha ~ Normal(0, 10)
beta  ~ Normal(0, 10)
sigma ~ HalfNormal(5)
let m = mean(x)
y[i in 1..N] ~ Normal(alpha + beta * (x[i] - m), sigma)
`

// Fit a model to Go values and ask for the posterior by name.
func Example() {
	model, err := runtime.Compile("line.ppl", []byte(lineModel))
	if err != nil {
		log.Fatal(err) // prints the line, underlined
	}
	problem, err := model.Bind(runtime.Map(map[string]any{
		"x": []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
		"y": []float64{2.1, 3.9, 6.2, 7.8, 10.1, 12.0, 13.8, 16.1, 18.2, 19.9, 21.9, 24.1},
	}))
	if err != nil {
		log.Fatal(err)
	}
	post, err := problem.Fit(context.Background(), runtime.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	slope, err := post.Mean("beta")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("slope %.1f, verdict %s\n", slope, post.Verdict())
	// Output: slope 2.0, verdict good
}

// Labels of factors come back in the names of the quantities.
func ExamplePosterior_Quantities() {
	model, err := runtime.Compile("groups.ppl", []byte(`
data group : factor(G)[N]
data y     : real[N]
mu[g in 1..G] ~ Normal(0, 10)
y[i in 1..N] ~ Normal(mu[group[i]], 1)
`))
	if err != nil {
		log.Fatal(err)
	}
	problem, err := model.Bind(runtime.Map(map[string]any{
		"group": []string{"treated", "control", "treated", "control"},
		"y":     []float64{4.1, 1.2, 3.9, 0.8},
	}))
	if err != nil {
		log.Fatal(err)
	}
	post, err := problem.Fit(context.Background(), runtime.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, q := range post.Quantities() {
		fmt.Printf("%s (%s): %.0f\n", q.Name, q.Column, q.Mean)
	}
	// Output:
	// mu[control] (mu.1): 1
	// mu[treated] (mu.2): 4
}

// A discrete latent is summed out, and its posterior is exact.
func ExamplePosterior_Probability() {
	m, err := runtime.Compile("coin.ppl", []byte(`
data heads : int
data tosses : int
fair ~ Bernoulli(0.5)
heads ~ Binomial(tosses, if fair == 1 then 0.5 else 0.8)
`))
	if err != nil {
		log.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(map[string]any{"heads": 7, "tosses": 10}))
	if err != nil {
		log.Fatal(err)
	}
	post, err := p.Fit(context.Background(), runtime.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fair, err := post.Probability("fair", 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("P(fair) = %.3f\n", fair)
	fmt.Println(p.Discrete()[0])
	// Output:
	// P(fair) = 0.368
	// fair: exact, summed out; 2 values, 2 numbers for each particle
}

// Mistakes in a model are located.
func ExampleModelError() {
	_, err := runtime.Compile("model.ppl", []byte("mu ~ Normal(0, 1)\ntau ~ HalfNrmal(5)\n"))
	var wrong *runtime.ModelError
	if errors.As(err, &wrong) {
		for _, d := range wrong.Diagnostics {
			at := d.Source.Position(d.Span.Start)
			fmt.Printf("%s:%d:%d: %s [%s]\n", d.Source.Name, at.Line, at.Column, d.Summary, d.Code)
			fmt.Println(d.Hint)
		}
	}
	// Output:
	// model.ppl:2:7: there is no distribution `HalfNrmal` [unknown-distribution]
	// did you mean `HalfNormal`?
}

// Mistakes in the data name the element.
func ExampleDataError() {
	model, err := runtime.Compile("model.ppl", []byte("data s : real[N] > 0\nmu ~ Normal(0, 1)\ns[i in 1..N] ~ LogNormal(mu, 1)\n"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = model.Bind(runtime.Map(map[string]any{"s": []float64{1, -2, 3}}))
	var wrong *runtime.DataError
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Diagnostics[0].Code)
		fmt.Println(wrong.Diagnostics[0].Summary)
	}
	// Output:
	// data-constraint
	// `s[2]` is -2, which is not > 0 (the value of "s")
}

// A name that the posterior does not have is an error that makes a suggestion.
func ExampleUnknownQuantity() {
	model, err := runtime.Compile("line.ppl", []byte(lineModel))
	if err != nil {
		log.Fatal(err)
	}
	problem, err := model.Bind(runtime.Map(map[string]any{"x": []float64{1, 2, 3}, "y": []float64{1, 2, 3}}))
	if err != nil {
		log.Fatal(err)
	}
	post, err := problem.Fit(context.Background(), runtime.Options{Quick: true})
	if err != nil {
		log.Fatal(err)
	}
	_, err = post.Mean("betta")
	fmt.Println(err)
	// Output: the posterior has no "betta"; did you mean "beta"?
}

// One model, many data sets, several goroutines.
func ExampleModel_Bind() {
	model, err := runtime.Compile("mean.ppl", []byte("data y : real[N]\nmu ~ Normal(0, 10)\ny[i in 1..N] ~ Normal(mu, 1)\n"))
	if err != nil {
		log.Fatal(err)
	}
	stores := [][]float64{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}
	means := make([]float64, len(stores))
	var wait sync.WaitGroup
	for i, y := range stores {
		wait.Go(func() {
			problem, err := model.Bind(runtime.Map(map[string]any{"y": y}))
			if err != nil {
				log.Print(err)
				return
			}
			post, err := problem.Fit(context.Background(), runtime.Options{Seed: 1})
			if err != nil {
				log.Print(err)
				return
			}
			means[i], _ = post.Mean("mu")
		})
	}
	wait.Wait()
	fmt.Printf("%.0f\n", means)
	// Output: [2 5 8]
}

// TestConcurrentFits: a model bound and fitted from eight goroutines, one
// problem shared by all of them, gives every one the same bits.
func TestConcurrentFits(t *testing.T) {
	model, err := runtime.Compile("line.ppl", []byte(lineModel))
	if err != nil {
		t.Fatal(err)
	}
	// Enough data for importance weights: under the race detector Markov chains are slow.
	values := map[string]any{"x": []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, "y": []float64{1, 3, 2, 4, 6, 5, 7, 9, 8, 10}}
	shared, err := model.Bind(runtime.Map(values))
	if err != nil {
		t.Fatal(err)
	}
	const workers = 8
	var got [2 * workers]float64
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			own, err := model.Bind(runtime.Map(values))
			if err != nil {
				t.Error(err)
				return
			}
			for k, p := range []*runtime.Problem{own, shared} {
				post, err := p.Fit(context.Background(), runtime.Options{Seed: 5, Draws: 200})
				if err != nil {
					t.Error(err)
					return
				}
				got[2*w+k], _ = post.Mean("beta")
			}
		})
	}
	wait.Wait()
	for _, x := range got {
		if x != got[0] {
			t.Fatalf("fits with one seed differ: %v", got)
		}
	}
}

// A fit whose context is done is an error, which holds what was reached.
func ExampleStopped() {
	model, err := runtime.Compile("line.ppl", []byte(lineModel))
	if err != nil {
		log.Fatal(err)
	}
	problem, err := model.Bind(runtime.Map(map[string]any{"x": []float64{1, 2, 3}, "y": []float64{1, 2, 3}}))
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = problem.Fit(ctx, runtime.Options{})
	fmt.Println(errors.Is(err, context.Canceled))
	var stopped *runtime.Stopped
	if errors.As(err, &stopped) {
		fmt.Println("a posterior:", stopped.Posterior != nil)
	}
	// Output:
	// true
	// a posterior: false
}

// Records are data by the names or tags of their fields.
func ExampleRows() {
	type measurement struct {
		Group string   `ppl:"group"`
		Y     *float64 `ppl:"y"`
	}
	a, b := 4.0, 2.0
	rows := []measurement{{"treated", &a}, {"control", &b}, {"treated", nil}}
	model, err := runtime.Compile("groups.ppl", []byte(`
data group : factor(G)[N]
data y     : real?[N]
mu[g in 1..G] ~ Normal(0, 10)
y[i in 1..N] ~ Normal(mu[group[i]], 1)
`))
	if err != nil {
		log.Fatal(err)
	}
	problem, err := model.Bind(runtime.Rows(slices.Values(rows)))
	if err != nil {
		log.Fatal(err)
	}
	post, err := problem.Fit(context.Background(), runtime.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	for _, q := range post.Quantities() {
		fmt.Printf("%s: %.0f\n", q.Name, q.Mean)
	}
	// Output:
	// y[3]: 4
	// mu[control]: 2
	// mu[treated]: 4
}

// Data may come from several places: here one array as CSV, and a number from Go.
func ExampleJoin() {
	model, err := runtime.Compile("m.ppl", []byte("data y : real[N]\ndata s : real\nmu ~ Normal(0, 10)\ny[i in 1..N] ~ Normal(mu, s)\n"))
	if err != nil {
		log.Fatal(err)
	}
	read := func(text string) *runtime.Data {
		return runtime.Reader(context.Background(), "y.csv", strings.NewReader(text))
	}
	problem, err := model.Bind(runtime.Join(read("y\n1.5\n2.5\n"), runtime.Map(map[string]any{"s": 0.5})))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(problem.Latents(), "latent")
	_, err = model.Bind(runtime.Join(read("y\n1.5\nabc\n"), runtime.Map(map[string]any{"s": 0.5})))
	var wrong *runtime.DataError
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Diagnostics[0].Summary)
	}
	// Output:
	// 1 latent
	// `y[2]` is "abc", which is not a real (y.csv:3, row 2)
}

// An array of the posterior has dimensions with labels, and joint draws.
func ExamplePosterior_Array() {
	model, err := runtime.Compile("groups.ppl", []byte(`
data group : factor(G)[N]
data y     : real[N]
mu[g in 1..G] ~ Normal(0, 10)
y[i in 1..N] ~ Normal(mu[group[i]], 1)
`))
	if err != nil {
		log.Fatal(err)
	}
	problem, err := model.Bind(runtime.Map(map[string]any{"group": []string{"treated", "control", "treated"}, "y": []float64{14.1, 1.2, 13.9}}))
	if err != nil {
		log.Fatal(err)
	}
	post, err := problem.Fit(context.Background(), runtime.Options{Seed: 1, Draws: 1000})
	if err != nil {
		log.Fatal(err)
	}
	mu, err := post.Array("mu")
	if err != nil {
		log.Fatal(err)
	}
	higher := 0
	for _, x := range mu.Draws() {
		if x[1] > x[0] {
			higher++
		}
	}
	fmt.Println(mu.Dims[0].Name, mu.Dims[0].Labels)
	fmt.Println(higher, "of", mu.N, "draws")
	// Output:
	// G [control treated]
	// 1000 of 1000 draws
}

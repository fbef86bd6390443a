package runtime_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/inference/target"
	"ppl/lang/diag"
	"ppl/runtime"
)

// The three causes of a row's sums: binary latents that explain one another away, whose joint posterior is a table of 8.
const causesModel = `data y : real[N, 2]
let A = [[1.5, -0.5], [0.7, 1.2], [-1.0, 0.8]]
param b : real[2] = [0.3, -0.2]
plate i in 1..N {
  plate k in 1..3 { z[i, k] ~ Bernoulli(logit = -0.4) }
  plate d in 1..2 { y[i, d] ~ Normal(b[d] + sum([A[k, d] * z[i, k] for k in 1..3]), 0.7) }
}
param V : real[3, 2]
param c : real[3]
guide {
  plate i in 1..N {
    plate k in 1..3 { z[i, k] ~ Bernoulli(logit = V[k] @ y[i] + c[k]) }
  }
}
`

var causesRows = [][]float64{{1, 0.2}, {-0.5, 1.5}, {2.3, 0.9}, {0.1, 0.1}, {-1, 1}, {1.4, -0.6}}

// batchedOf is a model on rows, under a strategy for z.
func batchedOf(t *testing.T, text string, rows [][]float64, how string, points int, r lower.Relaxation) (*target.Batched, *target.Rows) {
	t.Helper()
	m, err := runtime.Compile("m.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.BindWith(runtime.Map(map[string]any{"y": rows}), runtime.BindOptions{Discrete: map[string]string{"z": strings.TrimSuffix(how, " of all")}})
	if err != nil {
		t.Fatal(err)
	}
	full := p.Target()
	if how == "score of all" {
		var ds diag.List
		full, ds = target.NewWith(m.Checked(), full.Data, target.Plan, lower.Options{Strategies: map[string]string{"z": "score"}, Whole: map[string]bool{"z": true}})
		if ds.HasErrors() {
			t.Fatal(ds)
		}
	}
	base := *full.Data
	base.Refilled = map[string]bool{"y": true}
	part := func(from, to int) *target.Rows {
		index := make([]int, to-from)
		for i := range index {
			index[i] = from + i
		}
		return &target.Rows{Data: base.Rows(m.Checked(), "N", from, to), Index: index}
	}
	n := len(rows)
	b, err := target.NewBatched(full, "N", n, points, r, part(0, n/2), part(n/2, n), part(0, n))
	if err != nil {
		t.Fatal(err)
	}
	return b, part(0, n)
}

// TestChosenSlopes: the gradients of what is learned from are those of its differences, at any noise.
func TestChosenSlopes(t *testing.T) {
	for _, c := range [][2]string{{causesModel, "expect"}, {causesModel, "relax"}, {wordsModel, "relax"}, {wordsModel, "expect"}} {
		how := c[1]
		b, rows := batchedOf(t, c[0], causesRows, how, 1, lower.Relaxation{})
		b.Temperature = 0.8
		r := rand.New(rand.NewPCG(1, 5))
		u := make([]float64, b.Size(len(rows.Index)))
		for i := range u {
			u[i] = 0.5 * r.NormFloat64()
		}
		e, err := b.Evaluate(rows, u, nil, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		g := append([]float64(nil), e.Gradient...)
		some := 0
		for i := range u {
			at := func(h float64) float64 {
				v := append([]float64(nil), u...)
				v[i] += h
				e, err := b.Evaluate(rows, v, nil, 1, 1)
				if err != nil {
					t.Fatal(err)
				}
				return e.LogDensity[0]
			}
			const h = 1e-5
			if d := (at(h) - at(-h)) / (2 * h); math.Abs(d-g[i]) > 1e-6*(1+math.Abs(d)) {
				t.Errorf("%s: the slope by number %d is %g, and differences say %g", how, i, g[i], d)
			}
			if g[i] != 0 {
				some++
			}
		}
		if some < 11 {
			t.Errorf("%s: only %d numbers have an effect", how, some)
		}
	}
}

// A small categorical autoencoder: 2 variables of 3 values that choose among vectors.
const wordsModel = `data y : real[N, 2]
param W : real[2, 2, 3]
param v : real[3]
plate i in 1..N {
  plate j in 1..2 { z[i, j] ~ Categorical(logit = v) }
  let h = tanh([sum([W[d, j, z[i, j]] for j in 1..2]) for d in 1..2])
  y[i] ~ Normal(h, 0.5)
}
param V : real[2, 3, 2]
param c : real[2, 3]
guide {
  plate i in 1..N {
    let g = tanh(y[i])
    plate j in 1..2 { z[i, j] ~ Categorical(logit = V[j] @ g + c[j]) }
  }
}
`

// wordsByHand is log p(y, z) and log q(z) of a row at the params, for each of the 9 pairs of values.
func wordsByHand(y, u []float64) (logp, logq [9]float64) {
	w, v, V, c := u[:12], u[12:15], u[15:27], u[27:33]
	lse := func(x []float64) float64 {
		s := 0.0
		for _, a := range x {
			s += math.Exp(a)
		}
		return math.Log(s)
	}
	for z := range 9 {
		pick := [2]int{z / 3, z % 3}
		for d := range 2 {
			mean := math.Tanh(w[d*6+pick[0]] + w[d*6+3+pick[1]])
			logp[z] += -0.5*(y[d]-mean)*(y[d]-mean)/0.25 - math.Log(0.5) - 0.5*math.Log(2*math.Pi)
		}
		for j, k := range pick {
			logp[z] += v[k] - lse(v)
			var logits [3]float64
			for m := range 3 {
				logits[m] = V[j*6+m*2]*math.Tanh(y[0]) + V[j*6+m*2+1]*math.Tanh(y[1]) + c[j*3+m]
			}
			logq[z] += logits[k] - lse(logits[:])
		}
	}
	return logp, logq
}

// TestChosenDraws: at draws the density is log p − log q of the values that noise picks; and its mean over many is the ELBO that a
// table gives.
func TestChosenDraws(t *testing.T) {
	const points = 64
	b, rows := batchedOf(t, wordsModel, causesRows, "relax", points, lower.Relaxation{})
	d := b.Size(len(rows.Index))
	r := rand.New(rand.NewPCG(3, 5))
	u := make([]float64, points*d)
	params := make([]float64, 33)
	for i := range params {
		params[i] = 0.7 * r.NormFloat64()
	}
	want, logps := 0.0, [][9]float64{}
	var logqs [][9]float64
	for _, y := range causesRows {
		lp, lq := wordsByHand(y, params)
		logps, logqs = append(logps, lp), append(logqs, lq)
		for z := range lp {
			want += math.Exp(lq[z]) * (lp[z] - lq[z])
		}
	}
	for name, b := range map[string]*target.Batched{"drawn": b.Drawn(), "hard": b.Hard()} {
		sum, squares, n := 0.0, 0.0, 0
		for range 200 {
			for p := range points {
				copy(u[p*d:], params)
				for i := len(params); i < d; i++ {
					u[p*d+i] = r.NormFloat64()
				}
			}
			e, err := b.Evaluate(rows, u, nil, 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			for p, lp := range e.LogDensity {
				sum += lp
				squares += lp * lp
				n++
				if name != "drawn" {
					continue
				}
				byHand := 0.0
				for i := range causesRows {
					best, z := [2]float64{math.Inf(-1), math.Inf(-1)}, [2]int{}
					for j := range 2 {
						for k := range 3 {
							one := 3 * k
							if j == 1 {
								one = k
							}
							q := 0.0 // of the value alone
							for other := range 3 {
								at := one + other
								if j == 1 {
									at = one + 3*other
								}
								q += math.Exp(logqs[i][at])
							}
							noise := u[p*d+33+i*6+j*3+k]
							if g := math.Log(q) - math.Log(-math.Log(0.5*math.Erfc(-noise/math.Sqrt2))); g > best[j] {
								best[j], z[j] = g, k
							}
						}
					}
					byHand += logps[i][3*z[0]+z[1]] - logqs[i][3*z[0]+z[1]]
				}
				if math.Abs(lp-byHand) > 1e-9 {
					t.Fatalf("the log density at a draw is %.9f, by hand %.9f", lp, byHand)
				}
			}
		}
		mean := sum / float64(n)
		se := math.Sqrt((squares/float64(n) - mean*mean) / float64(n))
		if math.Abs(mean-want) > 4*se || se > 0.1 {
			t.Errorf("%s: the mean over draws is %.4f ± %.4f, and the ELBO %.4f", name, mean, se, want)
		}
	}
}

// TestChosenScores: the score-function gradients, of tables and of all that hangs on an element, have those of the expectation in
// closed form as their means; and so have relaxations whose temperature is low, nearly.
func TestChosenScores(t *testing.T) {
	const points = 16
	for name, text := range map[string]string{"causes": causesModel, "words": wordsModel} {
		exact, rows := batchedOf(t, text, causesRows, "expect", 1, lower.Relaxation{})
		params := 0
		for k, s := range exact.Slots {
			if !exact.Local[k] {
				params += s.Free.Size()
			}
		}
		r := rand.New(rand.NewPCG(13, 5))
		d := exact.Size(len(rows.Index))
		u := make([]float64, d)
		for i := range params {
			u[i] = 0.7 * r.NormFloat64()
		}
		e, err := exact.Evaluate(rows, u, nil, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(e.Gradient[:params])
		for _, how := range []string{"score", "score of all", "relax"} {
			b, rows := batchedOf(t, text, causesRows, how, points, lower.Relaxation{})
			b.Temperature = 0.01
			us := make([]float64, points*d)
			sum, squares := make([]float64, params), make([]float64, params)
			const evaluations = 2000
			for range evaluations {
				for p := range points {
					copy(us[p*d:], u[:params])
					for i := params; i < d; i++ {
						us[p*d+i] = r.NormFloat64()
					}
				}
				e, err := b.Evaluate(rows, us, nil, 1, 1)
				if err != nil {
					t.Fatal(err)
				}
				for i := range params {
					g := 0.0
					for p := range points {
						g += e.Gradient[p*d+i] / points
					}
					sum[i] += g
					squares[i] += g * g
				}
			}
			z2, noise := 0.0, 0.0
			for i := range params {
				mean := sum[i] / evaluations
				se := math.Sqrt(math.Max(0, squares[i]/evaluations-mean*mean)/evaluations) + 1e-12
				noise += se * se * evaluations * points
				z := (mean - want[i]) / se
				z2 += z * z
				if limit := 4.5; math.Abs(z) > limit && (how != "relax" || math.Abs(mean-want[i]) > 0.1*(1+math.Abs(want[i]))) {
					t.Errorf("%s, %s: slope %d is %.4f ± %.4f on average, and %.4f", name, how, i, mean, se, want[i])
				}
			}
			t.Logf("%s, %s: mean square of z %.2f, variance of the gradient %.3g", name, how, z2/float64(params), noise)
		}
	}
}

// TestChosenInBatches: an encoder learned in batches finds the ELBO that the closed form does, by relaxations and by scores; what is
// reported is that of hard draws.
func TestChosenInBatches(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	rows := make([][]float64, 400)
	for i := range rows {
		z := [3]float64{}
		for k := range z {
			if r.Float64() < 0.4 {
				z[k] = 1
			}
		}
		rows[i] = []float64{1.5*z[0] + 0.7*z[1] - z[2] + 0.7*r.NormFloat64(), -0.5*z[0] + 1.2*z[1] + 0.8*z[2] + 0.7*r.NormFloat64()}
	}
	m, err := runtime.Compile("m.ppl", []byte(causesModel))
	if err != nil {
		t.Fatal(err)
	}
	fit := func(how string, particles int) *runtime.Posterior {
		post, err := m.FitBatches(context.Background(), parts(map[string]any{"y": rows}), runtime.Options{Particles: particles, Seed: 2},
			runtime.BatchOptions{Dim: "N", Size: 50, Rate: 0.02, Epochs: 60, Discrete: map[string]string{"z": how}})
		if err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		return post
	}
	best := fit("expect", 1).Figures()
	for how, slack := range map[string]float64{"relax": 20, "score": 10} {
		f := fit(how, 4).Figures()
		t.Logf("%s: ELBO %.2f ± %.2f, in closed form %.2f", how, f.ELBO, f.MCSE, best.ELBO)
		if f.ELBO < best.ELBO-slack-3*f.MCSE || f.ELBO > best.ELBO+5+3*f.MCSE {
			t.Errorf("%s: the ELBO is %.2f ± %.2f, in closed form %.2f", how, f.ELBO, f.MCSE, best.ELBO)
		}
	}
}

// TestChosenWhole: a guide of discrete latents that is fitted to all data at a time has the exact posterior by its weights, and as its
// ELBO at most the log evidence, however it was learned.
func TestChosenWhole(t *testing.T) {
	const model = `data y : real[2]
let A = [[1.5, -0.5], [0.7, 1.2], [-1.0, 0.8]]
z[k in 1..3] ~ Bernoulli(0.4)
for d in 1..2 { y[d] ~ Normal(sum([A[k, d] * z[k] for k in 1..3]), 0.7) }
`
	y := []float64{1.2, 0.9}
	exact := fitText(t, model, map[string]any{"y": y}, runtime.Options{})
	evidence := exact.Figures().ELBO
	for guide, hows := range map[string][]string{
		"param c : real[3]\nguide { plate k in 1..3 { z[k] ~ Bernoulli(logit = c[k]) } }\n": {"expect", "relax", "score"},
		// Given the first, so that the posterior is nearly within reach; and with a guide of a distribution of the same support.
		"param c : real[5]\nguide {\n z[1] ~ Bernoulli(logit = c[1])\n plate k in 2..3 { z[k] ~ Binomial(1, inv_logit(c[k] + c[k+2])) }\n}\n": {"expect", "relax"},
	} {
		m, err := runtime.Compile("m.ppl", []byte(model+guide))
		if err != nil {
			t.Fatal(err)
		}
		for _, how := range hows {
			p, err := m.BindWith(runtime.Map(map[string]any{"y": y}), runtime.BindOptions{Discrete: map[string]string{"z": how}})
			if err != nil {
				t.Fatalf("%s: %v", how, err)
			}
			post, err := p.Fit(context.Background(), runtime.Options{Seed: 3})
			if err != nil {
				t.Fatalf("%s: %v", how, err)
			}
			f := post.Figures()
			if f.ELBO > evidence+4*f.MCSE || f.ELBO < evidence-0.6 {
				t.Errorf("%s: the ELBO is %.3f ± %.3f, and the log evidence %.3f", how, f.ELBO, f.MCSE, evidence)
			}
			if post.Verdict() != runtime.Caution {
				t.Errorf("%s: the verdict is %v: %v", how, post.Verdict(), post.Reasons())
			}
			for k := 1; k <= 3; k++ {
				name := fmt.Sprintf("z[%d]", k)
				want, err := exact.Probability(name, 1)
				if err != nil {
					t.Fatal(err)
				}
				got, err := post.Probability(name, 1)
				if err != nil {
					t.Fatal(err)
				}
				if math.Abs(got-want) > 0.05 {
					t.Errorf("%s: P(%s = 1) is %.3f, and exactly %.3f", how, name, got, want)
				}
				draws, err := post.DiscreteDraws(name)
				if err != nil {
					t.Fatal(err)
				}
				ones := 0
				for _, x := range draws {
					ones += x
				}
				if share := float64(ones) / float64(len(draws)); math.Abs(share-got) > 0.03 {
					t.Errorf("%s: of the draws of %s %.3f are 1, and its probability is %.3f", how, name, share, got)
				}
			}
		}
	}
}

// TestChosenRefused: what a guide cannot do with discrete latents is said where it stands.
func TestChosenRefused(t *testing.T) {
	const head = "data y : real[N]\nplate i in 1..N {\n z[i] ~ Categorical([0.2, 0.3, 0.5])\n y[i] ~ Normal(z[i], 1)\n}\n"
	for _, c := range []struct{ text, how, want string }{
		{head + "guide { plate i in 1..N { z[i] ~ Categorical([0.5, 0.5]) } }", "", "must have the support of the site"},
		{head + "guide { plate i in 1..N { z[i] ~ Categorical([0.2, 0.3, 0.5]) } }", "exact", "`z` has a guide, and so is not summed out"},
		{head + "guide { plate i in 1..2 { z[i] ~ Categorical([0.2, 0.3, 0.5]) } }", "", "must give all of its elements"},
		{"data y : real[T]\nz[1] ~ Bernoulli(0.5)\nfor t in 2..T { z[t] ~ Bernoulli(0.2 + 0.6 * z[t-1]) }\nplate t in 1..T { y[t] ~ Normal(z[t], 1) }\n" +
			"guide {\n z[1] ~ Bernoulli(0.5)\n for t in 2..T { z[t] ~ Bernoulli(0.1 + 0.8 * z[t-1]) }\n}", "", "hangs on an earlier step"},
		{"data y : real[N]\nk ~ Bernoulli(0.5)\nmu ~ Normal(k, 1)\ny ~ Normal(mu, 1)\nparam a : real[2]\nguide {\n k ~ Bernoulli(0.4)\n mu ~ Normal(a[k + 1], 1)\n}", "k=expect", "the guide of other sites reads `k`"},
		{"data y : real[N]\nk ~ Poisson(2) in 0..5\ny ~ Normal(k, 1)\nguide { k ~ Binomial(4, 0.5) }", "", "values from 0 to 4"},
	} {
		asked := map[string]string{}
		if name, how, two := strings.Cut(c.how, "="); two {
			asked[name] = how
		} else if c.how != "" {
			asked["z"] = c.how
		}
		m, err := runtime.Compile("m.ppl", []byte(c.text))
		if err == nil {
			var p *runtime.Problem
			if p, err = m.BindWith(runtime.Map(map[string]any{"y": []float64{1, 2, 3}}), runtime.BindOptions{Discrete: asked}); err == nil {
				_, err = p.Fit(context.Background(), runtime.Options{})
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngives %v, want %q", c.text, err, c.want)
		}
	}
}

// TestChosenReadByOthers: where another site of the guide reads a discrete one, the ELBO of hard draws is that of the sum over its values,
// and relaxations have their own slopes.
func TestChosenReadByOthers(t *testing.T) {
	const model = `data y : real[N, 2]
param V : real
param c : real
param a : real[2]
plate i in 1..N {
  z[i] ~ Bernoulli(0.3)
  w[i] ~ Normal(2 * z[i], 1)
  y[i] ~ Normal(w[i], 0.5)
}
guide {
  plate i in 1..N {
    z[i] ~ Bernoulli(logit = V * y[i, 1] + c)
    w[i] ~ Normal(a[1] + a[2] * z[i] + 0.3 * y[i, 1], 0.6)
  }
}
`
	const points = 64
	b, rows := batchedOf(t, model, causesRows, "relax", points, lower.Relaxation{})
	params := []float64{0.8, -0.4, 0.2, 1.1}
	want := 0.0
	normal := func(x, mean, sd, v float64) float64 { // E log N(X; mean, sd), X having mean x and variance v
		return -0.5*((x-mean)*(x-mean)+v)/(sd*sd) - math.Log(sd) - 0.5*math.Log(2*math.Pi)
	}
	for _, y := range causesRows {
		q1 := 1 / (1 + math.Exp(-params[0]*y[0]-params[1]))
		for z, q := range []float64{1 - q1, q1} {
			p := []float64{0.7, 0.3}[z]
			m := params[2] + params[3]*float64(z) + 0.3*y[0]
			f := math.Log(p/q) + normal(m, 2*float64(z), 1, 0.36) + normal(m, y[0], 0.5, 0.36) + normal(m, y[1], 0.5, 0.36)
			want += q * (f + math.Log(0.6) + 0.5 + 0.5*math.Log(2*math.Pi))
		}
	}
	d := b.Size(len(rows.Index))
	r := rand.New(rand.NewPCG(8, 5))
	u := make([]float64, points*d)
	var entropy float64 // of the noise of w, which the density counts
	for k, s := range b.Slots {
		if b.Local[k] && !s.Choice {
			entropy += float64(len(rows.Index)) * (0.5 + 0.5*math.Log(2*math.Pi))
		}
	}
	for name, b := range map[string]*target.Batched{"hard": b.Hard(), "drawn": b.Drawn()} {
		sum, squares, n := 0.0, 0.0, 0.0
		for range 300 {
			for p := range points {
				copy(u[p*d:], params)
				for i := len(params); i < d; i++ {
					u[p*d+i] = r.NormFloat64()
				}
			}
			e, err := b.Evaluate(rows, u, nil, 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, lp := range e.LogDensity {
				sum += lp + entropy
				squares += (lp + entropy) * (lp + entropy)
				n++
			}
		}
		mean := sum / n
		se := math.Sqrt((squares/n - mean*mean) / n)
		if math.Abs(mean-want) > 4*se || se > 0.2 {
			t.Errorf("%s: the mean over draws is %.4f ± %.4f, and the ELBO %.4f", name, mean, se, want)
		}
	}
}

// TestChosenLeftOut: without its guide a model sums its discrete latents out, as if none had been written.
func TestChosenLeftOut(t *testing.T) {
	m, err := runtime.Compile("m.ppl", []byte("data y : real\nz ~ Bernoulli(0.4)\ny ~ Normal(z, 0.7)\nparam c : real\nguide { z ~ Bernoulli(logit = c) }\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(map[string]any{"y": 0.8}))
	if err != nil {
		t.Fatal(err)
	}
	post, err := p.Fit(context.Background(), runtime.Options{Guide: "meanfield"})
	if err != nil {
		t.Fatal(err)
	}
	one, zero := 0.4*math.Exp(-0.5*0.04/0.49), 0.6*math.Exp(-0.5*0.64/0.49)
	got, err := post.Probability("z", 1)
	if want := one / (one + zero); err != nil || math.Abs(got-want) > 1e-9 || post.Verdict() != runtime.Good {
		t.Errorf("P(z = 1) is %v (%v), want %v; the verdict is %v", got, err, want, post.Verdict())
	}
}

// TestChosenImpossible: values that have no probability, in the guide or in the model too, leave values and gradients finite.
func TestChosenImpossible(t *testing.T) {
	const model = `data y : real[N, 2]
param c : real
plate i in 1..N {
  z[i] ~ Categorical([0, 0.4, 0.6])
  y[i] ~ Normal(z[i], 0.5)
}
guide {
  plate i in 1..N { z[i] ~ Categorical([0, inv_logit(c + y[i, 1]), inv_logit(-c - y[i, 1])]) }
}
`
	for _, how := range []string{"expect", "relax", "score", "score of all"} {
		b, rows := batchedOf(t, model, causesRows, how, 4, lower.Relaxation{})
		d := b.Size(len(rows.Index))
		r := rand.New(rand.NewPCG(1, 9))
		u := make([]float64, 4*d)
		for i := range u {
			u[i] = 3 * r.NormFloat64()
		}
		for name, b := range map[string]*target.Batched{"learned": b, "hard": b.Hard(), "drawn": b.Drawn()} {
			e, err := b.Evaluate(rows, u, nil, 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			if !graph.AllFinite(e.LogDensity) || !graph.AllFinite(e.Gradient) {
				t.Errorf("%s, %s: log densities %v, gradients %v", how, name, e.LogDensity, e.Gradient)
			}
		}
	}
}

// TestChosenRefusedInBatches: what batches cannot do with the discrete latents of a guide.
func TestChosenRefusedInBatches(t *testing.T) {
	rows := parts(map[string]any{"y": causesRows})
	deep := strings.Replace(wordsModel, "y[i] ~ Normal(h, 0.5)", "y[i] ~ Normal(if z[i, 1] + z[i, 2] > 3 then h else -h, 0.5)", 1)
	global := "data y : real[N, 2]\nz[k in 1..30] ~ Bernoulli(0.5)\nlet s = sum([z[k] for k in 1..30])\nplate i in 1..N { y[i] ~ Normal(s, 1) }\nparam c : real[30]\nguide { plate k in 1..30 { z[k] ~ Bernoulli(logit = c[k]) } }\n"
	many := "data y : real[N, 2]\nparam c : real[30]\nplate i in 1..N {\n plate k in 1..30 { z[i, k] ~ Bernoulli(0.5) }\n y[i] ~ Normal(sum([z[i, k] for k in 1..30]), 1)\n}\nguide { plate i in 1..N { plate k in 1..30 { z[i, k] ~ Bernoulli(logit = c[k]) } } }\n"
	beside := "data y : real[N, 2]\nk ~ Poisson(3)\nplate i in 1..N {\n z[i] ~ Bernoulli(0.5)\n y[i] ~ Normal(z[i] + k, 1)\n}\nguide { plate i in 1..N { z[i] ~ Bernoulli(0.3) } }\n"
	for _, c := range []struct {
		text, how string
		particles int
		want      string
	}{
		{global, "score", 4, "for latents of rows"},
		{beside, "relax", 1, "unless the model has a `guide` for them (k)"},
		{many, "score", 1, "must be at least 2"},
		{many, "score", 2, ""},
		{many, "expect", 1, "a table of"},
		{deep, "relax", 1, ""},
	} {
		m, err := runtime.Compile("m.ppl", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.FitBatches(context.Background(), rows, runtime.Options{Particles: c.particles}, runtime.BatchOptions{Dim: "N", Size: 3, Epochs: 2, Rate: 0.01, Discrete: map[string]string{"z": c.how}})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s\nunder %s gives %v, want %q", c.text, c.how, err, c.want)
		}
	}
}

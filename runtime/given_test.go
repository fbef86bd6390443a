package runtime_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"ppl/runtime"
)

// A chain of values that are 0 or 1, and what depends on them.
const jumping = `
data y : real[T]
z[1] ~ Bernoulli(0.4)
for t in 2..T { z[t] ~ Bernoulli(0.2 + 0.6 * z[t-1]) }
let ones = sum(z)
let jumps = sum([if z[t] != z[t-1] then 1 else 0 for t in 2..T])
let level[t in 1..T] = [-1, 2][z[t] + 1]
plate t in 1..T { y[t] ~ Normal(level[t], 1) }`

// enumerateJumping are the posterior moments by a sum over all paths.
func enumerateJumping(y []float64) (want map[string][2]float64) {
	n := len(y)
	sums := map[string][2]float64{}
	total := 0.0
	add := func(name string, w, x float64) {
		s := sums[name]
		sums[name] = [2]float64{s[0] + w*x, s[1] + w*x*x}
	}
	for path := range 1 << n {
		l, ones, jumps := 0.0, 0.0, 0.0
		p := 0.4
		for t := range n {
			z := path >> t & 1
			if t > 0 {
				before := path >> (t - 1) & 1
				p = 0.2 + 0.6*float64(before)
				jumps += math.Abs(float64(z - before))
			}
			ones += float64(z)
			l += math.Log(map[int]float64{0: 1 - p, 1: p}[z]) + normalLog(y[t], 3*float64(z)-1, 1)
		}
		w := math.Exp(l)
		total += w
		add("ones", w, ones)
		add("jumps", w, jumps)
		add("level[3]", w, 3*float64(path>>2&1)-1)
	}
	want = map[string][2]float64{}
	for name, s := range sums {
		m := s[0] / total
		want[name] = [2]float64{m, math.Sqrt(s[1]/total - m*m)}
	}
	return want
}

func TestLetsOfDiscreteLatents(t *testing.T) {
	y := []float64{-0.5, 0.4, 0.7, 2.5, 0.5, -1}
	post := fitDiscrete(t, jumping, map[string]any{"y": y}, 4000)
	checkMoments(t, post, enumerateJumping(y))
	// Draws are joint with those of the latents.
	ones, err := post.Quantity("ones")
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range ones.Draws() {
		for k := range y {
			z, err := post.DiscreteDraws("z[" + string(rune('1'+k)) + "]")
			if err != nil {
				t.Fatal(err)
			}
			x -= float64(z[i])
		}
		if x != 0 {
			t.Fatalf("draw %d of the sum is off by %g", i, x)
		}
		if i == 50 {
			break
		}
	}
	names := ""
	for _, q := range post.Quantities() {
		names += q.Name + " "
	}
	if want := "ones jumps level[1] level[2] level[3] level[4] level[5] level[6] "; names != want {
		t.Errorf("reported: %s, want %s", names, want)
	}
}

func checkMoments(t *testing.T, post *runtime.Posterior, want map[string][2]float64) {
	t.Helper()
	for name, w := range want {
		q, err := post.Quantity(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if se := w[1] / math.Sqrt(float64(len(q.Draws()))); math.Abs(q.Mean-w[0]) > 4.5*se {
			t.Errorf("%s: mean %.4f, want %.4f ± %.4f", name, q.Mean, w[0], se)
		}
		if math.Abs(q.SD-w[1]) > 0.1*w[1] {
			t.Errorf("%s: sd %.4f, want %.4f", name, q.SD, w[1])
		}
	}
}

// Beside continuous latents, with importance weights and with Markov chains, a
// let is in its place among the others.
func TestLetsBesideContinuousLatents(t *testing.T) {
	y := []float64{-0.5, 0.4, 0.7, 2.5, 0.5, -1}
	text := strings.Replace(jumping, "[-1, 2][z[t] + 1]", "m + [-1, 2][z[t] + 1]", 1)
	text = strings.Replace(text, "z[1] ~", "m ~ Normal(0, 0.001)\nz[1] ~", 1)
	for _, method := range []string{runtime.MethodVariational, runtime.MethodNUTS} {
		p := bindDiscrete(t, text, map[string]any{"y": y}, nil)
		post := fitGuided(t, p, runtime.Options{Method: method, Warmup: 200})
		checkMoments(t, post, enumerateJumping(y))
		q, err := post.Quantity("jumps")
		if err != nil {
			t.Fatal(err)
		}
		if nuts := method == runtime.MethodNUTS; (q.RHat > 0) != nuts {
			t.Errorf("%s: R̂ is %g", method, q.RHat)
		}
		if first := post.Quantities()[0].Name; first != "m" {
			t.Errorf("%s: the first quantity is %s", method, first)
		}
	}
}

// A relaxed latent's lets are of its draws, not of its probabilities.
func TestLetsOfRelaxedLatents(t *testing.T) {
	p := bindDiscrete(t, "data y : real[3]\ns : int[3] ~ Bernoulli(0.5)\nlet twice = 2 * s\nlet k = sum(s)\nplate i in 1..3 { y[i] ~ Normal(s[i], 1) }",
		map[string]any{"y": []float64{0.5, 0.4, 0.9}}, map[string]string{"s": "relax"})
	post := fitGuided(t, p, runtime.Options{})
	variance, mean := 0.0, 0.0
	for i := range 3 {
		name := "s[" + string(rune('1'+i)) + "]"
		q, err := post.DiscreteQuantity(name)
		if err != nil {
			t.Fatal(err)
		}
		variance, mean = variance+q.SD()*q.SD(), mean+q.Mean()
		twice, err := post.Quantity(strings.Replace(name, "s", "twice", 1))
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range twice.Draws() {
			if x != 0 && x != 2 {
				t.Fatalf("a draw of 2 * s is %g", x)
			}
		}
	}
	checkMoments(t, post, map[string][2]float64{"k": {mean, math.Sqrt(variance)}})
}

// What cannot be worked out is left out, with a warning.
func TestLetThatIsNotReported(t *testing.T) {
	p := bindDiscrete(t, "data y : real\nb ~ Normal(0, 1)\nk : int[2] ~ Categorical([0.5, 0.5])\nlet W = [[1, 2], [3, 4]]\nlet part = W[1..2, k]\ny ~ Normal(b + k[1], 1)",
		map[string]any{"y": 1.0}, nil)
	if w := p.Warnings(); len(w) != 1 || w[0].Code != "not-reported" {
		t.Errorf("warnings: %v", w)
	}
	post := fitGuided(t, p, runtime.Options{})
	if len(post.Quantities()) != 1 {
		t.Errorf("%d quantities are reported", len(post.Quantities()))
	}
}

// TestLargeLets: a let over very many rows is left out of the posterior, and said to be; the rest
// is reported.
func TestLargeLets(t *testing.T) {
	n := 140000
	x, y := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = float64(i%7) - 3
		y[i] = 2*x[i] + float64(i%11-5)/5
	}
	m, err := runtime.Compile("model.ppl", []byte("data x : real[N]\ndata y : real[N]\nb ~ Normal(0, 1)\nlet eta = b * x\nlet twice = 2 * b\ny ~ Normal(eta, 1)"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(map[string]any{"x": x, "y": y}))
	if err != nil {
		t.Fatal(err)
	}
	if w := p.Warnings(); len(w) != 1 || w[0].Code != "not-reported" || !strings.Contains(w[0].Summary, "`eta`") {
		t.Errorf("warnings: %v", w)
	}
	post, err := p.Fit(context.Background(), runtime.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if q := post.Quantities(); len(q) != 2 || math.Abs(q[1].Mean-4) > 0.05 {
		t.Errorf("%+v", q)
	}
}

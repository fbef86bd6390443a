package runtime_test

import (
	"fmt"
	"math"
	"testing"

	"ppl/inference/random"
	"ppl/runtime"
)

// A spike-and-slab regression: y ~ N(X (s ∘ β), 1), β ~ N(0, 1), s ~ Bernoulli(0.2).
type spike struct {
	x, gram  [][]float64
	y, cross []float64
	n, k     int
}

func newSpike(n, k int) *spike {
	s := &spike{x: matrix(n, k, 5), y: normals(n, 6), n: n, k: k, cross: make([]float64, k)}
	for i, row := range s.x {
		for j, b := range []float64{1, 0.5, 0.25, 0.15} {
			s.y[i] += b * row[j]
		}
	}
	for a := range k {
		s.gram = append(s.gram, make([]float64, k))
		for i, row := range s.x {
			s.cross[a] += row[a] * s.y[i]
			for b := range k {
				s.gram[a][b] += row[a] * row[b]
			}
		}
	}
	return s
}

// exact are the inclusion probabilities, by a sum over all 2^k states, with the
// coefficients integrated out: the evidence of a state is, up to a constant,
// |A|^(−1/2) exp(½ bᵀA⁻¹b), with A = I + XᵀX and b = Xᵀy of what is included.
func (s *spike) exact() []float64 {
	lp, top := make([]float64, 1<<s.k), math.Inf(-1)
	for state := range lp {
		var in []int
		for j := range s.k {
			if state>>j&1 == 1 {
				in = append(in, j)
			}
		}
		l := float64(len(in))*math.Log(0.2) + float64(s.k-len(in))*math.Log(0.8)
		// Cholesky, and the forward solve, row by row.
		chol, z := make([][]float64, len(in)), make([]float64, len(in))
		for a := range in {
			chol[a] = make([]float64, a+1)
			for b := range a + 1 {
				v := s.gram[in[a]][in[b]]
				if a == b {
					v++
				}
				for c := range b {
					v -= chol[a][c] * chol[b][c]
				}
				if a == b {
					chol[a][a] = math.Sqrt(v)
				} else {
					chol[a][b] = v / chol[b][b]
				}
			}
			z[a] = s.cross[in[a]]
			for c := range a {
				z[a] -= chol[a][c] * z[c]
			}
			z[a] /= chol[a][a]
			l += 0.5*z[a]*z[a] - math.Log(chol[a][a])
		}
		lp[state], top = l, math.Max(top, l)
	}
	total, p := 0.0, make([]float64, s.k)
	for state, l := range lp {
		w := math.Exp(l - top)
		total += w
		for j := range p {
			if state>>j&1 == 1 {
				p[j] += w
			}
		}
	}
	for j := range p {
		p[j] /= total
	}
	return p
}

// meanField is the best mean-field guide: coordinate ascent in closed form, from
// many starts. It also gives the ELBO.
func (s *spike) meanField() (best []float64, elbo float64) {
	elbo = math.Inf(-1)
	r := random.Stream(7, "mean field", 0)
	for range 200 {
		q, m, v := make([]float64, s.k), make([]float64, s.k), make([]float64, s.k)
		for j := range q {
			q[j] = r.Float64()
		}
		var l float64
		for range 500 {
			for j := range q {
				e := s.cross[j]
				for i := range q {
					if i != j {
						e -= s.gram[j][i] * q[i] * m[i]
					}
				}
				c := s.gram[j][j]
				v[j] = 1 / (1 + q[j]*c)
				m[j] = q[j] * e * v[j]
				q[j] = 1 / (1 + math.Exp(-(math.Log(0.25) + m[j]*e - 0.5*c*(m[j]*m[j]+v[j]))))
			}
		}
		l = -0.5 * float64(s.n) * math.Log(2*math.Pi)
		for _, y := range s.y {
			l -= 0.5 * y * y
		}
		for j := range q {
			l += s.cross[j] * q[j] * m[j]
			for i := range q {
				if i != j {
					l -= 0.5 * s.gram[j][i] * q[j] * m[j] * q[i] * m[i]
				}
			}
			l -= 0.5 * s.gram[j][j] * q[j] * (m[j]*m[j] + v[j])
			l += 0.5 * (math.Log(v[j]) - m[j]*m[j] - v[j] + 1)
			l += xlogy(q[j], 0.2/q[j]) + xlogy(1-q[j], 0.8/(1-q[j]))
		}
		if l > elbo {
			best, elbo = q, l
		}
	}
	return best, elbo
}

func xlogy(x, y float64) float64 {
	if x == 0 {
		return 0
	}
	return x * math.Log(y)
}

// Score-function gradients, and a relaxation with its unbiased finish, find the
// best mean-field guide.
func TestSpikeAndSlab(t *testing.T) {
	s := newSpike(100, 16)
	exact := s.exact()
	best, elbo := s.meanField()
	for _, how := range []string{"relax", "score"} {
		s.fit(t, how, exact, best, elbo)
	}
}

// chains find the exact probabilities, whatever the guide that they start from.
func (s *spike) chains(t *testing.T, p *runtime.Problem, how string, exact []float64) {
	post := fitGuided(t, p, runtime.Options{})
	t.Logf("%s, chains: %s, %v, in %v", how, post.Verdict(), post.Reasons(), post.FitTime())
	if post.Verdict() != runtime.Good {
		t.Errorf("%s, chains: %s, %v", how, post.Verdict(), post.Reasons())
	}
	for j := range s.k {
		q, err := post.Probability(fmt.Sprintf("s[%d]", j+1), 1)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(q-exact[j]) > 0.03 {
			t.Errorf("s[%d]: chains from %s %.3f, exact %.3f", j+1, how, q, exact[j])
		}
	}
}

func (s *spike) fit(t *testing.T, how string, exact, best []float64, elbo float64) {
	p := bindDiscrete(t, `
data X : real[N, K]
data y : real[N]
s : int[K] ~ Bernoulli(0.2)
beta : real[K] ~ Normal(0, 1)
y ~ Normal(X @ (s * beta), 1)`, map[string]any{"X": s.x, "y": s.y}, map[string]string{"s": how})
	if got := p.Discrete()[0].Strategy; got != how {
		t.Fatalf("the strategy is %s", got)
	}
	s.chains(t, p, how, exact)
	post := fitGuided(t, p, runtime.Options{Correct: "none"})
	got, se := post.Figures().ELBO, post.Figures().MCSE
	t.Logf("%s: ELBO %.2f ± %.2f, of the best mean-field guide %.2f, in %v", how, got, se, elbo, post.FitTime())
	for j := range s.k {
		q, err := post.Probability(fmt.Sprintf("s[%d]", j+1), 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("s[%d]: %s %.3f, best mean-field %.3f, exact %.3f", j+1, how, q, best[j], exact[j])
		if math.Abs(q-best[j]) > 0.1 && math.Abs(q-exact[j]) > 0.1 {
			t.Errorf("s[%d]: %s %.3f, best mean-field %.3f, exact %.3f", j+1, how, q, best[j], exact[j])
		}
	}
	if got > elbo+4*se+0.05 || got < elbo-0.1 {
		t.Errorf("%s: ELBO %.2f ± %.2f, of the best mean-field guide %.2f", how, got, se, elbo)
	}
}

package runtime_test

import (
	"math"
	"testing"

	"ppl/runtime"
)

// A normal sample under the normal-gamma prior, both by precision as in BUGS: the posterior
// in closed form (Gelman et al. 2013, Bayesian Data Analysis, 3.3, with k0 = 1).
func TestPrecisionNormalGamma(t *testing.T) {
	const text = "data y : real[N]\ntau ~ Gamma(2, 3)\nmu ~ Normal(0, precision = tau)\ny ~ Normal(mu, precision = tau)"
	y := []float64{1.2, 0.3, 2.9, 1.7, -0.4, 2.2, 0.9, 1.1, 3.0, 1.6}
	n, sum, squares := float64(len(y)), 0.0, 0.0
	for _, v := range y {
		sum += v
		squares += v * v
	}
	shape, rate := 2+n/2, 3+(squares-sum*sum/(n+1))/2
	post := fitWith(t, text, map[string]any{"y": y}, runtime.Options{Seed: 1})
	checkMoments(t, post, map[string][2]float64{
		"tau": {shape / rate, math.Sqrt(shape) / rate},
		"mu":  {sum / (n + 1), math.Sqrt(rate / (shape - 1) / (n + 1))},
	})
}

// A precision matrix under a Wishart prior by its inverse scale, as BUGS writes it:
// the posterior is Wishart with the cross products added.
func TestPrecisionWishart(t *testing.T) {
	const text = "data y : real[N, 2]\ndata R : cov[2]\nO ~ Wishart(4, inverse_scale = R)\nplate i in 1..N { y[i] ~ MvNormal(zeros(2), precision = O) }"
	y := [][]float64{{0.4, -1}, {1.3, 0.2}, {-0.8, 0.5}, {0.1, 1.9}, {-1.6, -0.7}, {0.9, 0.8}, {-0.3, -1.2}, {2.1, 0.6}}
	r := [][]float64{{2, 0.3}, {0.3, 1}}
	s := [2][2]float64{{2, 0.3}, {0.3, 1}}
	for _, v := range y {
		for i := range s {
			for j := range s {
				s[i][j] += v[i] * v[j]
			}
		}
	}
	det := s[0][0]*s[1][1] - s[0][1]*s[1][0]
	v := [2][2]float64{{s[1][1] / det, -s[0][1] / det}, {-s[0][1] / det, s[0][0] / det}}
	df := 4 + float64(len(y))
	want := map[string][2]float64{}
	for name, at := range map[string][2]int{"O[1,1]": {0, 0}, "O[1,2]": {0, 1}, "O[2,2]": {1, 1}} {
		i, j := at[0], at[1]
		want[name] = [2]float64{df * v[i][j], math.Sqrt(df * (v[i][j]*v[i][j] + v[i][i]*v[j][j]))}
	}
	checkMoments(t, fitWith(t, text, map[string]any{"y": y, "R": r}, runtime.Options{Seed: 1}), want)
}

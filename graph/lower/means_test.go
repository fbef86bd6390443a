package lower_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"ppl/graph/lower"
)

// TestPredictMeans: expectations beside the draws, of every kind of distribution.
func TestPredictMeans(t *testing.T) {
	logit := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	half := math.Sqrt(2 / math.Pi)
	for _, c := range []struct {
		name, text  string
		data, known values
		shape       []int
		want        []float64
		lacks       string
	}{
		{"normal", "data x : real[3]\ndata y : real[3]\nb ~ Normal(0, 1)\ny[i in 1..3] ~ Normal(b * x[i], 1)\n", values{"x": []float64{1, 2, 3}}, values{"b": 2.0}, []int{3}, []float64{2, 4, 6}, ""},
		{"elements that no statement draws", "data y : real[3]\nb ~ Normal(0, 1)\ny[3] ~ Normal(b, 1)\n", values{"y": []float64{1, 2, 3}}, values{"b": 2.0}, []int{3}, []float64{nan, nan, 2}, ""},
		{"autoregression", "data y : real[3]\na ~ Normal(0, 1)\nfor t in 2..3 { y[t] ~ Normal(a * y[t-1], 1) }\n", values{"y": []float64{1, 2, 3}}, values{"a": 0.5, "y": []float64{8, 6, 9}}, []int{3}, []float64{nan, 4, 3}, ""},
		{"autoregression, known in part", "data y : real[3]\na ~ Normal(0, 1)\ny[t in 2..3] ~ Normal(a * y[t-1], 0.000001)\n", nil, values{"a": 0.5, "y": []float64{8, 6, nan}}, []int{3}, []float64{nan, 4, 3}, ""},
		{"Bernoulli", "data y : int[2]\nb ~ Normal(0, 1)\ny[i in 1..2] ~ Bernoulli(logit = b * i)\n", nil, values{"b": 0.7}, []int{2}, []float64{logit(0.7), logit(1.4)}, ""},
		{"Categorical", "data y : int[2]\nb ~ Normal(0, 1)\ny[i in 1..2] ~ Categorical(logit = [0, b, 2 * b])\n", nil, values{"b": math.Ln2}, []int{2, 3}, []float64{1. / 7, 2. / 7, 4. / 7, 1. / 7, 2. / 7, 4. / 7}, ""},
		{"OrderedLogistic", "data y : int\nb ~ Normal(0, 1)\ny ~ OrderedLogistic(b, [0, 1])\n", nil, values{"b": 0.5}, []int{3}, []float64{logit(-0.5), logit(0.5) - logit(-0.5), logit(-0.5)}, ""},
		{"a mixture of categories", "data y : int\nb ~ Beta(1, 1)\ny ~ Mixture([b, 1 - b], Categorical([0.5, 0.5]), Categorical([0.1, 0.9]))\n", nil, values{"b": 0.25}, []int{2}, []float64{0.2, 0.8}, ""},
		{"counts", "data y : int[2]\nb ~ Beta(1, 1)\ny[1] ~ Binomial(10, b)\ny[2] ~ NegBinomial(3, b)\n", nil, values{"b": 0.25}, []int{2}, []float64{2.5, 9}, ""},
		{"Mixture", "data y : real[2]\nb ~ Beta(1, 1)\ny[i in 1..2] ~ Mixture([b, 1 - b], Normal(i, 1), Normal(0, 1) in (0, inf))\n", nil, values{"b": 0.25}, []int{2}, []float64{0.25 + 0.75*half, 0.5 + 0.75*half}, ""},
		{"ZeroInflated", "data y : int[2]\nb ~ Beta(1, 1)\ny ~ ZeroInflated(Poisson(4), b)\n", nil, values{"b": 0.25}, []int{2}, []float64{3, 3}, ""},
		{"vectors", "data y : real[2, 2]\nb ~ Normal(0, 1)\nplate i in 1..2 { y[i] ~ MvNormal([b, i], cov = eye(2)) }\n", nil, values{"b": 7.0}, []int{2, 2}, []float64{7, 1, 7, 2}, ""},
		{"truncated", "data y : real[2]\ndata c : real[2]\nb ~ Normal(0, 1)\ny[i in 1..2] ~ Normal(b, 1) in (c[i], inf)\n", values{"c": []float64{7, math.Inf(-1)}}, values{"b": 7.0}, []int{2}, []float64{7 + half, 7}, ""},
		{"truncated counts", "data y : int\nb ~ Exponential(1)\ny ~ Poisson(b) in 1..inf\n", nil, values{"b": 1.0}, []int{}, []float64{1 / (1 - math.Exp(-1))}, ""},
		{"censored", "data y : real[2]\nb ~ Normal(0, 1)\ny[i in 1..2] ~ Normal(b, 1) censored above 2\n", nil, values{"b": 7.0}, []int{2}, []float64{7, 7}, ""},
		{"no mean", "data y : real[2]\nnu ~ Exponential(1)\ny ~ StudentT(nu, 0, 1)\n", nil, values{"nu": 0.5}, []int{2}, []float64{nan, nan}, "`StudentT` has no expectation with these parameters"},
		{"a mean", "data y : real[2]\nnu ~ Exponential(1)\ny ~ StudentT(nu, 3, 1)\n", nil, values{"nu": 2.0}, []int{2}, []float64{3, 3}, ""},
		{"no mean of a part", "data y : real\nb ~ Beta(1, 1)\ny ~ Mixture([b, 1 - b], Normal(0, 1), Cauchy(0, 1))\n", nil, values{"b": 0.25}, []int{}, []float64{nan}, "`Cauchy` has no expectation"},
		{"no closed form", "data y : real\nb ~ Normal(0, 1)\ny ~ Laplace(b, 1) in (0, 1)\n", nil, values{"b": 0.25}, []int{}, []float64{nan}, "within bounds has no closed form"},
		{"angles", "data y : real\nb ~ Normal(0, 1)\ny ~ VonMises(b, 1)\n", nil, values{"b": 0.25}, []int{}, []float64{nan}, "angles"},
		{"different categories", "data y : int[2]\nb ~ Beta(1, 1)\ny[1] ~ Categorical([b, 1 - b])\ny[2] ~ Categorical([b, 0, 1 - b])\n", nil, values{"b": 0.25}, []int{2, 2}, []float64{0.25, 0.75, nan, nan}, "different numbers of categories"},
		{"a let of data", "data x : real[2]\nlet y = log(x)\nb ~ Normal(0, 1)\ny ~ Normal(b, 1)\n", nil, values{"b": 0.25, "y": []float64{nan, nan}}, []int{2}, []float64{0.25, 0.25}, ""},
	} {
		m := checkedWithout(t, c.text)
		s := draw(t, lower.NewPrediction(m, partlyBound(m, c.data), lower.PredictOptions{Means: true}), knownOf(c.known), 1)
		got := s.Means["y"]
		if got == nil || !slices.Equal(got.Shape, c.shape) || len(got.Data) != len(c.want) {
			t.Errorf("%s: %+v, want shape %v", c.name, got, c.shape)
			continue
		}
		for i, w := range c.want {
			if v := got.Data[i]; !(math.Abs(v-w) < 1e-5 || math.IsNaN(v) && math.IsNaN(w)) {
				t.Errorf("%s: element %d is %g, want %g", c.name, i+1, v, w)
			}
		}
		if why := s.NoMeans["y"]; (why == "") != (c.lacks == "") || !strings.Contains(why, c.lacks) {
			t.Errorf("%s: lacks %q, want %q", c.name, why, c.lacks)
		}
		plain := draw(t, lower.NewPrediction(m, partlyBound(m, c.data), lower.PredictOptions{}), knownOf(c.known), 1)
		if plain.Means != nil || !slices.EqualFunc(plain.Values["y"].Data, s.Values["y"].Data, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }) {
			t.Errorf("%s: other draws without means", c.name)
		}
	}
}

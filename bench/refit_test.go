package bench

import (
	"context"
	"math/rand/v2"
	"testing"

	"ppl/runtime"
)

// BenchmarkRefit fits a regression of three parameters to new data each time, by default and
// with Quick.
func BenchmarkRefit(b *testing.B) {
	for _, quick := range []bool{false, true} {
		b.Run(map[bool]string{false: "default", true: "quick"}[quick], func(b *testing.B) { refit(b, quick) })
	}
}

func refit(b *testing.B, quick bool) {
	m, err := runtime.Compile("line.ppl", []byte("data x : real[N]\ndata y : real[N]\na ~ Normal(0, 10)\nb ~ Normal(0, 10)\nsigma ~ HalfNormal(5)\ny[i in 1..N] ~ Normal(a + b * x[i], sigma)"))
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	var sets []*runtime.Data
	for range 50 {
		x, y := make([]float64, 100), make([]float64, 100)
		for i := range x {
			x[i] = r.NormFloat64()
			y[i] = 1 + 2*x[i] + 0.5*r.NormFloat64()
		}
		sets = append(sets, runtime.Map(map[string]any{"x": x, "y": y}))
	}
	b.ReportAllocs()
	start := processorTime(b)
	for i := 0; b.Loop(); i++ {
		p, err := m.Bind(sets[i%len(sets)])
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Fit(context.Background(), runtime.Options{Seed: 1, Quick: quick}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((processorTime(b)-start).Seconds()*1e3/float64(b.N), "cpu-ms/op")
}

package kernel

import "testing"

var sink float64

// Arguments vary so that branches are not always predicted, over the ranges that models reach.
func benchmarkOne(b *testing.B, f func(float64) float64, low, high float64) {
	var xs [256]float64
	for i := range xs {
		xs[i] = low + (high-low)*float64((i*97)%256)/256
	}
	s := 0.0
	i := 0
	for b.Loop() {
		s += f(xs[i&255])
		i++
	}
	sink = s
}

func BenchmarkSoftplus(b *testing.B)         { benchmarkOne(b, Softplus, -10, 10) }
func BenchmarkInvLogit(b *testing.B)         { benchmarkOne(b, InvLogit, -10, 10) }
func BenchmarkPhi(b *testing.B)              { benchmarkOne(b, Phi, -5, 5) }
func BenchmarkLogPhi(b *testing.B)           { benchmarkOne(b, LogPhi, -10, 5) }
func BenchmarkInvMills(b *testing.B)         { benchmarkOne(b, InvMills, -10, 5) }
func BenchmarkPhiInv(b *testing.B)           { benchmarkOne(b, phiInv, 0.001, 1) }
func BenchmarkLgamma(b *testing.B)           { benchmarkOne(b, Lgamma, 0.1, 30) }
func BenchmarkDigamma(b *testing.B)          { benchmarkOne(b, Digamma, 0.1, 30) }
func BenchmarkTrigamma(b *testing.B)         { benchmarkOne(b, trigamma, 0.1, 30) }
func BenchmarkLogI0(b *testing.B)            { benchmarkOne(b, LogI0, 0, 40) }
func BenchmarkBesselRatio(b *testing.B)      { benchmarkOne(b, BesselRatio, 0, 40) }
func BenchmarkBesselRatioDeriv(b *testing.B) { benchmarkOne(b, BesselRatioDeriv, 0, 60) }

func BenchmarkLbeta(b *testing.B) {
	benchmarkOne(b, func(x float64) float64 { return Lbeta(x, 12) }, 0.1, 30)
}

func BenchmarkGammaP(b *testing.B) {
	benchmarkOne(b, func(x float64) float64 { return gammaP(7, x) }, 0.1, 20)
}

func BenchmarkGammaPUniform(b *testing.B) {
	benchmarkOne(b, func(x float64) float64 { return gammaP(70, x) }, 50, 90)
}

func BenchmarkGammaPDa(b *testing.B) {
	benchmarkOne(b, func(x float64) float64 { return gammaPDa(7, x) }, 0.1, 20)
}

func BenchmarkBetaInc(b *testing.B) {
	benchmarkOne(b, func(x float64) float64 { return betaInc(7, 12, x) }, 0, 1)
}

func BenchmarkBetaIncLarge(b *testing.B) {
	benchmarkOne(b, func(x float64) float64 { return betaInc(2000, 2500, x) }, 0.4, 0.5)
}

func BenchmarkBetaIncQuadrature(b *testing.B) {
	benchmarkOne(b, func(x float64) float64 { return betaInc(20000, 25000, x) }, 0.4, 0.5)
}

func BenchmarkBetaIncDa(b *testing.B) {
	benchmarkOne(b, func(x float64) float64 { return betaIncDa(7, 12, x) }, 0, 1)
}

func BenchmarkLogStudentTCdf(b *testing.B) {
	benchmarkOne(b, func(x float64) float64 { return LogStudentTCdf(4, x) }, -10, 10)
}

func BenchmarkGammaLogQuantile(b *testing.B) {
	benchmarkOne(b, func(z float64) float64 { return GammaLogQuantile(1.5, z) }, -3, 3)
}

func BenchmarkBetaLogitQuantile(b *testing.B) {
	benchmarkOne(b, func(z float64) float64 { return BetaLogitQuantile(2, 3, z) }, -3, 3)
}

func BenchmarkStudentTQuantile(b *testing.B) {
	benchmarkOne(b, func(z float64) float64 { return StudentTQuantile(4, z) }, -3, 3)
}

func BenchmarkTruncatedScore(b *testing.B) {
	benchmarkOne(b, func(z float64) float64 { return TruncatedScore(z, -1, 2) }, -3, 3)
}

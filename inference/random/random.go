// Package random has the random streams of a seed, and what inference draws from them.
package random

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// Stream is the random stream of a seed, a purpose and an index: independent
// of every other and of the order in which streams are used.
func Stream(seed uint64, purpose string, index int) *rand.Rand {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], seed)
	binary.LittleEndian.PutUint64(b[8:], uint64(index))
	return rand.New(rand.NewChaCha8(sha256.Sum256(append(b[:], purpose...))))
}

// Antithetic fills an S×D array with standard normal noise in pairs of
// opposite signs, so that odd moments vanish exactly. A single leftover row is
// plain noise.
func Antithetic(r *rand.Rand, eps []float64, s, d int) {
	for i := 0; i < s; i += 2 {
		for j := 0; j < d; j++ {
			z := r.NormFloat64()
			eps[i*d+j] = z
			if i+1 < s {
				eps[(i+1)*d+j] = -z
			}
		}
	}
}

// Balanced is Antithetic noise whose second moments are exactly one in every
// dimension. With it a fixed-noise ELBO has its optimum at the exact means and
// sds where the target is a product of normals, instead of sds that are off by
// the noise's own, O(1/√S).
func Balanced(r *rand.Rand, eps []float64, s, d int) {
	Antithetic(r, eps, s, d)
	if s < 2 {
		return
	}
	for j := 0; j < d; j++ {
		t := 0.0
		for i := j; i < s*d; i += d {
			t += eps[i] * eps[i]
		}
		c := math.Sqrt(float64(s) / t)
		for i := j; i < s*d; i += d {
			eps[i] *= c
		}
	}
}

// Chi2 draws from the χ² distribution with df degrees of freedom, as twice a
// gamma variate (Marsaglia & Tsang 2000; df ≥ 2).
func Chi2(r *rand.Rand, df float64) float64 {
	d := df/2 - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		u := 1 - r.Float64()
		if math.Log(u) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return 2 * d * v
		}
	}
}

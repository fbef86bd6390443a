package inference

import (
	"math"

	"ppl/graph"
	"ppl/inference/target"
)

// OrderAtZero is the power a with which the probability of a positive latent next to 0 falls,
// P(x < ε) ∝ ε^a, for the latent x = e^u with the unconstrained number i, others being at u: x
// to the power of −m has a mean if m < a. Next to 0 the density of log x has the slope a; it
// is read off far below u. NaN where it is not finite there.
func OrderAtZero(s *target.Surface, i int, u []float64) (float64, error) {
	const below = 25 // e^-25 is small beside whatever the scale of x is
	at, lp, g := append([]float64(nil), u...), make([]float64, 1), make([]float64, s.D)
	at[i] -= below
	if err := s.Gradient(at, lp, g); err != nil || !graph.Finite(lp[0]) || !graph.Finite(g[i]) {
		return math.NaN(), err
	}
	return g[i], nil
}

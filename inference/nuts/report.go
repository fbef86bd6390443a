package nuts

// Places are all draws on the unconstrained scale, chain by chain.
func (r *Result) Places() []float64 {
	var out []float64
	for _, c := range r.Chains {
		for _, q := range c.Draws {
			out = append(out, q...)
		}
	}
	return out
}

// Energies gives the energies by chain, for mcmc.EBFMI.
func (r *Result) Energies() [][]float64 {
	out := make([][]float64, len(r.Chains))
	for c := range r.Chains {
		out[c] = r.Chains[c].Energy
	}
	return out
}

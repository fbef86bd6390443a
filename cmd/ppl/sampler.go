package main

// samplerFlags choose the method, and set NUTS.
type samplerFlags struct {
	Method       string  `enum:"${methods}" default:"variational" help:"variational, or nuts: Hamiltonian Monte Carlo, slower, to check or where the verdict asks for it."`
	Chains       int     `default:"4" help:"nuts: Markov chains, side by side; the draws are shared among them."`
	Warmup       int     `default:"1000" help:"nuts: transitions of each chain that adapt and are not kept."`
	TargetAccept float64 `placeholder:"0.8" help:"Mean acceptance that the steps of Markov chains aim at (0.8; 0.9 for chains that correct a fit); nearer 1 against divergences."`
}

// warmup is the option that package runtime understands: 0 means none here.
func (s *samplerFlags) warmup() int {
	if s.Warmup == 0 {
		return -1
	}
	return s.Warmup
}

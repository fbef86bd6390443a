package inference

var meanField = Family{Name: "meanfield", Doc: "independent latents", fit: (*fitter).meanfield}

// meanfield is the Gaussian with independent coordinates that maximises the ELBO under noise that is
// fixed (see objective), with linear response and importance weights around it.
func (f *fitter) meanfield() (*Answer, error) {
	fit, o, a, err := f.base()
	if err != nil {
		return nil, err
	}
	if err := f.answer(fit, o, a); err != nil {
		return nil, err
	}
	return fit, f.finish(fit, o)
}

package inference

// Written is the name of the family of the guide that the model itself writes down.
const Written = "written"

var written = Family{Name: Written, Doc: "the model's own `guide`", fit: (*fitter).asWritten}

// asWritten is the guide that the model writes down, whose params are known: the noise that it draws from is standard
// normal, and nothing of it is left to be fitted. Latents that it does not draw have the mean-field guide, which
// maximises the ELBO beside it. Its draws have importance weights, of which its k̂ is found. Where these are unsteady the
// noise, in whose coordinates the posterior is the simpler the better the guide, has a guide of its own.
func (f *fitter) asWritten() (*Answer, error) {
	if !f.t.Written() {
		return nil, ErrNoGuide
	}
	f.written = true
	if f.opt.Init != nil { // of latents that the guide draws there is no place to start
		f.opt.Init = nil
	}
	o, a, err := f.fresh(f.t)
	if err != nil {
		return nil, err
	}
	fit := newAnswer(f.t)
	f.take(fit, a)
	fit.Particles = o.S
	if f.t.D > mostWeighted {
		if err := f.plainDraws(fit, a, f.t.D); err != nil {
			return nil, err
		}
		return fit, f.finish(fit, o)
	}
	if err := f.conclude(fit, diagonal(a.loc, a.logsd)); err != nil {
		return nil, err
	}
	if fit.Applied == Importance && fit.Draws.KHat <= SteadyKHat || f.opt.Correct == "none" || f.halted() {
		return fit, nil
	}
	// Its weights are unsteady: the noise is fitted, too, from which the guide leads to latents all the same.
	f.written = false
	better, err := f.meanfield()
	if err != nil || f.why != "" {
		f.mark(fit)
		return fit, nil
	}
	better.KHatMeanField = fit.KHatMeanField
	return better, nil
}

// ErrNoGuide is returned where the model writes down no guide.
var ErrNoGuide = errNoGuide{}

type errNoGuide struct{}

func (errNoGuide) Error() string { return "the model has no `guide`" }

package runtime

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ppl/inference"
	"ppl/inference/methods"
	"ppl/inference/target"
)

// Options set a fit. The zero value of a field means its default.
type Options struct {
	Seed      uint64 // all randomness derives from it
	Particles int    // Monte-Carlo particles of the ELBO; 64
	Draws     int    // posterior draws that are kept; 4000
	Guide     string // one of inference.Guides; "meanfield", or "written" where the model has a `guide`
	Correct   string // one of inference.Corrections; "auto"
	// Temperature is that at which relaxations of discrete latents end, in (0, 1]; 0.1.
	// StraightThrough uses hard draws forwards and relaxed ones backwards.
	Temperature     float64
	StraightThrough bool
	MaxTime         time.Duration // 0: no limit
	// Quick leaves out what checks the answer: further starts, chains, tempering from the prior,
	// more draws. Linear response and importance weights are left, of 1000 draws unless Draws says
	// otherwise; the verdict is Caution at best. It is for fits by the thousand.
	Quick bool
	// Method is "variational", the default, or "nuts": Hamiltonian Monte Carlo, with
	// Chains (4) that share the Draws, after Warmup transitions each (1000; negative:
	// none) that adapt. TargetAccept is the mean acceptance that step sizes aim at, in
	// (0, 1) (0.8; 0.9 to begin with of chains that correct a fit, and where discrete
	// latents move too; nearer 1 against divergences).
	Method         string
	Chains, Warmup int
	TargetAccept   float64
	// Init are values of latents that the fit starts from, on the scale on which the model is written: an array for each latent
	// by name, as for Problem.LogDensity. Latents without a value, and elements that are missing (nil, NaN, labels that an
	// object leaves out), start as they do without it. The default method begins there, and goes on to try its other starts; chains
	// of NUTS start around it; of guide "map" it says which mode is taken. Nil: the origin of the unconstrained scale. See
	// Problem.InitFrom for values of another fit.
	Init *Data
	// Progress is called from time to time while the fit runs, by one goroutine at a time. If
	// it panics the fit ends with a *CallbackError.
	Progress func(Progress)

	init target.Init // what Init has been read to
}

// quickDraws is DefaultDraws of a Quick fit.
const quickDraws = 1000

// DefaultDraws is the number of posterior draws where Options does not say.
const DefaultDraws = 4000

// The most that options may ask for: beyond these a number is a mistake. They are far
// above what is of use, and bound what is allocated.
const (
	MostParticles = 10_000_000
	MostDraws     = 10_000_000
	MostChains    = 1000
	MostWarmup    = 10_000_000
)

// OptionError says that an option has a value that it cannot have, or one that does
// not suit the model.
type OptionError struct {
	// Field is the name of the field, of Options, BindOptions or another struct of options: "Draws",
	// "Fit.Draws"; or of an argument that takes one of few values: "format".
	Field string
	// Why says what is wrong, so that a sentence begins with the name of the option:
	// "must be between 1 and 1000, found -1".
	Why string
}

func (e *OptionError) Error() string { return e.Field + ": " + e.Why }

// Validate reports whether some model can be fitted with these options. The error is
// an *OptionError that names the field; Fit returns the same.
func (o *Options) Validate() error {
	switch {
	case o == nil:
		return &ArgumentError{"Options.Validate", "o"}
	case o.Particles < 0 || o.Particles > MostParticles:
		return outside("Particles", 1, MostParticles, o.Particles)
	case o.Draws < 0 || o.Draws > MostDraws:
		return outside("Draws", 1, MostDraws, o.Draws)
	case o.Chains < 0 || o.Chains > MostChains:
		return outside("Chains", 1, MostChains, o.Chains)
	case o.Warmup > MostWarmup:
		return outside("Warmup", 0, MostWarmup, o.Warmup)
	case o.TargetAccept != 0 && !(o.TargetAccept > 0 && o.TargetAccept < 1):
		return &OptionError{"TargetAccept", fmt.Sprintf("must be between 0 and 1, found %g", o.TargetAccept)}
	case o.Temperature != 0 && !(o.Temperature > 0 && o.Temperature <= 1):
		return &OptionError{"Temperature", fmt.Sprintf("must be above 0 and at most 1, found %g", o.Temperature)}
	case o.Quick && o.Method == MethodNUTS:
		return &OptionError{"Quick", "is not for " + MethodNUTS + ", which checks itself by its chains"}
	case o.MaxTime < 0:
		return &OptionError{"MaxTime", fmt.Sprintf("must not be negative, found %v", o.MaxTime)}
	}
	for _, c := range []struct {
		field, value string
		values       []string
	}{
		{"Guide", o.Guide, inference.Guides},
		{"Correct", o.Correct, inference.Corrections},
		{"Method", o.Method, methods.Names()},
	} {
		if err := oneOf(c.field, c.value, c.values); err != nil {
			return err
		}
	}
	return nil
}

// complete fills in defaults, and refuses what no model can be fitted with, or this one
// cannot.
func (o *Options) complete(p *Problem) error {
	if err := o.Validate(); err != nil {
		return err
	}
	switch {
	case o.Draws == 0 && o.Quick:
		o.Draws = quickDraws
	case o.Draws == 0:
		o.Draws = DefaultDraws
	}
	if o.Chains == 0 {
		o.Chains = 4
	}
	switch written := p.target.Written(); {
	case o.Guide == "" && written && o.Method != MethodNUTS:
		o.Guide = inference.Written
	case o.Guide == inference.Written && !written:
		return &OptionError{"Guide", inference.Written + " is the `guide` that a model writes down, and this one writes none"}
	}
	if asked := p.target.ToIntegrate(); len(asked) > 0 && o.Method == MethodNUTS {
		return &OptionError{"Latents", fmt.Sprintf("%s moves in all latents: `%s` cannot be integrated out", MethodNUTS, asked[0])}
	}
	if err := o.affordable(p.target.D); err != nil {
		return err
	}
	return p.explain(methods.Named(o.Method).Suits(o.run(context.Background()), p.target))
}

// outside is the error of a number that is not in its range.
func outside(field string, least, most, found int) error {
	return &OptionError{field, fmt.Sprintf("must be between %d and %d, found %d", least, most, found)}
}

// oneOf refuses a value that is not one of a list; "" is the default.
func oneOf(field, value string, values []string) error {
	if value == "" || slices.Contains(values, value) {
		return nil
	}
	return &OptionError{field, fmt.Sprintf("must be one of %s, found %q", strings.Join(values, ", "), value)}
}

// mostMemory bounds, in GiB, what a fit is known to need.
const mostMemory = 64

// affordable refuses what no machine holds, since Go cannot recover from running out
// of memory: the least that a fit keeps is a few numbers for each latent and particle,
// and each latent and draw.
func (o *Options) affordable(latents int) error {
	particles, draws := o.Particles, max(o.Draws, methods.MinDraws)
	if particles == 0 {
		particles = inference.DefaultParticles
	}
	need := 8 * float64(latents) * (4*float64(particles) + 2*float64(draws)) / (1 << 30)
	if need <= mostMemory {
		return nil
	}
	field := "Draws"
	if 2*particles > draws {
		field = "Particles"
	}
	return &OptionError{field, fmt.Sprintf("is too much: %d particles and %d draws of %d latents need %.0f GiB at least; ask for fewer", particles, draws, latents, need)}
}

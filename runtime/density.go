package runtime

import (
	"errors"
	"fmt"

	"ppl/inference/target"
)

// LogDensity is the log joint density of latents and data, in nats, at values of the latents on
// the scale on which the model is written, without the Jacobian of any transform: what another
// program, or a pen, makes of the same model. It is −Inf where a value is outside of its support.
// Discrete latents are summed out, unless values holds all of them, too.
//
// values hold an array for each latent, by name, in its shape, and numbers for the elements
// that are missing in data, in their order; other keys are ignored. The error is an *ArgumentError,
// a *PointError where a value is missing or has another shape, or says why discrete latents cannot be summed out.
func (p *Problem) LogDensity(values *Data) (value float64, err error) {
	defer guarded(&err)
	if err := given("Problem.LogDensity", argument{"p", p.made()}, argument{"values", values != nil}); err != nil {
		return 0, err
	}
	tables, err := values.read()
	if err != nil {
		return 0, err
	}
	how := target.Summed
	if len(p.target.Discrete) > 0 {
		how = target.Given
		for _, s := range p.target.Discrete {
			if _, ok := tables.Lookup(s.Symbol.Name); !ok {
				how = target.Summed
			}
		}
	}
	d, err := p.target.NewLogDensity(how)
	if sum := (*target.ErrSummed)(nil); errors.As(err, &sum) {
		return 0, &PointError{sum.Name, sum.Error() + ": give its values, too"}
	}
	if err != nil {
		return 0, err
	}
	at := map[string][]float64{}
	for _, x := range d.Latents {
		var levels []string
		if dims := x.Symbol.Type.Dims; len(dims) > 0 {
			levels = p.bound.Levels[dims[0].String()]
		}
		if at[x.Symbol.Name], err = tables.Point(x.Symbol.Name, x.Shape, levels); err != nil {
			return 0, &PointError{x.Symbol.Name, err.Error()}
		}
	}
	lp, err := d.At(at, 1)
	if err != nil {
		return 0, err
	}
	return lp[0], nil
}

// PointError says what is wrong with a value at which a density is asked for.
type PointError struct{ Name, Why string }

func (e *PointError) Error() string { return fmt.Sprintf("the point: %s", e.Why) }

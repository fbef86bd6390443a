package dist

import (
	"ppl/graph/named"
	"ppl/lang"
)

// LocationScale says which parameters of a distribution move and stretch it on
// the unconstrained scale: X is Location + Scale·Z there with a Z that depends
// on neither. For a distribution on the positive reals, whose unconstrained
// scale is the logarithm, a scale parameter is a location.
type LocationScale struct {
	Location, Scale func(b *named.Builder, p Params) named.Value // nil: 0, and 1
}

func param(name string) func(*named.Builder, Params) named.Value {
	return func(_ *named.Builder, p Params) named.Value { return p.get(name) }
}

func spread(name string) func(*named.Builder, Params) named.Value {
	return func(b *named.Builder, p Params) named.Value { return p.spread(b, name) }
}

func logParam(name string) func(*named.Builder, Params) named.Value {
	return func(b *named.Builder, p Params) named.Value { return b.Log(p.get(name)) }
}

func minusLogRate(b *named.Builder, p Params) named.Value {
	if !p.has("rate") { // another form
		return named.Value{}
	}
	return b.Neg(b.Log(p.get("rate")))
}

var locationScales = map[string]LocationScale{
	"Normal":    {param("mean"), spread("sd")},
	"StudentT":  {param("mean"), spread("scale")},
	"Cauchy":    {param("location"), param("scale")},
	"Laplace":   {param("mean"), param("scale")},
	"Logistic":  {param("location"), param("scale")},
	"Gumbel":    {param("location"), param("scale")},
	"LogNormal": {param("location"), spread("scale")},

	"HalfNormal":   {logParam("sd"), nil},
	"HalfCauchy":   {logParam("scale"), nil},
	"HalfStudentT": {logParam("scale"), nil},
	"Exponential":  {minusLogRate, nil},
	"Gamma":        {minusLogRate, nil},
	"InvGamma":     {logParam("scale"), nil},
	"Weibull":      {logParam("scale"), nil},
	"Rayleigh":     {logParam("scale"), nil},
	"Frechet":      {logParam("scale"), nil},
}

// LocationScaleOf returns the entry of a distribution on the whole line or the
// positive half of it.
func (d *Dist) LocationScaleOf() (LocationScale, bool) {
	if d.Support != lang.SupportReal && d.Support != lang.SupportPositive {
		return LocationScale{}, false
	}
	ls, ok := locationScales[d.Name]
	return ls, ok
}

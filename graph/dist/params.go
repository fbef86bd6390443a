package dist

import "ppl/lang"

// Short forms for the parameters of a declaration: name, what it is, aliases.

func form(ps ...lang.ParamSig) lang.FormSig { return lang.FormSig{Params: ps} }

func par(c lang.ParamConstraint, e lang.Elem, name, doc string, aliases []string) lang.ParamSig {
	return lang.ParamSig{Name: name, Aliases: aliases, Doc: doc, Elem: e, Constraint: c}
}

func loc(name, doc string, aliases ...string) lang.ParamSig {
	return par(lang.AnyReal, lang.Real, name, doc, aliases)
}

func pos(name, doc string, aliases ...string) lang.ParamSig {
	return par(lang.Positive, lang.Real, name, doc, aliases)
}

func nonneg(name, doc string, aliases ...string) lang.ParamSig {
	return par(lang.NonNegative, lang.Real, name, doc, aliases)
}

func unit(name, doc string, aliases ...string) lang.ParamSig {
	return par(lang.Unit, lang.Real, name, doc, aliases)
}

func count(name, doc string, aliases ...string) lang.ParamSig {
	return par(lang.NonNegativeInt, lang.Int, name, doc, aliases)
}

func integer(name, doc string, aliases ...string) lang.ParamSig {
	return par(lang.AnyReal, lang.Int, name, doc, aliases)
}

func vector(name, doc, dim string, c lang.ParamConstraint, aliases ...string) lang.ParamSig {
	p := par(c, lang.Real, name, doc, aliases)
	p.Rank, p.Dims = 1, []string{dim}
	return p
}

func matrix(name, doc, dim string, c lang.ParamConstraint, aliases ...string) lang.ParamSig {
	p := par(c, lang.Real, name, doc, aliases)
	p.Rank, p.Dims = 2, []string{dim, dim}
	return p
}

// def gives a parameter a default, a number.
func def(value string, p lang.ParamSig) lang.ParamSig {
	p.Default = value
	return p
}

// Why a distribution cannot be truncated, or has no distribution function.
const (
	noCDF    = "its distribution function is not supported yet"
	noOrder  = "a multivariate distribution has no interval"
	noNumber = "categories have no interval"
	noArea   = "its density does not integrate to 1"
)

// Why values are no smooth functions of noise, as a clause after the name, with what to do instead.
const (
	noSteps  = "has whole values, which noise moves in jumps only: leave the site out of the guide, and it is summed over, relaxed or scored"
	noProper = "is improper and has no draws: name `Normal` instead, or `Uniform` between bounds"
	noParts  = "is drawn by choosing one of its parts, which is no smooth function of noise: write the choice as a site of its own"
)

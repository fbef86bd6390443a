package check

import (
	"strings"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Hints. The names that people bring from R, Stan, JAGS and BUGS are mapped to
// the names here; other unknown names are compared with those in sight.

// plain reduces a name to what writers agree on: letters and digits in lower case.
func plain(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// tailFunctions are the functions here that Stan's suffixes ask for.
var tailFunctions = map[string]string{"_lcdf": "log_cdf", "_lccdf": "log_ccdf"}

// densitySuffixes mark densities and samplers of other languages.
var densitySuffixes = []string{"_lpdf", "_lpmf", "_lupdf", "_lupmf", "_log", "_rng", "_pdf", "_logpdf", "_lccdf", "_lcdf", "_cdf"}

// likelyDist guesses which distribution a name with another spelling means.
// suffix is the density suffix that it carried, "d" for R's prefix.
func (c *checker) likelyDist(name string) (dist, suffix string, ok bool) {
	stem := name
	for _, s := range densitySuffixes {
		if strings.HasSuffix(stem, s) && len(stem) > len(s) {
			stem, suffix = strings.TrimSuffix(stem, s), s
			break
		}
	}
	if d, ok := c.distOfStem(plain(stem)); ok {
		return d, suffix, true
	}
	if strings.HasPrefix(stem, "d") || strings.HasPrefix(stem, "r") {
		if d, ok := c.distOfStem(plain(stem[1:])); ok {
			return d, "d", true
		}
	}
	return "", "", false
}

// distOfStem finds a distribution by the plain form of its name, here or elsewhere.
func (c *checker) distOfStem(stem string) (dist string, ok bool) {
	for _, n := range c.cat.DistNames() {
		if plain(n) == stem {
			return n, true
		}
	}
	if d, ok := foreignStems[stem]; ok && c.isDist(d) {
		return d, true
	}
	if s, ok := foreignDists[stem]; ok {
		d, _, _ := strings.Cut(s.write, "(")
		return d, c.isDist(d)
	}
	return "", false
}

// unknownDistHint says what to write instead of an unknown distribution.
func (c *checker) unknownDistHint(call *ast.Call) string {
	name := call.Fn.Name
	s, foreign := foreignDists[plain(name)]
	if _, own := c.fns[name]; own || c.isFn(name) && !foreign {
		if d, _, ok := c.likelyDist(name); ok && !own {
			return "did you mean `" + d + "`? `" + name + "(...)` is a value"
		}
		return "`" + name + "` is a function; to add a log density of your own, use `factor " + name + "(...)`"
	}
	if foreign {
		if d, _, _ := strings.Cut(s.write, "("); c.ownKeyword(call, s, d) {
			return "write `" + c.renamed(call, d) + "`"
		}
		return c.rewritten(call, s)
	}
	d, suffix, ok := c.likelyDist(name)
	switch {
	case !ok:
		return didYouMean(name, c.cat.DistNames())
	case suffix != "" && suffix != "d":
		return "`" + name + "` is a density elsewhere; did you mean `~ " + d + "(...)`?"
	}
	return "write `" + c.renamed(call, d) + "`"
}

// renamed is the text of a call with another name.
func (c *checker) renamed(call *ast.Call, name string) string {
	return name + c.src.Slice(diag.Span{Start: call.Fn.Span().End, End: call.Span().End})
}

// unknownFuncHint says what to write instead of an unknown function.
func (c *checker) unknownFuncHint(call *ast.Call) string {
	name := call.Fn.Name
	if s, ok := foreignFuncs[name]; ok {
		return c.rewritten(call, s)
	}
	if d, suffix, ok := c.likelyDist(name); ok {
		if suffix == "_rng" {
			return "to draw from it when predicting, use `generate x_new ~ " + d + "(...)`"
		}
		x, args := c.densityArgs(call)
		if tail, ok := tailFunctions[suffix]; ok {
			return "write `" + tail + "(" + d + "(" + args + "), " + x + ")`"
		}
		return "for a log density, write `log_density(" + d + "(" + args + "), " + x + ")`; to draw, `" + x + " ~ " + d + "(" + args + ")`"
	}
	var names []string
	for n := range c.fns {
		names = append(names, n)
	}
	return didYouMean(name, append(names, c.cat.FuncNames()...))
}

// densityArgs are the value and the parameters of a density of another system,
// `normal_lpdf(x | mu, sd)` or `dnorm(x, mu, sd)`.
func (c *checker) densityArgs(call *ast.Call) (x, args string) {
	var texts []string
	for _, a := range call.Args {
		texts = append(texts, c.src.Slice(a.Span()))
	}
	if len(texts) == 0 {
		return "x", "..."
	}
	return texts[0], strings.Join(texts[1:], ", ")
}

// unknownNameHint says what an unknown value may have meant.
func (c *checker) unknownNameHint(name string) string {
	switch name {
	case "target", "lp__":
		return "to add a term to the log density, write `factor E`"
	case "Inf", "INFINITY", "infinity", "Infinity":
		return "infinity is written `inf`"
	case "TRUE", "True", "FALSE", "False":
		return "write `" + strings.ToLower(name) + "`"
	case "PI", "Pi":
		return "write `pi`"
	case "NA", "NaN", "nan", "null":
		return "missing values belong in the data, declared as `real?[N]`"
	}
	if hint := didYouMean(name, c.visible()); hint != "" || c.fn != nil {
		return hint
	}
	return c.priorHint(name)
}

// priorHint says how to make a name stand for something: by a prior, which
// depends on where it is used, or as data.
func (c *checker) priorHint(name string) string {
	switch c.role {
	case roleSize:
		return "lengths come from the data: `data x : real[" + name + "]`, or `data " + name + " : int`"
	case roleIndex:
		if c.leftOf != nil && c.leftOf.Dist != nil {
			return c.leftHint(name)
		}
		return "if it is data, declare it: `data " + name + " : int[N]`, or `factor(J)[N]` for labels"
	}
	prior, data := name+" ~ Normal(0, 1)", "data "+name+" : real"
	switch c.role {
	case roleScale:
		prior = name + " ~ HalfNormal(1)"
	case roleProbability:
		prior = name + " ~ Beta(1, 1)"
	case roleArray:
		prior, data = name+"[k in 1..K] ~ Normal(0, 1)", data+"[N]"
	}
	return "give it a prior, `" + prior + "`, or declare it as data, `" + data + "`"
}

// leftHint names an index of a left side where it runs: `y[i in 1..N] ~ ...`.
func (c *checker) leftHint(name string) string {
	length := "N"
	var parts []string
	for p, ix := range c.leftOf.Index {
		text := c.src.Slice(ix.Span())
		if x, ok := ix.Arg.Expr.(*ast.Name); ok && x.Name == name && ix.Binder == nil {
			if in, ok := c.findQuietly(c.leftOf.Name.Name); ok && in.array == nil && p < in.sym.Type.Rank() {
				length = in.sym.Type.Dims[p].String()
			}
			text += " in 1.." + length
		}
		parts = append(parts, text)
	}
	return "write `" + c.leftOf.Name.Name + "[" + strings.Join(parts, ", ") + "] ~ " + c.text(c.leftOf.Dist) + "`, or put it into a plate"
}

// role is the place in which an expression stands, for the hint about a name
// that is not defined.
type role int

const (
	roleNone role = iota
	roleScale
	roleProbability
	roleArray
	roleIndex
	roleSize
)

// as runs check, which checks e in a role. Of a larger expression than a name
// only a size says what its names are.
func (c *checker) as(r role, e ast.Expr, check func()) {
	was := c.role
	c.role = r
	if _, ok := ast.Unparen(e).(*ast.Name); !ok && r != roleSize {
		c.role = roleNone
	}
	check()
	c.role = was
}

// roleOf is the role of an argument of a distribution.
func roleOf(k lang.ParamConstraint) role {
	switch k {
	case lang.Positive, lang.NonNegative:
		return roleScale
	case lang.Unit:
		return roleProbability
	}
	return roleNone
}

func didYouMean(name string, candidates []string) string {
	if s := diag.Suggest(name, candidates); s != "" {
		return "did you mean `" + s + "`?"
	}
	return ""
}

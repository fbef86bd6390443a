package check

import (
	"fmt"
	"slices"
	"strings"

	"ppl/lang"
	"ppl/lang/ast"
)

// Forms. A distribution has one or more parameter lists; the first that takes
// the arguments given is meant. Arguments in order are those of the first form,
// keywords may name a parameter or an alias. Where no form fits, the message
// speaks of the form that comes nearest.

// chooseForm matches arguments with the first form that takes them.
func (c *checker) chooseForm(dc *distCall, args []ast.Arg) bool {
	sig := dc.Sig
	best, bestScore := 0, -1
	for i := range sig.Forms {
		score, fits := formScore(sig, i, args)
		if fits {
			dc.Form = i
			return c.fill(dc, args)
		}
		if score > bestScore {
			best, bestScore = i, score
		}
	}
	dc.Form = best
	if len(sig.Forms) == 0 {
		sig = &lang.DistSig{Name: sig.Name, Forms: []lang.FormSig{{}}}
	}
	c.explainArgs(sig, best, dc.call, args)
	for _, a := range args {
		if c.asDist(a.Value) == nil {
			c.expr(a.Value)
		}
	}
	return false
}

// paramIndex finds a parameter by name or alias.
func paramIndex(ps []lang.ParamSig, name string) int {
	for i, p := range ps {
		if p.Name == name {
			return i
		}
		for _, a := range p.Aliases {
			if a == name {
				return i
			}
		}
	}
	return -1
}

// place gives the parameter that each argument fills, -1 where there is none.
// Positional arguments are those of the first form.
func place(sig *lang.DistSig, form int, args []ast.Arg) []int {
	first, ps := sig.Forms[0].Params, sig.Forms[form].Params
	out := make([]int, len(args))
	for i, a := range args {
		switch {
		case a.Name != nil:
			out[i] = paramIndex(ps, a.Name.Name)
		case i < len(first):
			out[i] = paramIndex(ps, first[i].Name)
		default:
			out[i] = -1
		}
	}
	return out
}

// formScore reports whether a form takes the arguments, and how near it comes.
func formScore(sig *lang.DistSig, form int, args []ast.Arg) (score int, fits bool) {
	ps := sig.Forms[form].Params
	given := make([]bool, len(ps))
	fits = true
	for i, k := range place(sig, form, args) {
		switch {
		case k < 0:
			fits = false
		case given[k]:
			fits = false
			score++
		default:
			given[k] = true
			score += 2
			if args[i].Name != nil {
				score += 2
			}
		}
	}
	for k, p := range ps {
		if !given[k] && p.Default == "" {
			fits = false
		}
	}
	return score, fits
}

// fill stores the arguments by parameter.
func (c *checker) fill(dc *distCall, args []ast.Arg) bool {
	dc.DistCall.Args = make([]ast.Expr, len(dc.Sig.Forms[dc.Form].Params))
	for i, k := range place(dc.Sig, dc.Form, args) {
		dc.DistCall.Args[k] = args[i].Value
	}
	return true
}

// explainArgs reports what is wrong with the arguments, against the form that
// comes nearest.
func (c *checker) explainArgs(sig *lang.DistSig, form int, call *ast.Call, args []ast.Arg) {
	ps := sig.Forms[form].Params
	if c.listedApart(sig, ps, call, args) {
		return
	}
	given := make([]*ast.Arg, len(ps))
	wrong := false
	for i, k := range place(sig, form, args) {
		a := &args[i]
		switch {
		case k < 0 && a.Name != nil:
			c.unknownKeyword(sig, form, a)
			wrong = true
		case k < 0:
			c.report(TooManyArguments, a.Span(), "`%s` takes %s", sig.Name, counted(len(ps), "argument")).expected("%s", signature(sig)).
				hint("%s", c.withoutLocation(sig, form, args))
			wrong = true
		case given[k] != nil:
			c.report(DuplicateArgument, a.Span(), "the argument `%s` is given twice", ps[k].Name).related(given[k].Span(), "first given here")
			wrong = true
		default:
			given[k] = a
		}
	}
	if wrong {
		return
	}
	var missing []string
	for k, p := range ps {
		if given[k] == nil && p.Default == "" {
			missing = append(missing, "`"+p.Name+"`")
		}
	}
	c.report(MissingArgument, call.Span(), "`%s` lacks %s", sig.Name, strings.Join(missing, ", ")).expected("%s", signature(sig))
}

// listedApart reports the elements of a vector that are given as arguments of
// their own: `Dirichlet(1, 1, 1)`.
func (c *checker) listedApart(sig *lang.DistSig, ps []lang.ParamSig, call *ast.Call, args []ast.Arg) bool {
	if len(ps) != 1 || ps[0].Rank != 1 || sig.TakesDists || len(args) < 2 {
		return false
	}
	for _, a := range args {
		if a.Name != nil {
			return false
		}
	}
	all := args[0].Span().To(args[len(args)-1].Span())
	c.report(TooManyArguments, all, "`%s` takes its %s as one vector", sig.Name, ps[0].Name).expected("%s", signature(sig)).
		hint("write `%s([%s])`", sig.Name, c.src.Slice(all))
	return true
}

// withoutLocation writes the call of a half distribution without the 0 that
// other systems have for where it starts.
func (c *checker) withoutLocation(sig *lang.DistSig, form int, args []ast.Arg) string {
	if !strings.HasPrefix(sig.Name, "Half") || len(args) != len(sig.Forms[form].Params)+1 || len(args) < 2 {
		return ""
	}
	location := len(args) - 2 // before the scale
	if x, ok := constValue(args[location].Value); !ok || x != 0 {
		return ""
	}
	var kept []string
	for i, a := range args {
		if i != location {
			kept = append(kept, c.src.Slice(a.Span()))
		}
	}
	return "it starts at 0 and has no location: write `" + sig.Name + "(" + strings.Join(kept, ", ") + ")`"
}

func (c *checker) unknownKeyword(sig *lang.DistSig, form int, a *ast.Arg) {
	var names []string
	other := false
	for i, f := range sig.Forms {
		for _, p := range f.Params {
			names = append(append(names, p.Name), p.Aliases...)
			other = other || i != form && paramIndex(f.Params, a.Name.Name) >= 0
		}
	}
	if other {
		c.report(UnknownArgument, a.Name.Span(), "`%s` cannot be combined with the other arguments of `%s`", a.Name.Name, sig.Name).expected("%s", signature(sig))
		return
	}
	c.report(UnknownArgument, a.Name.Span(), "`%s` has no argument `%s`", sig.Name, a.Name.Name).
		expected("%s", signature(sig)).hint("%s", c.unknownParamHint(a, names))
}

// otherScales are names of what other systems take for the spread of a
// distribution, and how to get the sd from it.
var otherScales = map[string]string{
	"variance": "sqrt(%s)", "var": "sqrt(%s)", "sigma2": "sqrt(%s)", "sigma_sq": "sqrt(%s)", "sigmasq": "sqrt(%s)",
	"precision": "1 / sqrt(%s)", "prec": "1 / sqrt(%s)", "tau": "1 / sqrt(%s)",
}

func (c *checker) unknownParamHint(a *ast.Arg, names []string) string {
	if hint := c.weightHint(a); hint != "" {
		return hint
	}
	if from, ok := otherScales[a.Name.Name]; ok && slices.Contains(names, "sd") {
		return "it takes an sd: write `sd = " + fmt.Sprintf(from, c.text(a.Value)) + "`"
	}
	if (a.Name.Name == "scale" || a.Name.Name == "theta") && slices.Contains(names, "rate") {
		return "it takes a rate, 1/scale: write `" + putIn("rate = 1 / $1", []string{operandText(c.text(a.Value), a.Value)}) + "`"
	}
	return didYouMean(a.Name.Name, names)
}

// signature writes the forms of a distribution.
func signature(sig *lang.DistSig) string {
	var forms []string
	for i, f := range sig.Forms {
		var ps []string
		for _, p := range f.Params {
			text := p.Name
			if i > 0 && paramIndex(sig.Forms[0].Params, p.Name) < 0 {
				text += " = ..."
			}
			if p.Default != "" {
				text += " = " + p.Default
			}
			ps = append(ps, text)
		}
		forms = append(forms, sig.Name+"("+strings.Join(ps, ", ")+")")
	}
	return strings.Join(forms, " or ")
}

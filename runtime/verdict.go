package runtime

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"ppl/inference"
	"ppl/lang"
)

const (
	goodKHat    = inference.SteadyKHat
	cautionKHat = inference.UsableKHat
	poorSpread  = 1 // of the variances: they would be infinite
	goodESS     = inference.FewESS
	goodMCSE    = 0.05 // sds
)

// poorMove is how far, in sds, the answer may lie from the mean-field location where
// nothing else checks it: a guide that is that wrong is no basis for linear response.
// Measured on six models of 303 to 1,003 latents: 0.02 and 0.29 where means are right, 0.53 to
// 0.96 where they are wrong.
const poorMove = 0.45

// poorLocation is the Monte-Carlo error of a location, in sds, at which it is none.
const poorLocation = 0.3

func moved(sds float64) string {
	if sds > 3 {
		return "more than 3"
	}
	return fmt.Sprintf("%.1f", sds)
}

// judge sets the verdict and its reasons.
func (post *making) judge() {
	post.verdict, post.reasons = Good, nil
	f := post.fit
	if f.Applied == inference.ExactSum {
		if len(f.Target.Discrete) > 0 {
			post.reasons = []string{"exact: all latents are discrete, and were summed out"}
		}
		return
	}
	post.judgeRounding(f)
	post.judgeConvergence(f)
	post.judgeDraws(f)
	post.judgeModes(f)
	post.judgeLook(f)
	post.judgeFinite()
	if post.options.Quick {
		post.lower(Caution, "a quick fit: one start, and nothing but the weights has checked the answer")
	}
	if why := f.Uncorrected(); why != "" && post.verdict != Good && f.Applied != inference.NoCorrection {
		post.lower(Caution, "Markov chains were tried, and came to nothing: %s", why)
	}
	if len(post.reasons) == 0 {
		post.reasons = []string{fmt.Sprintf("converged, one mode found, k̂ = %.2f, %.0f effective draws", f.Draws.KHat, f.Draws.ESS)}
	}
	post.noteMoments()
	post.noteSymmetry()
}

// judgeFinite looks for quantities with draws that are not finite. A latent must
// have none; a `let` may be undefined for some values of the latents, which is
// said, and does not make the rest worse.
func (post *making) judgeFinite() {
	derived := map[string]bool{}
	if post.problem != nil {
		for _, s := range post.problem.model.checked.Lets {
			derived[s.Name] = true
		}
	}
	told := map[string]bool{}
	for _, q := range post.quantities {
		if !q.NotFinite || told[q.Symbol] {
			continue
		}
		told[q.Symbol] = true
		if !derived[q.Symbol] {
			post.lower(Poor, "`%s` has draws that are not finite", q.Name)
			continue
		}
		n, draws := 0, q.Draws()
		for _, x := range draws {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				n++
			}
		}
		post.lower(Caution, "`%s` is not finite in %d of %d draws: it has no mean", q.Name, n, len(draws))
	}
}

// standing orders verdicts, the best first.
func standing(v Verdict) int { return slices.Index([]Verdict{Good, Caution, Poor}, v) }

// lower lowers the verdict, if it is better than v, and gives the reason.
func (post *making) lower(v Verdict, format string, args ...any) {
	if standing(v) > standing(post.verdict) {
		post.verdict = v
	}
	post.reasons = append(post.reasons, fmt.Sprintf(format, args...))
}

func (post *making) judgeConvergence(f *inference.Answer) {
	switch {
	case f.Interrupted:
		post.lower(Poor, "interrupted before the answer was complete")
	case f.TimedOut:
		post.lower(Poor, "the time limit was reached before the answer was complete")
	case !f.Converged:
		post.lower(Poor, "the optimiser did not converge: %s", f.Ended)
	case len(f.Flat) > 0:
		post.lower(Poor, "the posterior is flat in a direction of %s: the data and priors do not identify it", quoted(post.sites(f)))
	case f.NoResponse != "" && f.Applied != inference.Importance: // weights make up for it
		post.lower(Poor, "no linear response: %s", f.NoResponse)
	}
}

// sites names the latents that own the flat coordinates.
func (post *making) sites(f *inference.Answer) []string {
	var out []string
	for _, i := range f.Flat {
		if name := post.owner(f, i); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// owner names the latent that an unconstrained coordinate belongs to.
func (post *making) owner(f *inference.Answer, i int) string {
	for _, s := range f.Target.Slots {
		if i >= s.Offset && i < s.Offset+s.Free.Size() {
			return s.Site.Name
		}
	}
	return ""
}

func (post *making) judgeDraws(f *inference.Answer) {
	k := f.Draws.KHat
	switch {
	case f.Point:
		post.lower(Poor, "a mode is a point: it says nothing of how uncertain the latents are")
		if len(f.Higher) > 0 {
			post.lower(Poor, "another start leads to a higher mode, of log density %.1f: this one, of %.1f, is that of the starting values", f.Higher[0].ELBO, f.Modes[0].ELBO)
		}
		return
	case f.Applied == inference.NoCorrection && post.guide() != inference.Guides[0] && math.IsNaN(k):
		post.lower(Caution, "the draws are the guide's own: nothing has checked them")
	case f.Applied == inference.NoCorrection && k > cautionKHat:
		post.lower(Poor, "k̂ = %.2f: the guide is far from the posterior; its sds, at least, are wrong", k)
	case f.Applied == inference.NoCorrection && f.Uncorrected() != "":
		post.lower(Caution, "the mean-field guide ignores posterior correlations: its sds can be too small, and no Markov chains have checked them: %s", f.Uncorrected())
	case f.Applied == inference.NoCorrection && post.guide() == inference.Guides[0]:
		post.lower(Caution, "the mean-field guide ignores posterior correlations: its sds can be too small, and nothing has checked them")
	case math.IsNaN(k) && f.Moved.SDs > poorMove:
		post.lower(Poor, "the guide and linear response do not fit together: with the correlations of linear response `%s` would move by %s sds", post.owner(f, f.Moved.Coordinate), moved(f.Moved.SDs))
	case math.IsNaN(k) && f.LocError > poorLocation:
		post.lower(Poor, "the means of linear response have a Monte-Carlo error of up to %.1f sds: its draws are far from the posterior", f.LocError)
	case math.IsNaN(k):
		post.lower(Caution, "sds are those of linear response; importance weights, which would check them, were not used")
	case k > cautionKHat:
		post.lower(Poor, "k̂ = %.2f: the posterior has a shape that a Gaussian cannot follow; try `Options.Method nuts`", k)
	case k > goodKHat:
		post.lower(Caution, "k̂ = %.2f: importance weights are unsteady; compare with `Options.Method nuts`", k)
	}
	if s := f.Draws.Spread; f.Applied == inference.Importance && s.KHat > cautionKHat {
		v := Caution
		if s.KHat > poorSpread {
			v = Poor
		}
		post.lower(v, "k̂ of the variance of `%s` is %.2f: its tails are not covered, its sd may be too small; compare with `Options.Method nuts`", post.owner(f, s.Coordinate), s.KHat)
	}
	if f.Applied == inference.Importance && f.Draws.ESS < goodESS {
		post.lower(Caution, "only %.0f effective draws", f.Draws.ESS)
	}
	if f.Applied == inference.NoCorrection {
		return
	}
	post.judgeMoments()
}

func (post *making) judgeModes(f *inference.Answer) {
	if n := len(f.Modes); n > 1 {
		post.lower(Poor, "%d modes were found, with ELBOs %s: the answer describes the first alone%s", n, modeELBOs(f), post.apart(f))
	} else if f.Integrates {
		post.lower(Caution, "solutions of a differential equation often fit the data in several ways, of which %d starting points may have missed the best: look at the fitted curve, and try other seeds", f.Starts)
	}
}

// noteSymmetry says which labels and signs the model does not tell apart: their modes have
// the same mass, and figures are of all of them.
func (post *making) noteSymmetry() {
	s := post.fit.Symmetry
	if s == nil {
		return
	}
	for _, x := range s.Exchanges {
		for _, class := range x.Classes {
			var labels []string
			for _, k := range class {
				labels = append(labels, fmt.Sprint(k+1))
			}
			post.reasons = append(post.reasons, fmt.Sprintf("labels %s of %s can be exchanged: there is a mode for each order of them, and figures are of all; to tell them apart order one of these (`ordered`, `positive_ordered`)",
				strings.Join(labels, ", "), quoted(symbolNames(x.Sites))))
		}
	}
	for _, x := range s.Flips {
		post.reasons = append(post.reasons, fmt.Sprintf("the sign of %s can be changed: there is a mode with each, and figures are of both; bound one (`HalfNormal`, `in (0, inf)`) to tell them apart", quoted(symbolNames(x.Sites))))
	}
}

func symbolNames(sites []*lang.Symbol) []string {
	var out []string
	for _, s := range sites {
		if !slices.Contains(out, s.Name) {
			out = append(out, s.Name)
		}
	}
	return out
}

// judgeLook lowers the verdict where particles that were tempered from the prior say
// something else.
func (post *making) judgeLook(f *inference.Answer) {
	if l := f.Look; l != nil && !l.Agrees {
		post.lower(Poor, "particles that were tempered from the prior differ from the answer in `%s`: it has missed a part of the posterior, such as another mode; the default method weighs what they find", post.owner(f, l.Coordinate))
	}
}

// apart names the latent in which the first two modes are furthest apart, in sds of the
// guide.
func (post *making) apart(f *inference.Answer) string {
	a, b := f.Modes[0].Loc, f.Modes[1].Loc
	most, at := 0.0, -1
	for i := range min(len(a), len(b), len(f.LogSD)) {
		if d := math.Abs(a[i]-b[i]) / math.Exp(f.LogSD[i]); d > most {
			most, at = d, i
		}
	}
	if at < 0 {
		return ""
	}
	return fmt.Sprintf("; they differ most in `%s`", post.owner(f, at))
}

func modeELBOs(f *inference.Answer) string {
	text := ""
	for i, m := range f.Modes {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%.1f", m.ELBO)
	}
	return text
}

// guide is the family of the approximation.
func (post *making) guide() string {
	if post.options.Guide == "" {
		return inference.Guides[0]
	}
	return post.options.Guide
}

package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"ppl/graph"
	"ppl/runtime/answer"
)

// Styles of text on a terminal, as codes of ANSI's select graphic rendition.
const (
	strong = "1"
	green  = "1;32"
	yellow = "1;33"
	red    = "1;31"
)

// Options say how an answer is shown.
type Options struct {
	// Paint gives text a style; nil leaves it plain.
	Paint func(style, text string) string
	// Names are the quantities to show: symbols, or elements; nil: all.
	Names []string
	// All shows every element of long arrays; Verbose adds how the fit ended, and the log
	// density of each statement.
	All, Verbose bool
	// Quantiles are the probabilities, in (0, 1), of the quantiles to show; nil: 0.05, 0.5
	// and 0.95. HDI, if it is not 0, shows the shortest interval of that probability in
	// their place.
	Quantiles []float64
	HDI       float64
}

func (o *Options) paint(style, text string) string {
	if o.Paint == nil {
		return text
	}
	return o.Paint(style, text)
}

func (o *Options) strong(text string) string { return o.paint(strong, text) }

// page is an answer that is being shown.
type page struct {
	*answer.Answer
	Options
	w io.Writer
}

// Text prints a header, the table, and how far to believe it.
func Text(w io.Writer, a *answer.Answer, o Options) error {
	b := &strings.Builder{} // which a writer that fails has no part in
	p := &page{a, o, b}
	p.header()
	p.how()
	p.interrupted()
	p.params()
	p.summary()
	p.discrete()
	if s := p.Sampling; p.Asked.Method == nuts && s != nil {
		p.chains(s)
	} else {
		p.figures()
	}
	p.verdict()
	if p.Verbose {
		p.details()
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// nuts is the method whose draws are of chains alone.
const nuts = "nuts"

// header names the model and says how large the problem is.
func (p *page) header() {
	parts := []string{p.strong(Printable(p.Model.Name))}
	var sizes []string
	for _, s := range p.Sizes {
		sizes = append(sizes, fmt.Sprintf("%s = %d", s.Name, s.Length))
	}
	if len(sizes) > 0 {
		parts = append(parts, strings.Join(sizes, ", "))
	}
	latents := fmt.Sprintf("%d unconstrained latents", p.Latents)
	if f := p.Figures; len(f.Integrated) > 0 {
		latents += fmt.Sprintf(", %d of them integrated out (%s)", f.IntegratedNumbers, Printable(strings.Join(f.Integrated, ", ")))
	}
	fmt.Fprintln(p.w, strings.Join(append(parts, latents), "; "))
}

// how says how the answer was found.
func (p *page) how() {
	s, applied := p.Sampling, p.Figures.Applied
	switch {
	case p.Batches != nil:
		fmt.Fprintf(p.w, "%s\n\n", p.batches())
	case p.Asked.Method == nuts && s != nil:
		how := "NUTS"
		if p.Figures.Guided {
			how += " and Gibbs sweeps"
		}
		fmt.Fprintf(p.w, "%s, %s, %d draws after %d of warm-up in each, seed %d\n\n", how, Count(s.Chains, "chain"), s.Draws, s.Warmup, p.Asked.Seed)
	case applied == answer.ExactSum && len(p.Strategies) == 0:
		fmt.Fprintf(p.w, "no latents: params at their estimates\n\n")
	case applied == answer.ExactSum:
		fmt.Fprintf(p.w, "exact: all latents are summed out\n\n")
	case p.Figures.Point:
		fmt.Fprintf(p.w, "%s, seed %d\n\n", p.approximation(), p.Asked.Seed)
	case s != nil && applied == answer.Tempered:
		fmt.Fprintf(p.w, "%s of %d particles, tempered from the prior, %s of each, seed %d\n\n", Count(s.Chains, "run"), s.Particles, Count(s.Draws/s.Particles, "draw"), p.Asked.Seed)
	case s != nil:
		fmt.Fprintf(p.w, "%s, %s from it, %d draws after %d of warm-up in each, seed %d\n\n", p.approximation(), Count(s.Chains, "Markov chain"), s.Draws, s.Warmup, p.Asked.Seed)
	default:
		fmt.Fprintf(p.w, "%s, %d particles, %d draws, seed %d\n\n", p.approximation(), p.Figures.Particles, p.Asked.Draws, p.Asked.Seed)
	}
}

// batches says how rows were taken.
func (p *page) batches() string {
	b := p.Batches
	how := p.approximation()
	if p.Figures.Applied == answer.ExactSum {
		how = "no latents"
	}
	text := fmt.Sprintf("%s, batches of %s, %s", how, Count(b.Size, "row"), Count(b.Epochs, "epoch"))
	if b.Exact > 0 {
		text += " and 1 exact pass"
		if b.Exact > 1 {
			text = fmt.Sprintf("%s%d exact passes", strings.TrimSuffix(text, "1 exact pass"), b.Exact)
		}
	}
	return fmt.Sprintf("%s, seed %d", text, p.Asked.Seed)
}

// approximation says in words what the answer is.
func (p *page) approximation() string {
	name := map[string]string{"meanfield": "mean-field guide", "fullrank": "full-rank guide", "lowrank": "low-rank guide",
		"laplace": "Laplace approximation", "map": "posterior mode", "written": "guide as written"}[p.Asked.Guide]
	applied := p.Figures.Applied
	switch {
	case p.Figures.Evidence != nil && applied == answer.ImportanceWeights:
		return "particles tempered from the prior, importance weights"
	case p.Figures.Evidence != nil:
		name = "particles tempered from the prior"
	case p.Asked.Guide == "meanfield" && applied != answer.NoCorrection && applied != answer.MarkovChains:
		name += ", linear response"
	}
	if applied == answer.ImportanceWeights {
		name += ", importance weights"
	}
	return name
}

// interrupted says that the fit was stopped by the user or the clock.
func (p *page) interrupted() {
	if !p.Figures.Interrupted && !p.Figures.TimedOut {
		return
	}
	what, left := "TIME LIMIT reached", "this is the best that was found"
	if p.Figures.Interrupted {
		what = "INTERRUPTED"
	}
	if p.Asked.Method == nuts && p.Sampling != nil {
		left = "these are the draws so far"
	}
	fmt.Fprintf(p.w, "%s after %s: %s.\n\n", p.paint(yellow, what), duration(p.Fitting), left)
}

// figures are those of a fit and of what corrects it.
func (p *page) figures() {
	f, s := &p.Figures, p.Sampling
	name := "ELBO "
	if f.Point {
		name = "log p"
	}
	if f.Evidence != nil { // what the guide says of itself no longer matters
		fmt.Fprintf(p.w, "evidence %s\n", plusMinus(f.Evidence.Value, f.Evidence.MCSE))
	} else {
		fmt.Fprintf(p.w, "%s    %s%s\n", name, plusMinus(f.ELBO, f.MCSE), beyond(f.Beyond))
	}
	if p.Batches != nil && p.Batches.HeldOut != nil {
		h := p.Batches.HeldOut
		fmt.Fprintf(p.w, "held out %s, in nats a row: ELBO %s, bound of %d draws %s\n", Count(h.Rows, "row"), strings.TrimSuffix(plusMinus(h.ELBO, h.ELBOError), " nats"), h.Samples, strings.TrimSuffix(plusMinus(h.Bound, h.BoundError), " nats"))
		fmt.Fprintf(p.w, "         k̂ above 0.7 in %.1f %% of them\n", 100*h.Unsteady)
	}
	if !math.IsNaN(f.KHat) {
		alone := fmt.Sprintf(" (guide alone %s)", Fixed(f.KHatMeanField, 2))
		if p.Batches != nil {
			alone = "" // it was not weighed
		}
		fmt.Fprintf(p.w, "k̂        %s%s, %.0f effective draws\n", Fixed(f.KHat, 2), alone, f.ESS)
	}
	if s != nil && f.Applied == answer.Tempered {
		fmt.Fprintf(p.w, "runs     %s\n", mixing(s))
	} else if s != nil {
		p.chains(s)
	}
}

// beyond says in words why an ELBO is infinite.
func beyond(share float64) string {
	if share == 0 {
		return ""
	}
	return fmt.Sprintf(": %.2g %% of the guide lie beyond the support", 100*share)
}

// chains prints the diagnostics of Markov chains.
func (p *page) chains(s *answer.Sampling) {
	fmt.Fprintf(p.w, "chains   %s, %s\n", mixing(s), Count(s.Divergences, "divergence"))
	if s.Restarts > 0 {
		fmt.Fprintf(p.w, "         %s: chains that could not move from where they started\n", Count(s.Restarts, "restart"))
	}
}

// mixing says how well chains, or runs, agree.
func mixing(s *answer.Sampling) string {
	return fmt.Sprintf("R̂ at most %s, effective draws at least %s (bulk) and %s (tail)", rhat(s.RHat), effective(s.ESSBulk), effective(s.ESSTail))
}

// verdict prints the verdict with its reasons, and the time.
func (p *page) verdict() {
	style := red
	switch p.Verdict {
	case answer.Good:
		style = green
	case answer.Caution:
		style = yellow
	}
	fmt.Fprintf(p.w, "verdict  %s\n", p.paint(style, string(p.Verdict)))
	for _, why := range p.Reasons {
		fmt.Fprintf(p.w, "         - %s\n", Printable(why))
	}
	fmt.Fprintf(p.w, "time     %s to compile, %s to fit\n", duration(p.Compiling), duration(p.Fitting))
}

// details are what Verbose adds.
func (p *page) details() {
	if s := p.Sampling; p.Asked.Method == nuts && s != nil {
		p.steps(s)
		return
	}
	fmt.Fprintf(p.w, "ended    %s, after %d evaluations of the log density or its derivatives\n", p.Figures.Ended, p.Figures.Evaluations)
	if len(p.Parts) == 0 {
		return
	}
	fmt.Fprintln(p.w)
	t := &Table{Head: []string{"expected log density", "line", "nats"}}
	for _, part := range p.Parts {
		name, line := part.Site+" ~", fmt.Sprint(part.Line)
		switch {
		case part.Jacobian:
			name, line = "transforms (log Jacobian)", ""
		case len(part.Summed) > 0:
			name = strings.Join(part.Summed, ", ") + " (summed out)"
		case part.Site == "":
			name = "factor"
		case part.Latent:
			name += " (prior)"
		}
		t.Add(name, line, Fixed(part.Mean, 2))
	}
	t.Write(p.w, p.strong)
}

// steps says how chains of NUTS moved.
func (p *page) steps(s *answer.Sampling) {
	fmt.Fprintf(p.w, "ended    %s, after %d gradients; %d trajectories of greatest length\n", p.Figures.Ended, p.Figures.Evaluations, s.Saturated)
	metric := "variances"
	if s.Dense {
		metric = "covariances"
	}
	var chains []string
	for i := range s.StepSize {
		step := fmt.Sprintf("%.3g", s.StepSize[i])
		if i < len(s.EBFMI) {
			step += fmt.Sprintf(" (E-BFMI %s)", Fixed(s.EBFMI[i], 2))
		}
		chains = append(chains, step)
	}
	fmt.Fprintf(p.w, "steps    %s; the metric has %s\n", strings.Join(chains, ", "), metric)
}

// plusMinus prints an estimate and its Monte-Carlo error, with two digits of the error.
func plusMinus(value, mcse float64) string {
	switch {
	case !graph.Finite(value):
		return nonFinite(value) + " nats"
	case !graph.Finite(mcse) || mcse <= 0:
		return fmt.Sprintf("%.6g nats", value)
	}
	d := min(1-int(math.Floor(math.Log10(mcse))), 6)
	if math.Abs(value) >= 1e9 {
		return fmt.Sprintf("%s ± %s nats", scientific(value, d), scientific(mcse, d))
	}
	d = max(0, d)
	return fmt.Sprintf("%s ± %s nats", Fixed(value, d), Fixed(mcse, d))
}

// duration prints a time with two or three digits.
func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", max(1, d.Milliseconds()))
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// Count is a number of things in words: "no chains", "1 chain", "4 chains".
func Count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

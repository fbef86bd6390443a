package main

import (
	"fmt"
	"io"
	"math"
	"ppl/graph"
	"strings"
	"time"

	"ppl/inference"
	"ppl/inference/tails"
	"ppl/lang"
	"ppl/runtime"
)

// writeText prints a header, the table, and how far to believe it.
func (c *fitCmd) writeText(e *env, r *result) {
	w := e.stdout
	fmt.Fprintln(w, c.header(e, r))
	if r.post.Applied() == inference.ExactSum {
		fmt.Fprintf(w, "exact: all latents are summed out\n\n")
	} else if r.post.Point() {
		fmt.Fprintf(w, "%s, seed %d\n\n", approximation(r.post), c.Seed)
	} else if s := r.post.Sampling(); s != nil && r.post.Applied() == inference.Tempered {
		fmt.Fprintf(w, "%s of %d particles, tempered from the prior, %s of each, seed %d\n\n", count(s.Chains, "run"), s.Particles, count(s.Draws/s.Particles, "draw"), c.Seed)
	} else if s != nil {
		fmt.Fprintf(w, "%s, %s from it, %d draws after %d of warm-up in each, seed %d\n\n", approximation(r.post), count(s.Chains, "Markov chain"), s.Draws, s.Warmup, c.Seed)
	} else {
		fmt.Fprintf(w, "%s, %d particles, %d draws, seed %d\n\n", approximation(r.post), r.post.Particles(), c.Draws, c.Seed)
	}
	if c.interrupted(r.post) {
		what := "TIME LIMIT reached"
		if r.post.Interrupted() {
			what = "INTERRUPTED"
		}
		fmt.Fprintf(w, "%s after %s: this is the best that was found.\n\n", e.paintOut(bold+yellow, what), duration(r.post.FitTime))
	}
	if len(r.post.Quantities()) > 0 {
		t := summaryTable(r.post.Quantities(), c.All)
		t.write(w, func(s string) string { return e.paintOut(strong, s) })
		fmt.Fprintln(w)
	}
	c.writeDiscrete(e, r)
	value, mcse := r.post.ELBO()
	name := "ELBO "
	if r.post.Point() {
		name = "log p"
	}
	if l := r.post.Look(); l.Used { // what the guide says of itself no longer matters
		fmt.Fprintf(w, "evidence %s\n", plusMinus(l.LogEvidence, l.MCSE))
	} else {
		fmt.Fprintf(w, "%s    %s%s\n", name, plusMinus(value, mcse), beyond(r.post))
	}
	if k := r.post.KHat(); !math.IsNaN(k) {
		fmt.Fprintf(w, "k̂        %s (guide alone %s), %.0f effective draws\n", fixed(k, 2), fixed(r.post.KHatMeanField(), 2), r.post.ESS())
	}
	if s := r.post.Sampling(); s != nil && r.post.Applied() == inference.Tempered {
		fmt.Fprintf(w, "runs     %s\n", mixing(s))
	} else if s != nil {
		writeChains(w, s)
	}
	c.writeVerdict(e, r)
	if c.Verbose {
		c.writeDetails(e, r)
	}
}

// beyond says in words why an ELBO is infinite.
func beyond(post *runtime.Posterior) string {
	share := post.Beyond()
	if share == 0 {
		return ""
	}
	return fmt.Sprintf(": %.2g %% of the guide lie beyond the support", 100*share)
}

// writeVerdict prints the verdict with its reasons, and the time.
func (c *fitCmd) writeVerdict(e *env, r *result) {
	w := e.stdout
	fmt.Fprintf(w, "verdict  %s\n", e.paintOut(verdictStyle(r.post.Verdict), string(r.post.Verdict)))
	for _, why := range r.post.Reasons {
		fmt.Fprintf(w, "         - %s\n", printable(why))
	}
	fmt.Fprintf(w, "time     %s to compile, %s to fit\n", duration(r.compile), duration(r.post.FitTime))
}

// writeChains prints the diagnostics of Markov chains.
func writeChains(w io.Writer, s *runtime.Sampling) {
	fmt.Fprintf(w, "chains   %s, %s\n", mixing(s), count(s.Divergences, "divergence"))
	if s.Restarts > 0 {
		fmt.Fprintf(w, "         %s: chains that could not move from where they started\n", count(s.Restarts, "restart"))
	}
}

// mixing says how well chains, or runs, agree.
func mixing(s *runtime.Sampling) string {
	return fmt.Sprintf("R̂ at most %s, effective draws at least %s (bulk) and %s (tail)", rhat(s.RHat), effective(s.ESSBulk), effective(s.ESSTail))
}

// interrupted reports whether the fit was stopped by the user or the clock.
func (c *fitCmd) interrupted(post *runtime.Posterior) bool {
	return post.Interrupted() || post.TimedOut()
}

// approximation says in words what the answer is.
func approximation(post *runtime.Posterior) string {
	name := map[string]string{"meanfield": "mean-field guide", "fullrank": "full-rank guide", "lowrank": "low-rank guide",
		"laplace": "Laplace approximation", "map": "posterior mode"}[post.Guide()]
	switch a := post.Applied(); {
	case post.Look().Used && a == inference.Importance:
		return "particles tempered from the prior, importance weights"
	case post.Look().Used:
		name = "particles tempered from the prior"
	case post.Guide() == "meanfield" && a != inference.NoCorrection && a != inference.Sampled:
		name += ", linear response"
	}
	if post.Applied() == inference.Importance {
		name += ", importance weights"
	}
	return name
}

func verdictStyle(v runtime.Verdict) string {
	switch v {
	case runtime.Good:
		return bold + green
	case runtime.Caution:
		return bold + yellow
	}
	return bold + red
}

// header names the model and says how large the problem is.
func (c *fitCmd) header(e *env, r *result) string {
	parts := []string{e.paintOut(strong, printable(r.model.Name()))}
	if s := sizes(r.problem); s != "" {
		parts = append(parts, s)
	}
	parts = append(parts, fmt.Sprintf("%d unconstrained latents", r.problem.Latents()))
	return strings.Join(parts, "; ")
}

// sizes lists the dimensions of the data: `J = 8, N = 100`.
func sizes(p *runtime.Problem) string {
	target := p.Target()
	var out []string
	seen := map[string]bool{}
	for _, d := range target.Model.Data {
		for _, dim := range d.Type.Dims {
			for _, s := range dim.Symbols() {
				n, ok := sizeOf(p, s)
				if ok && !seen[s.Name] {
					seen[s.Name] = true
					out = append(out, fmt.Sprintf("%s = %d", s.Name, n))
				}
			}
		}
	}
	return strings.Join(out, ", ")
}

// sizeOf is the value of a dimension: one that shapes bind, or an int of the data.
func sizeOf(p *runtime.Problem, s *lang.DimSym) (int, bool) {
	if n, ok := p.Target().Data.Dims[s.Name]; ok {
		return n, true
	}
	if v, ok := p.Target().Data.Values[s.Name]; ok && len(v.Shape) == 0 && len(v.Data) == 1 {
		return int(v.Data[0]), true
	}
	return 0, false
}

// writeDetails is what -v adds.
func (c *fitCmd) writeDetails(e *env, r *result) {
	w := e.stdout
	fmt.Fprintf(w, "ended    %s, after %d evaluations of the log density or its derivatives\n", r.post.Ended(), r.post.Evaluations())
	if len(r.post.Parts()) == 0 {
		return
	}
	fmt.Fprintln(w)
	t := &table{head: []string{"expected log density", "line", "nats"}}
	source := r.model.Tree().Source
	for _, part := range r.post.Parts() {
		f := part.Factor
		name, line := f.Site+" ~", fmt.Sprint(source.Position(f.Span.Start).Line)
		switch {
		case f.Site == "" && f.Span.End == 0:
			name, line = "transforms (log Jacobian)", ""
		case len(f.Summed) > 0:
			name = strings.Join(f.Summed, ", ") + " (summed out)"
		case f.Site == "":
			name = "factor"
		case f.Latent:
			name += " (prior)"
		}
		t.add(name, line, fixed(part.Mean, 2))
	}
	t.write(w, func(s string) string { return e.paintOut(strong, s) })
}

// summaryTable has a row for each quantity; long arrays are folded unless all
// are wanted.
func summaryTable(quantities []runtime.Quantity, all bool) *table {
	t := &table{head: []string{"", "mean", "sd", "5%", "50%", "95%"}}
	if len(quantities) > 0 && quantities[0].RHat != 0 {
		t.head = append(t.head, "R̂", "bulk", "tail")
	}
	for len(quantities) > 0 {
		n := 1
		for n < len(quantities) && quantities[n].Symbol == quantities[0].Symbol {
			n++
		}
		addArray(t, quantities[:n], all)
		quantities = quantities[n:]
	}
	return t
}

// Arrays longer than foldAbove show their first foldShown elements and the last.
const (
	foldAbove = 12
	foldShown = 5
)

func addArray(t *table, elements []runtime.Quantity, all bool) {
	for i := range elements {
		q := &elements[i]
		if !all && len(elements) > foldAbove && i >= foldShown && i < len(elements)-1 {
			if i == foldShown {
				t.add(fmt.Sprintf("... %d more", len(elements)-foldShown-1))
			}
			continue
		}
		cells := append([]string{q.Name}, row(placeScale(q), q.Mean, q.SD, q.Q5, q.Q50, q.Q95)...)
		if q.Moments == tails.None {
			cells[1] = absent
		}
		if q.Moments == tails.None || q.Moments == tails.Mean {
			cells[2] = absent
		}
		if len(t.head) > len(cells) {
			cells = append(cells, chainCells(q)...)
		}
		t.add(cells...)
	}
}

// placeScale is what the digits of a row are counted from: its sd or, without one, the
// smaller distance of a quantile from the median, so that a long tail hides neither.
func placeScale(q *runtime.Quantity) float64 {
	if q.Moments == tails.Both || q.Moments == "" {
		return q.SD
	}
	return math.Min(q.Q50-q.Q5, q.Q95-q.Q50) / 1.6448536269514722
}

// absent stands for a figure that does not exist.
const absent = "–"

// chainCells are R̂ and the effective draws of a quantity: a constant has none.
func chainCells(q *runtime.Quantity) []string {
	if q.SD == 0 {
		return []string{absent, absent, absent}
	}
	return []string{rhat(q.RHat), effective(q.ESSBulk), effective(q.ESSTail)}
}

// rhat prints R̂, which says nothing by its size where no chain moves.
func rhat(x float64) string {
	switch {
	case math.IsNaN(x):
		return absent
	case x > 1000:
		return ">1000"
	}
	return fixed(x, 3)
}

func effective(x float64) string {
	if !graph.Finite(x) {
		return absent
	}
	return fixed(x, 0)
}

// plusMinus prints an estimate and its error, with two digits of the error.
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
	return fmt.Sprintf("%s ± %s nats", fixed(value, d), fixed(mcse, d))
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

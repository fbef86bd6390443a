package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"

	"ppl/runtime"
)

type sbcCmd struct {
	Model      string   `arg:"" help:"The model; \"-\" is standard input."`
	Data       []string `short:"d" sep:"none" placeholder:"DATA" help:"What is not drawn: sizes, predictors. A JSON or CSV file, or name=value. May be repeated."`
	Replicates int      `default:"200" help:"Data sets to draw and fit."`
	Draws      int      `default:"99" help:"Posterior draws that each latent is ranked among."`
	Level      float64  `default:"0.01" help:"Probability that exact fits of a right model fail."`
	Seed       uint64   `default:"1" help:"All randomness derives from it."`
	Method     string   `enum:"variational,nuts" default:"variational" help:"How each data set is fitted, as in ppl fit."`
	Chains     int      `default:"4" help:"nuts: Markov chains of each fit."`
	Warmup     int      `default:"1000" help:"nuts: transitions of each chain that adapt."`
	Format     string   `enum:"text,json" default:"text" help:"Print a table (text), or one JSON object (json)."`
	All        bool     `help:"Show every number, not only the worst."`
	Strict     bool     `help:"Exit with status 3 if the calibration fails."`
	Quiet      bool     `short:"q" help:"Show neither progress nor warnings."`
}

// Run draws, fits, and prints what the ranks say.
func (c *sbcCmd) Run(e *env) error {
	if err := c.valid(); err != nil {
		return err
	}
	model, err := e.compile(c.Model)
	if err != nil {
		return err
	}
	from, err := model.Simulator(runtime.Files(e.ctx, c.Data...))
	if err != nil {
		return err
	}
	if !c.Quiet {
		e.render(from.Warnings())
	}
	out, err := c.calibrate(e, from)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		err = c.writeJSON(e, model, out)
	} else {
		c.writeText(e, model, out)
	}
	if err == nil && (out.Interrupted || c.Strict && !out.Passed) {
		return told(exitPoor)
	}
	return err
}

// options are those of package runtime.
func (c *sbcCmd) options() runtime.SBCOptions {
	return runtime.SBCOptions{
		Seed: c.Seed, Replicates: c.Replicates, Draws: c.Draws, Level: c.Level,
		Fit: runtime.Options{Method: c.Method, Chains: c.Chains, Warmup: c.Warmup},
	}
}

func (c *sbcCmd) valid() error {
	for _, given := range []positive{{"--replicates", float64(c.Replicates), runtime.MostReplicates}, {"--draws", float64(c.Draws), runtime.MostRanks},
		{"--chains", float64(c.Chains), runtime.MostChains}, {"--warmup", float64(max(c.Warmup, 0)), runtime.MostWarmup}} {
		if err := given.valid(); err != nil {
			return err
		}
	}
	if c.Level == 0 {
		return usage("--level must be between 0 and 1, found 0")
	}
	opt := c.options()
	return opt.Validate()
}

// calibrate runs until all replicates are done, or an interrupt stops it.
func (c *sbcCmd) calibrate(e *env, from *runtime.Simulator) (*runtime.SBC, error) {
	ctx, stop := signal.NotifyContext(e.ctx, os.Interrupt)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	show := newProgress(e, c.Quiet)
	defer show.remove()
	opt := c.options()
	opt.Progress = show.replicates
	return from.SBC(ctx, opt)
}

func (p *progress) replicates(done, total int) {
	if p.bar != nil {
		p.bar.Describe(fmt.Sprintf("%d of %d fits", done, total))
	}
}

// shownCalibrations is how many numbers the table has without --all.
const shownCalibrations = 20

func (c *sbcCmd) writeText(e *env, model *runtime.Model, out *runtime.SBC) {
	w := e.stdout
	fmt.Fprintf(w, "%s; %s\n", e.paintOut(strong, printable(model.Name())), count(len(out.Quantities), "latent"))
	fmt.Fprintf(w, "simulation-based calibration, %d fits by %s, ranks among %d draws, seed %d\n\n", out.Replicates, c.Method, out.Draws, c.Seed)
	t := &table{head: []string{"", "χ²", "ECDF", "p", "mean", "sd", "ranks"}}
	for i, q := range out.Quantities {
		if !c.All && i >= shownCalibrations && q.P >= out.Level {
			continue
		}
		t.add(q.Name, fixed(q.Test.ChiSquare, 3), fixed(q.Test.ECDF, 3), fixed(q.P, 3), fixed(q.Test.Mean, 2), fixed(q.Test.SD, 2), histogram(q.Test.Counts))
	}
	if hidden := len(out.Quantities) - len(t.rows); hidden > 0 {
		t.add(fmt.Sprintf("... %d more", hidden))
	}
	if len(t.rows) > 0 {
		t.write(w, func(s string) string { return e.paintOut(strong, s) })
		fmt.Fprintln(w)
	}
	verdict, style := "passed", bold+green
	switch {
	case out.Failed:
		verdict, style = "failed", bold+red
	case !out.Passed:
		verdict, style = "interrupted", bold+yellow
	}
	fmt.Fprintf(w, "fits     %d good, %d caution, %d poor, %d without an answer\n", out.Verdicts[runtime.Good], out.Verdicts[runtime.Caution],
		out.Verdicts[runtime.Poor], failures(out))
	for _, why := range slices.Sorted(maps.Keys(out.Failures)) {
		fmt.Fprintf(w, "         - %s (%d)\n", printable(why), out.Failures[why])
	}
	fmt.Fprintf(w, "verdict  %s\n", e.paintOut(style, verdict))
	for _, why := range out.Reasons {
		fmt.Fprintf(w, "         - %s\n", printable(why))
	}
}

func failures(out *runtime.SBC) int {
	n := 0
	for _, k := range out.Failures {
		n += k
	}
	return n
}

// histogram draws counts as blocks of eight heights; the middle height is what
// uniform ranks would have.
func histogram(counts []int) string {
	total := 0
	for _, n := range counts {
		total += n
	}
	var b strings.Builder
	for _, n := range counts {
		height := 4 * float64(n) * float64(len(counts)) / float64(max(1, total))
		b.WriteRune([]rune("▁▂▃▄▅▆▇█")[min(7, int(height))])
	}
	return b.String()
}

// The object of --format json, in the order of its keys.
type sbcReport struct {
	Model       string          `json:"model"`
	Seed        uint64          `json:"seed"`
	Method      string          `json:"method"`
	Replicates  int             `json:"replicates"`
	Used        int             `json:"used"`
	Draws       int             `json:"draws"`
	Level       number          `json:"level"`
	Fits        map[string]int  `json:"fits"`
	Failures    map[string]int  `json:"failures"`
	Parameters  json.RawMessage `json:"parameters"`
	Passed      bool            `json:"passed"`
	Reasons     []string        `json:"reasons"`
	Interrupted bool            `json:"interrupted"`
}

type calibration struct {
	ChiSquare number `json:"p_chisq"`
	ECDF      number `json:"p_ecdf"`
	P         number `json:"p"`
	Mean      number `json:"mean"`
	SD        number `json:"sd"`
	Ranks     []int  `json:"ranks"`
}

func (c *sbcCmd) writeJSON(e *env, model *runtime.Model, out *runtime.SBC) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, q := range out.Quantities {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := enc.Encode(q.Name); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := enc.Encode(calibration{number(q.Test.ChiSquare), number(q.Test.ECDF), number(q.P), number(q.Test.Mean), number(q.Test.SD), q.Ranks}); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	fits := map[string]int{}
	for _, v := range []runtime.Verdict{runtime.Good, runtime.Caution, runtime.Poor} {
		fits[string(v)] = out.Verdicts[v]
	}
	whole := json.NewEncoder(e.stdout)
	whole.SetEscapeHTML(false)
	whole.SetIndent("", "  ")
	return whole.Encode(sbcReport{model.Name(), c.Seed, c.Method, out.Replicates, out.Used, out.Draws, number(out.Level), fits, out.Failures,
		b.Bytes(), out.Passed, append([]string{}, out.Reasons...), out.Interrupted})
}

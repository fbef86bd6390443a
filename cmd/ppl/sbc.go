package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"

	"ppl/runtime"
	"ppl/runtime/report"
)

type sbcCmd struct {
	Model      string   `arg:"" help:"The model; \"-\" is standard input."`
	Data       []string `short:"d" sep:"none" placeholder:"DATA" help:"What is not drawn: sizes, predictors. A file (JSON, .jsonl, CSV, .parquet, .npy, .npz), or name=value. May be repeated."`
	Replicates int      `default:"200" help:"Data sets to draw and fit."`
	Draws      int      `default:"99" help:"Posterior draws that each latent is ranked among."`
	Level      float64  `default:"0.01" help:"Probability that exact fits of a right model fail."`
	Seed       uint64   `default:"1" help:"All randomness derives from it."`
	Method     string   `enum:"${methods}" default:"variational" help:"How each data set is fitted, as in ppl fit."`
	Chains     int      `default:"4" help:"nuts: Markov chains of each fit."`
	Warmup     int      `default:"1000" help:"nuts: transitions of each chain that adapt."`
	Guide      string   `enum:",${guides}" default:"" placeholder:"FAMILY" help:"Family of the approximation, as in ppl fit."`
	Discrete   []string `sep:"none" placeholder:"SITE=HOW" help:"How to handle a discrete latent, as in ppl fit. May be repeated."`
	Engine     string   `enum:"plan,tape" default:"plan" help:"Executor, as in ppl fit."`
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
	from, err := model.Simulator(model.Files(e.ctx, c.Data...))
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
func (c *sbcCmd) options() (runtime.SBCOptions, error) {
	how, err := strategies(c.Discrete)
	if err != nil {
		return runtime.SBCOptions{}, err
	}
	return runtime.SBCOptions{
		Seed: c.Seed, Replicates: c.Replicates, Draws: c.Draws, Level: c.Level,
		Fit:  runtime.Options{Method: c.Method, Chains: c.Chains, Warmup: c.Warmup, Guide: c.Guide},
		Bind: runtime.BindOptions{Engine: c.Engine, Discrete: how},
	}, nil
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
	opt, err := c.options()
	if err != nil {
		return err
	}
	return opt.Validate()
}

// calibrate runs until all replicates are done, or an interrupt stops it.
func (c *sbcCmd) calibrate(e *env, from *runtime.Simulator) (*runtime.SBC, error) {
	ctx, stop := signal.NotifyContext(e.ctx, os.Interrupt)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	show := newProgress(e, c.Quiet)
	defer show.remove()
	opt, err := c.options()
	if err != nil {
		return nil, err
	}
	opt.Progress = show.update
	out, err := from.SBC(ctx, opt)
	if stopped := (*runtime.Stopped)(nil); errors.As(err, &stopped) && stopped.SBC != nil {
		return stopped.SBC, nil
	}
	return out, stoppedEarly(err)
}

// shownCalibrations is how many numbers the table has without --all.
const shownCalibrations = 20

func (c *sbcCmd) writeText(e *env, model *runtime.Model, out *runtime.SBC) {
	w := e.stdout
	fmt.Fprintf(w, "%s; %s\n", e.paintOut(strong, report.Printable(model.Name())), report.Count(len(out.Quantities), "latent"))
	fmt.Fprintf(w, "simulation-based calibration, %d fits by %s, ranks among %d draws, seed %d\n\n", out.Replicates, c.Method, out.Draws, c.Seed)
	t := &report.Table{Head: []string{"", "χ²", "ECDF", "p", "mean", "sd", "ranks"}}
	for i, q := range out.Quantities {
		if !c.All && i >= shownCalibrations && q.P >= out.Level {
			continue
		}
		t.Add(q.Name, report.Fixed(q.Test.ChiSquare, 3), report.Fixed(q.Test.ECDF, 3), report.Fixed(q.P, 3), report.Fixed(q.Test.Mean, 2), report.Fixed(q.Test.SD, 2), histogram(q.Test.Counts))
	}
	if hidden := len(out.Quantities) - len(t.Rows); hidden > 0 {
		t.Add(fmt.Sprintf("... %d more", hidden))
	}
	if len(t.Rows) > 0 {
		t.Write(w, func(s string) string { return e.paintOut(strong, s) })
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
		fmt.Fprintf(w, "         - %s (%d)\n", report.Printable(why), out.Failures[why])
	}
	fmt.Fprintf(w, "verdict  %s\n", e.paintOut(style, verdict))
	for _, why := range out.Reasons {
		fmt.Fprintf(w, "         - %s\n", report.Printable(why))
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
	Level       report.Number   `json:"level"`
	Fits        map[string]int  `json:"fits"`
	Failures    map[string]int  `json:"failures"`
	Parameters  json.RawMessage `json:"parameters"`
	Passed      bool            `json:"passed"`
	Reasons     []string        `json:"reasons"`
	Interrupted bool            `json:"interrupted"`
}

type calibration struct {
	ChiSquare report.Number `json:"p_chisq"`
	ECDF      report.Number `json:"p_ecdf"`
	P         report.Number `json:"p"`
	Mean      report.Number `json:"mean"`
	SD        report.Number `json:"sd"`
	Ranks     []int         `json:"ranks"`
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
		if err := enc.Encode(calibration{report.Number(q.Test.ChiSquare), report.Number(q.Test.ECDF), report.Number(q.P), report.Number(q.Test.Mean), report.Number(q.Test.SD), q.Ranks}); err != nil {
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
	return whole.Encode(sbcReport{model.Name(), c.Seed, c.Method, out.Replicates, out.Used, out.Draws, report.Number(out.Level), fits, out.Failures,
		b.Bytes(), out.Passed, append([]string{}, out.Reasons...), out.Interrupted})
}

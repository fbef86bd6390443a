package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"ppl/lang/diag"
	"ppl/runtime"
	"ppl/runtime/report"
)

type fitCmd struct {
	Model           string        `arg:"" help:"The model; \"-\" is standard input."`
	Data            []string      `short:"d" sep:"none" placeholder:"DATA" help:"Data: a file (JSON, .jsonl, CSV, .parquet, .npy, .npz), or name=value. May be repeated."`
	Seed            uint64        `default:"1" help:"All randomness derives from it."`
	Sampler         samplerFlags  `embed:""`
	Guide           string        `enum:",${guides}" default:"" placeholder:"FAMILY" help:"Family of the approximation: ${families}. The default is written where the model has a guide of its own, else meanfield."`
	Correct         string        `enum:"auto,linear,none" default:"auto" help:"What mends the guide: linear response and importance weights (auto), linear response alone (linear), nothing (none)."`
	Particles       int           `default:"64" help:"Monte-Carlo particles of the ELBO."`
	Draws           int           `default:"4000" help:"Posterior draws that are kept. Means and quantiles are of at least 4096, so that asking for few costs no accuracy."`
	Discrete        []string      `sep:"none" placeholder:"SITE=HOW" help:"How to handle a discrete latent: exact (summed out), expect (averaged over a guide), relax (Gumbel-softmax) or score (sampled). May be repeated."`
	Latents         []string      `sep:"none" placeholder:"SITE=HOW" help:"Whether a latent whose posterior is Gaussian given the others is integrated out: integrate or keep. Of those that are not named the program decides. May be repeated."`
	Temperature     *float64      `help:"Temperature at which relaxations end: 0.1, in batches 0.5."`
	StraightThrough bool          `help:"Relaxations use hard draws forwards."`
	Init            []string      `sep:"none" placeholder:"POINT" help:"Start from values of the latents: a JSON file, or name=value, which may be repeated; or from the medians of a saved fit (.zarr.zip)."`
	MaxTime         time.Duration `placeholder:"10s" help:"Stop after this time and report what there is."`
	Quick           bool          `help:"Linear response and importance weights alone, from one start, of 1000 draws: nothing checks the answer, and the verdict is caution at best."`
	Batch           string        `placeholder:"DIM=ROWS" help:"Take the rows along a dimension in batches, --batch N=256, read as they are wanted: for data that are large, or larger than memory. Particles are of each row then, 1 unless --particles says otherwise."`
	Epochs          int           `placeholder:"100" help:"How often each row is used at most, with --batch; 100, or as often as makes 40,000 steps."`
	HeldOut         []string      `sep:"none" placeholder:"DATA" help:"Data of rows that are not learned from, with --batch: how well they are described is reported, in nats a row. May be repeated."`
	Resume          string        `placeholder:"FIT" help:"Go on with a saved fit in batches that was stopped, or whose epochs were too few: with the same --batch, data and seed."`
	Rate            float64       `placeholder:"0.001" help:"Keep this rate of Adam for all --epochs, with --batch; without it the rate is lowered until that gains little."`
	Engine          string        `enum:"plan,tape" default:"plan" help:"Executor: plan, or tape (slow, for comparison)."`
	Output          string        `short:"o" placeholder:"FILE" help:"Write the draws: CSV as CmdStan writes it (.csv), Parquet (.parquet), or a saved fit (.zarr.zip); \"-\" writes plain CSV to standard output, and the report to standard error."`
	PerChain        bool          `help:"nuts: write CSV with a file for each chain: x_1.csv, x_2.csv, ... for -o x.csv."`
	Long            bool          `help:"Parquet: a row for each number, with variable, index, chain and draw."`
	Save            string        `placeholder:"FIT" help:"Save the fit to a file (.zarr.zip), for ppl show, ArviZ and xarray."`
	NoData          bool          `help:"Save the fit without the data."`
	Format          string        `enum:"text,json" default:"text" help:"Print a table (text), or one JSON object (json)."`
	All             bool          `help:"Show every element of long arrays."`
	Strict          bool          `help:"Exit with status 3 if the verdict is poor."`
	Verbose         bool          `short:"v" help:"Also show unused data, evaluations and the log density of each statement."`
	Quiet           bool          `short:"q" help:"Show neither progress nor warnings."`
}

// result is a fit with what belongs in its report.
type result struct {
	model   *runtime.Model
	problem *runtime.Problem
	post    *runtime.Posterior
}

// Run compiles, fits, writes the draws and prints the report, which a full disk
// does not take away.
func (c *fitCmd) Run(e *env) error {
	if err := c.valid(); err != nil {
		return err
	}
	r := &result{}
	var err error
	if r.model, err = e.compile(c.Model); err != nil {
		return err
	}
	if c.Batch != "" {
		err = c.inBatches(e, r)
	} else {
		err = c.whole(e, r)
	}
	if err != nil {
		return err
	}
	unwritten := c.write(e, r.post)
	if err := errors.Join(c.report(e, r), unwritten); err != nil {
		return err
	}
	if c.Strict && r.post.Verdict() == runtime.Poor {
		return told(exitPoor)
	}
	return nil
}

// whole fits all of the data at once.
func (c *fitCmd) whole(e *env, r *result) error {
	opt := runtime.BindOptions{Engine: c.Engine}
	var err error
	if opt.Discrete, err = strategies(c.Discrete); err != nil {
		return err
	}
	if opt.Latents, err = latents(c.Latents); err != nil {
		return err
	}
	if r.problem, err = c.bind(e, r.model, opt); err != nil {
		return err
	}
	c.remark(e, r)
	r.post, err = c.fit(e, r.problem)
	return err
}

// write saves the fit, and writes the draws.
func (c *fitCmd) write(e *env, post *runtime.Posterior) error {
	if c.Save != "" {
		if err := c.save(c.Save, post); err != nil {
			return unwritten(c.Save, err)
		}
	}
	switch {
	case c.Output == "-":
		return post.WriteDraws(e.stdout, runtime.DrawsCSV)
	case c.Output != "":
		if err := c.writeDraws(post); err != nil {
			return unwritten(c.Output, err)
		}
	}
	return nil
}

// unwritten is the error of a file that cannot be written, unless the fault is ours.
func unwritten(path string, err error) error {
	if internal := (*runtime.InternalError)(nil); errors.As(err, &internal) {
		return err
	}
	return wrong("writing %s: %s", path, reason(err))
}

// options are those of package runtime.
func (c *fitCmd) options() runtime.Options {
	draws := c.Draws
	if c.Quick && draws == runtime.DefaultDraws {
		draws = 0 // its own default
	}
	return runtime.Options{
		Seed: c.Seed, Particles: c.Particles, Draws: draws, Guide: c.Guide, Correct: c.Correct, Temperature: c.temperature(), StraightThrough: c.StraightThrough, MaxTime: c.MaxTime, Quick: c.Quick,
		Method: c.Sampler.Method, Chains: c.Sampler.Chains, Warmup: c.Sampler.warmup(), TargetAccept: c.Sampler.TargetAccept,
	}
}

// leastBinding is the time that lowering a model has in any case: that of a small one is none.
const leastBinding = 100 * time.Millisecond

// bind reads the data, and lowers the model within the time limit.
func (c *fitCmd) bind(e *env, m *runtime.Model, opt runtime.BindOptions) (*runtime.Problem, error) {
	d := m.Files(e.ctx, c.Data...)
	ctx := e.ctx
	if c.MaxTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, max(c.MaxTime, leastBinding))
		defer cancel()
	}
	p, err := m.BindContext(ctx, d, opt)
	return p, stoppedEarly(err)
}

// stoppedEarly words the error of what ended before there was anything to report.
func stoppedEarly(err error) error {
	if stopped := (*runtime.Stopped)(nil); errors.As(err, &stopped) {
		return &failure{code: exitPoor, text: fmt.Sprintf("%v: there is nothing to report", err)}
	}
	return err
}

// temperature is what --temperature says, 0 where it says nothing.
func (c *fitCmd) temperature() float64 {
	if c.Temperature == nil {
		return 0
	}
	return *c.Temperature
}

// valid finds mistakes on the command line before any time is spent.
func (c *fitCmd) valid() error {
	for _, given := range []positive{{"--particles", float64(c.Particles), runtime.MostParticles}, {"--draws", float64(c.Draws), runtime.MostDraws},
		{"--chains", float64(c.Sampler.Chains), runtime.MostChains}} {
		if err := given.valid(); err != nil {
			return err
		}
	}
	if c.Temperature != nil {
		if err := (positive{"--temperature", *c.Temperature, 1}).valid(); err != nil {
			return err
		}
	}
	if c.Sampler.Warmup < 0 {
		return usage("--warmup must be between 0 and %d, found %d", runtime.MostWarmup, c.Sampler.Warmup)
	}
	opt := c.options()
	if err := opt.Validate(); err != nil {
		return err
	}
	if err := c.validBatch(); err != nil {
		return err
	}
	return c.validFiles()
}

// validFiles refuses files that could not or should not be written.
func (c *fitCmd) validFiles() error {
	in := slices.Concat([]string{c.Model}, c.Data, c.Init)
	if len(c.Init) > 1 && slices.ContainsFunc(c.Init, isSaved) {
		return usage("--init takes one saved fit, or values; found both")
	}
	if c.Output != "" && c.Output != "-" {
		for _, path := range c.outputs() {
			if err := validOutput("-o", path, drawsFiles, in); err != nil {
				return err
			}
			in = append(in, path)
		}
	}
	if err := c.validForm(); err != nil {
		return err
	}
	if c.Save != "" {
		if err := validOutput("--save", c.Save, savedFiles, in); err != nil {
			return err
		}
	}
	if c.Save != "" && slices.Contains(c.outputs(), c.Save) {
		return usage("-o and --save name one file: %s", c.Save)
	}
	if format, _ := drawsFiles.format(c.Output); c.NoData && c.Save == "" && (c.Output == "" || format != savedFile) {
		return usage("--no-data is for a fit that is saved: give --save")
	}
	return nil
}

// positive is a flag whose 0 would stand for the default in package runtime.
type positive struct {
	flag  string
	value float64
	most  int
}

func (p positive) valid() error {
	switch {
	case p.value != 0:
		return nil
	case p.most == 1:
		return usage("%s must be above 0 and at most 1, found 0", p.flag)
	}
	return usage("%s must be between 1 and %d, found 0", p.flag, p.most)
}

// remark shows warnings, and under -v the data that nobody reads.
func (c *fitCmd) remark(e *env, r *result) {
	if c.Quiet {
		return
	}
	list := append(append(diag.List(nil), r.model.Warnings()...), r.problem.Warnings()...)
	e.render(list)
	if unused := r.problem.Unused(); c.Verbose && len(unused) > 0 {
		fmt.Fprintf(e.stderr, "not used by the model: %s\n", report.Printable(strings.Join(unused, ", ")))
	}
}

// fit runs until the fit ends, or an interrupt or the time limit stops it. A
// second interrupt finds the default handler, and ends the process.
func (c *fitCmd) fit(e *env, p *runtime.Problem) (*runtime.Posterior, error) {
	ctx, stop := signal.NotifyContext(e.ctx, os.Interrupt)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	show := newProgress(e, c.Quiet)
	opt := c.options()
	var err error
	if opt.Init, err = c.init(e, p); err != nil {
		return nil, err
	}
	opt.Progress = show.update
	post, err := p.Fit(ctx, opt)
	show.remove()
	if stopped := (*runtime.Stopped)(nil); errors.As(err, &stopped) && stopped.Posterior != nil {
		return stopped.Posterior, nil
	}
	return post, stoppedEarly(err)
}

// isSaved reports whether a path has the ending of a saved fit.
func isSaved(path string) bool { return strings.HasSuffix(strings.ToLower(path), ".zip") }

// init are the values that --init names; nil without. What is taken from another fit is said.
func (c *fitCmd) init(e *env, p *runtime.Problem) (*runtime.Data, error) {
	if len(c.Init) == 0 {
		return nil, nil
	}
	if !isSaved(c.Init[0]) {
		return runtime.Files(e.ctx, c.Init...), nil
	}
	post, err := runtime.LoadFile(c.Init[0])
	if err != nil {
		return nil, err
	}
	init, taken, err := p.InitFrom(post)
	if err != nil {
		return nil, err
	}
	if len(taken) == 0 {
		return nil, wrong("--init %s: it has no latent with the name and the dimensions of one of this model", c.Init[0])
	}
	if !c.Quiet {
		fmt.Fprintf(e.stderr, "started from %s: %s\n", c.Init[0], report.Printable(strings.Join(taken, ", ")))
	}
	return init, nil
}

// report prints the table, or the JSON object: to standard error where standard output has the
// draws.
func (c *fitCmd) report(e *env, r *result) error {
	var out io.Writer = e.stdout
	paint := e.paintOut
	if c.Output == "-" {
		out, paint = e.stderr, e.paintErr
	}
	if c.Format == "json" {
		return reportTo(out, r.post.WriteJSON)
	}
	return reportTo(out, func(w io.Writer) error {
		return r.post.WriteTable(w, runtime.TableOptions{Paint: paint, All: c.All, Verbose: c.Verbose})
	})
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"ppl/runtime"
)

type predictCmd struct {
	Fit       string    `arg:"" help:"A fit that \"ppl fit --save\" has written."`
	Names     []string  `arg:"" optional:"" name:"name" help:"Show these alone: symbols, or elements."`
	Data      []string  `short:"d" sep:"none" placeholder:"DATA" help:"New rows: a file (JSON, .jsonl, CSV, .parquet, .npy, .npz), or name=value; what stands left of a \"~\" need not be in it. May be repeated. Without: replicates of the data of the fit."`
	Model     string    `placeholder:"MODEL" help:"A model that adds generate and let statements, and data for them, to the one that was fitted: what they define is shown too."`
	Extend    []string  `sep:"none" placeholder:"T=12" help:"Go on: so many more steps of a dimension, drawn given those that the fit knows. May be repeated."`
	Draws     int       `default:"0" placeholder:"1000" help:"Posterior draws to predict from; all that the fit has kept."`
	Seed      uint64    `default:"1" help:"All randomness derives from it."`
	Mean      bool      `help:"Expectations of the outcomes in place of draws: probabilities of a Bernoulli, and of categories."`
	Score     bool      `help:"Compare with the data on the left of \"~\", which are in -d: log predictive density, errors, coverage."`
	By        []string  `placeholder:"DATA" help:"With --score: also by the labels of data. May be repeated."`
	KnownOnly bool      `help:"Refuse labels that the fit has not seen, instead of drawing what belongs to them from its prior."`
	Output    string    `short:"o" placeholder:"FILE" help:"Write the draws of the predictions to a CSV or Parquet file, a column for each."`
	Long      bool      `help:"Parquet: a row for each number, with variable, index and draw."`
	Format    string    `enum:"text,json" default:"text" help:"Print a table (text), or one JSON object (json)."`
	Quantiles []float64 `placeholder:"2.5,97.5" help:"Quantiles to show, in per cent."`
	HDI       float64   `name:"hdi" placeholder:"0.9" help:"Show the shortest interval of this probability instead."`
	All       bool      `help:"Show every element of long arrays."`
	Strict    bool      `help:"Exit with status 3 if the verdict of the fit is poor."`
	Quiet     bool      `short:"q" help:"Show no warnings."`
}

// predictionFiles are the formats of --output of `ppl predict`.
var predictionFiles = outputs{{".csv", "CSV"}, {".parquet", "Parquet"}}

// Run predicts, writes the draws and prints the table.
func (c *predictCmd) Run(e *env) error {
	extend, err := c.valid()
	if err != nil {
		return err
	}
	post, err := runtime.LoadFile(c.Fit)
	if err != nil {
		return err
	}
	var model *runtime.Model
	if c.Model != "" {
		if model, err = e.compile(c.Model); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(e.ctx, os.Interrupt)
	defer stop()
	out, err := post.Predict(ctx, runtime.Files(ctx, c.Data...), runtime.PredictOptions{Seed: c.Seed, Model: model, Draws: c.Draws, Extend: extend, KnownOnly: c.KnownOnly, Mean: c.Mean, Score: c.Score, ScoreBy: c.By, Keep: c.Output != "" || c.Quantiles != nil || c.HDI != 0})
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return &failure{code: exitInterrupted, text: "interrupted: there is nothing to report"}
		}
		return err
	}
	if !c.Quiet {
		e.render(out.Warnings())
	}
	var unwritten error
	if c.Output != "" {
		if err := c.write(out); err != nil {
			unwritten = wrong("writing %s: %s", c.Output, reason(err))
		}
	}
	if err := errors.Join(c.report(e, out), unwritten); err != nil {
		return err
	}
	if c.Strict && out.Verdict() == runtime.Poor {
		return told(exitPoor)
	}
	return nil
}

// valid finds mistakes on the command line before any time is spent.
func (c *predictCmd) valid() (extend map[string]int, err error) {
	extend = map[string]int{}
	for _, a := range c.Extend {
		name, text, ok := strings.Cut(a, "=")
		n, err := strconv.Atoi(text)
		if !ok || name == "" || err != nil {
			return nil, usage("--extend takes DIMENSION=NUMBER, found %q", a)
		}
		extend[name] = n
	}
	if c.Draws < 0 || c.Draws > runtime.MostDraws {
		return nil, usage("--draws must be between 1 and %d, found %d", runtime.MostDraws, c.Draws)
	}
	for i, p := range c.Quantiles {
		if !(p > 0 && p < 100) {
			return nil, usage("--quantiles are in per cent, between 0 and 100, found %g", p)
		}
		c.Quantiles[i] = p / 100
	}
	if c.Output == "" {
		return extend, nil
	}
	if err := validOutput("-o", c.Output, predictionFiles, append([]string{c.Fit, c.Model}, c.Data...)); err != nil {
		return nil, err
	}
	if format, _ := predictionFiles.format(c.Output); c.Long && format != "Parquet" {
		return nil, usage("--long is for Parquet: call the file .parquet")
	}
	return extend, nil
}

func (c *predictCmd) write(out *runtime.Predictions) error {
	return writeFile(c.Output, func(w *bufio.Writer) error {
		if format, _ := predictionFiles.format(c.Output); format == "Parquet" {
			return out.WriteParquet(w, c.Long)
		}
		return out.WriteCSV(w)
	})
}

func (c *predictCmd) report(e *env, out *runtime.Predictions) error {
	if c.Format == "json" {
		return reportTo(e.stdout, out.WriteJSON)
	}
	opt := runtime.TableOptions{Paint: e.paintOut, All: c.All, Quantiles: c.Quantiles, HDI: c.HDI}
	if len(c.Names) > 0 {
		opt.Names = c.Names
	}
	err := reportTo(e.stdout, func(w io.Writer) error { return out.WriteTable(w, opt) })
	if unknown := (*runtime.UnknownQuantity)(nil); errors.As(err, &unknown) {
		return wrong("%s", fmt.Sprint(unknown))
	}
	return err
}

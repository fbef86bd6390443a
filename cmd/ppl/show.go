package main

import (
	"io"

	"ppl/runtime"
)

type showCmd struct {
	Fit       string    `arg:"" help:"A fit that ppl fit --save has written."`
	Names     []string  `arg:"" optional:"" name:"name" help:"The quantities to show: symbols (theta) or elements (theta[3])."`
	All       bool      `help:"Show every element of long arrays."`
	Quantiles []float64 `placeholder:"2.5,97.5" help:"The quantiles to show, in per cent, in the place of 5, 50 and 95."`
	HDI       *float64  `name:"hdi" placeholder:"0.9" help:"Show the shortest interval that has this probability in the place of quantiles."`
	Format    string    `enum:"text,json" default:"text" help:"Print a table (text), or one JSON object (json)."`
	Strict    bool      `help:"Exit with status 3 if the verdict is poor."`
	Verbose   bool      `short:"v" help:"Also show evaluations and the log density of each statement."`
}

// Run prints the report of a saved fit, as `ppl fit` printed it.
func (c *showCmd) Run(e *env) error {
	opt, err := c.options()
	if err != nil {
		return err
	}
	post, err := runtime.LoadFile(c.Fit)
	if err != nil {
		return err
	}
	if opt.Paint = e.paintOut; c.Format == "json" {
		err = reportTo(e.stdout, post.WriteJSON)
	} else {
		err = reportTo(e.stdout, func(w io.Writer) error { return post.WriteTable(w, opt) })
	}
	if err == nil && c.Strict && post.Verdict() == runtime.Poor {
		return told(exitPoor)
	}
	return err
}

// options are what the table shows.
func (c *showCmd) options() (runtime.TableOptions, error) {
	opt := runtime.TableOptions{All: c.All, Verbose: c.Verbose}
	if len(c.Names) > 0 {
		opt.Names = c.Names
	}
	chosen := len(c.Names) > 0 || len(c.Quantiles) > 0 || c.HDI != nil
	switch {
	case c.Format == "json" && chosen:
		return opt, usage("names, --quantiles and --hdi choose what a table shows: the JSON object has everything")
	case c.HDI != nil && len(c.Quantiles) > 0:
		return opt, usage("--quantiles and --hdi fill the same columns: give one of them")
	}
	for _, p := range c.Quantiles {
		if !(p > 0 && p < 100) {
			return opt, usage("--quantiles are in per cent, between 0 and 100; found %g", p)
		}
		opt.Quantiles = append(opt.Quantiles, p/100)
	}
	if c.HDI != nil {
		if opt.HDI = *c.HDI; !(opt.HDI > 0 && opt.HDI < 1) {
			return opt, usage("--hdi is a probability, between 0 and 1; found %g", opt.HDI)
		}
	}
	return opt, nil
}

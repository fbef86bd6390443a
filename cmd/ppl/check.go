package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"ppl/lang/diag"
	"ppl/runtime"
	"ppl/runtime/report"
)

type checkCmd struct {
	Files    []string `arg:"" name:"file" help:"Models to check; \"-\" is standard input."`
	Data     []string `short:"d" sep:"none" placeholder:"DATA" help:"Check these data too: a file (JSON, .jsonl, CSV, .parquet, .npy, .npz), or name=value. May be repeated."`
	Discrete []string `sep:"none" placeholder:"SITE=HOW" help:"How to handle a discrete latent, as fit --discrete."`
	Latents  []string `sep:"none" placeholder:"SITE=HOW" help:"Whether a latent is integrated out, as fit --latents."`
	At       []string `sep:"none" placeholder:"POINT" help:"Print the log density at values of the latents: a JSON file, or name=value. May be repeated."`
	Dump     string   `enum:",ast,types,graph,plan" default:"" placeholder:"STAGE" help:"Print a stage of compilation: ast, types, graph or plan (the last two need data)."`
	Format   string   `enum:"text,json" default:"text" help:"How to print diagnostics: text (to standard error) or json (to standard output)."`
}

// Run checks each file and reports all that was found at once.
func (c *checkCmd) Run(e *env) error {
	if err := c.valid(); err != nil {
		return err
	}
	var all diag.List
	for _, path := range c.Files {
		found, err := c.file(e, path)
		if err != nil {
			return err
		}
		all = append(all, found...)
	}
	if c.Format == "json" {
		if err := diag.JSON(e.stdout, flaggedList(all)); err != nil {
			return err
		}
	} else {
		e.stdout.Flush()
		e.render(all)
	}
	if all.HasErrors() {
		return told(exitWrong)
	}
	return nil
}

func (c *checkCmd) valid() error {
	if len(c.At) > 0 && (c.Format == "json" || len(c.Files) > 1) {
		return usage("--at prints a number, of one model: it goes with neither --format json nor several models")
	}
	if c.Dump != "" && c.Format == "json" {
		return usage("--dump prints text: it does not go with --format json")
	}
	return nil
}

// file checks one model. The error is one that ends the run.
func (c *checkCmd) file(e *env, path string) (diag.List, error) {
	name, text, err := e.source(path)
	if err != nil {
		return diag.List{{Code: runtime.ModelFile, Where: path, Summary: "the model cannot be read: " + reason(err)}}, nil
	}
	if c.Dump == "ast" {
		if err := runtime.DumpTree(e.stdout, name, text); err != nil {
			return nil, err
		}
	}
	m, err := runtime.Compile(name, text)
	if err != nil {
		return diagnostics(err)
	}
	found := m.Warnings()
	if c.Dump == "types" {
		if err := m.DumpTypes(e.stdout); err != nil {
			return nil, err
		}
	}
	more, err := c.bind(e, m)
	return append(found, more...), err
}

// bind checks the data, and prints the stages that need them.
func (c *checkCmd) bind(e *env, m *runtime.Model) (diag.List, error) {
	lowered := c.Dump == "graph" || c.Dump == "plan"
	if lowered && len(c.Data) == 0 && len(m.Checked().Data) > 0 {
		return nil, usage("--dump=%s needs data, since shapes come from them: give a file with -d", c.Dump)
	}
	if !lowered && len(c.Data) == 0 && len(c.At) == 0 {
		return nil, nil
	}
	if !lowered && len(m.Checked().NotYet) > 0 {
		fmt.Fprintf(e.stderr, "%s: the data are not checked, since the model uses what is not supported yet\n", m.Name())
		return nil, nil
	}
	how, err := strategies(c.Discrete)
	if err != nil {
		return nil, err
	}
	integrate, err := latents(c.Latents)
	if err != nil {
		return nil, err
	}
	p, err := m.BindWith(m.Files(e.ctx, c.Data...), runtime.BindOptions{Discrete: how, Latents: integrate})
	if err != nil {
		return diagnostics(err)
	}
	if c.Dump == "" && c.Format != "json" {
		writeStrategies(e.stdout, p)
		block, err := p.Integrated(e.ctx)
		if err != nil {
			return nil, err
		}
		if block != nil {
			fmt.Fprintf(e.stdout, "integrated %s\n", report.Printable(block.String()))
		}
	}
	if len(c.At) > 0 {
		lp, err := p.LogDensity(runtime.Files(e.ctx, c.At...))
		if err != nil {
			return diagnostics(err)
		}
		fmt.Fprintf(e.stdout, "log density %s\n", strconv.FormatFloat(lp, 'g', -1, 64))
	}
	if err := c.dump(p, e.stdout); err != nil {
		return nil, err
	}
	return p.Warnings(), nil
}

func (c *checkCmd) dump(p *runtime.Problem, w io.Writer) error {
	switch c.Dump {
	case "graph":
		return p.DumpGraph(w)
	case "plan":
		return p.DumpPlan(w)
	}
	return nil
}

// diagnostics are those that an error holds; any other error is passed on.
func diagnostics(err error) (diag.List, error) {
	var model *runtime.ModelError
	var data *runtime.DataError
	switch {
	case errors.As(err, &model):
		return model.Diagnostics, nil
	case errors.As(err, &data):
		return data.Diagnostics, nil
	}
	return nil, err
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"ppl/runtime"
	"ppl/runtime/report"
)

type simulateCmd struct {
	Model   string   `arg:"" help:"The model; \"-\" is standard input."`
	Data    []string `short:"d" sep:"none" placeholder:"DATA" help:"What is not drawn: sizes, predictors. A file (JSON, .jsonl, CSV, .parquet, .npy, .npz), or name=value. May be repeated."`
	Seed    uint64   `default:"1" help:"All randomness derives from it."`
	Draws   int      `default:"1" help:"Data sets to draw. More than one: an object on a line for each."`
	Output  string   `short:"o" placeholder:"FILE" help:"Write the data to a file instead of standard output: JSON, or CSV if it is called .csv."`
	Truth   string   `placeholder:"FILE" help:"Write the latents that were drawn, to JSON or CSV."`
	Verbose bool     `short:"v" help:"Also show unused data."`
	Quiet   bool     `short:"q" help:"Show no warnings."`
}

// The formats of the data and of the truth. Several draws are lines of JSON, or
// rows of a table.
var simulatedFiles = outputs{{".json", "JSON"}, {".jsonl", "JSON"}, {".ndjson", "JSON"}, {".csv", "CSV"}}

// Run draws the data sets and writes them.
func (c *simulateCmd) Run(e *env) error {
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
	c.remark(e, from)
	return c.into(e.stdout, c.Output, func(data *bufio.Writer) error {
		return c.into(nil, c.Truth, func(truth *bufio.Writer) error { return c.draw(e, from, data, truth) })
	})
}

func (c *simulateCmd) valid() error {
	if c.Draws < 1 || c.Draws > runtime.MostDraws {
		return usage("--draws must be between 1 and %d, found %d", runtime.MostDraws, c.Draws)
	}
	in := append([]string{c.Model}, c.Data...)
	for _, out := range []struct{ flag, path string }{{"-o", c.Output}, {"--truth", c.Truth}} {
		if out.path == "" {
			continue
		}
		if err := validOutput(out.flag, out.path, simulatedFiles, in); err != nil {
			return err
		}
		in = append(in, out.path)
	}
	if c.Output != "" && c.Output == c.Truth {
		return usage("-o and --truth name one file: %s", c.Output)
	}
	if c.Draws > 1 && c.format(c.Output) == "CSV" {
		return usage("-o %s: a CSV file holds one data set, and --draws asks for %d; write lines of JSON (.jsonl)", c.Output, c.Draws)
	}
	return nil
}

func (c *simulateCmd) format(path string) string {
	format, _ := simulatedFiles.format(path)
	return format
}

// into opens a file for what write writes; without a name it goes to standard output.
func (c *simulateCmd) into(standard *bufio.Writer, path string, write func(*bufio.Writer) error) error {
	if path == "" {
		return write(standard)
	}
	var failed error
	err := writeFile(path, func(w *bufio.Writer) error {
		failed = write(w)
		return failed
	})
	if err != nil && !errors.Is(err, failed) {
		return wrong("writing %s: %s", path, reason(err))
	}
	return failed
}

// remark says which data the simulation has no use for.
func (c *simulateCmd) remark(e *env, from *runtime.Simulator) {
	if c.Quiet {
		return
	}
	e.render(from.Warnings())
	if names := from.Overwritten(); len(names) > 0 {
		fmt.Fprintf(e.stderr, "drawn anew, where a `~` draws them: %s\n", report.Printable(strings.Join(names, ", ")))
	}
	if unused := from.Unused(); c.Verbose && len(unused) > 0 {
		fmt.Fprintf(e.stderr, "not used by the model: %s\n", report.Printable(strings.Join(unused, ", ")))
	}
}

// draw writes a data set after another, and its latents if truth is not nil.
func (c *simulateCmd) draw(e *env, from *runtime.Simulator, data, truth *bufio.Writer) error {
	for k := range c.Draws {
		if e.ctx.Err() != nil {
			return &failure{code: exitInterrupted, text: fmt.Sprintf("interrupted after %d of %d data sets", k, c.Draws)}
		}
		sim, err := from.Draw(c.Seed, k)
		if err != nil {
			return err
		}
		if err := c.writeData(data, sim); err != nil {
			return err
		}
		if truth != nil {
			if err := c.writeTruth(truth, sim, k == 0); err != nil {
				return err
			}
		}
		if !c.Quiet && c.Draws == 1 {
			e.render(sim.Warnings())
		}
	}
	return nil
}

func (c *simulateCmd) writeData(w io.Writer, sim *runtime.Simulation) error {
	if c.format(c.Output) == "CSV" {
		text, err := sim.DataCSV()
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	}
	text, err := sim.DataJSON(c.Draws == 1)
	if err != nil {
		return err
	}
	return line(w, text)
}

// writeTruth writes the latents: as CSV in the way of the draws of a fit.
func (c *simulateCmd) writeTruth(w io.Writer, sim *runtime.Simulation, first bool) error {
	if c.format(c.Truth) != "CSV" {
		return line(w, sim.TruthJSON(c.Draws == 1))
	}
	latents := sim.Latents()
	names, values := make([]string, len(latents)), make([]string, len(latents))
	for i, q := range latents {
		names[i], values[i] = q.Column, strconv.FormatFloat(q.Mean, 'g', -1, 64)
	}
	if first {
		if err := line(w, []byte(strings.Join(names, ","))); err != nil {
			return err
		}
	}
	return line(w, []byte(strings.Join(values, ",")))
}

func line(w io.Writer, text []byte) error {
	_, err := w.Write(append(text, '\n'))
	return err
}

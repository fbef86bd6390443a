package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"ppl/runtime"
)

type simulateCmd struct {
	Model   string   `arg:"" help:"The model; \"-\" is standard input."`
	Data    []string `short:"d" sep:"none" placeholder:"DATA" help:"What is not drawn: sizes, predictors. A JSON or CSV file, or name=value. May be repeated."`
	Seed    uint64   `default:"1" help:"All randomness derives from it."`
	Draws   int      `default:"1" help:"Data sets to draw. More than one: an object on a line for each."`
	Output  string   `short:"o" placeholder:"FILE" help:"Write the data to a file instead of standard output."`
	Truth   string   `placeholder:"FILE" help:"Write the latents that were drawn, in the same form."`
	Verbose bool     `short:"v" help:"Also show unused data."`
	Quiet   bool     `short:"q" help:"Show no warnings."`
}

// Run draws the data sets and writes them.
func (c *simulateCmd) Run(e *env) error {
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
	c.remark(e, from)
	return c.into(e.stdout, c.Output, func(data *bufio.Writer) error {
		return c.into(nil, c.Truth, func(truth *bufio.Writer) error { return c.draw(e, from, data, truth) })
	})
}

func (c *simulateCmd) valid() error {
	if c.Draws < 1 {
		return usage("--draws must be at least 1, found %d", c.Draws)
	}
	in := append([]string{c.Model}, c.Data...)
	for _, path := range []string{c.Output, c.Truth} {
		if path == "" {
			continue
		}
		if err := validOutput(path, in); err != nil {
			return err
		}
		in = append(in, path)
	}
	return nil
}

// into opens a file for what write writes; without a name it goes to standard output.
func (c *simulateCmd) into(standard *bufio.Writer, path string, write func(*bufio.Writer) error) error {
	if path == "" {
		return write(standard)
	}
	var failed error
	err := writeFile(path, func(f *os.File) error {
		w := bufio.NewWriter(f)
		if failed = write(w); failed != nil {
			return failed
		}
		return w.Flush()
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
		fmt.Fprintf(e.stderr, "drawn anew, where a `~` draws them: %s\n", printable(strings.Join(names, ", ")))
	}
	if unused := from.Unused(); c.Verbose && len(unused) > 0 {
		fmt.Fprintf(e.stderr, "not used by the model: %s\n", printable(strings.Join(unused, ", ")))
	}
}

// draw writes a data set after another, and its latents if truth is not nil.
func (c *simulateCmd) draw(e *env, from *runtime.Simulator, data, truth *bufio.Writer) error {
	for k := range c.Draws {
		if err := e.ctx.Err(); err != nil {
			return err
		}
		sim, err := from.Draw(c.Seed, k)
		if err != nil {
			return err
		}
		text, err := sim.DataJSON(c.Draws == 1)
		if err != nil {
			return err
		}
		if err := line(data, text); err != nil {
			return err
		}
		if truth != nil {
			if err := line(truth, sim.TruthJSON(c.Draws == 1)); err != nil {
				return err
			}
		}
		if !c.Quiet && c.Draws == 1 {
			e.render(sim.Warnings())
		}
	}
	return nil
}

func line(w io.Writer, text []byte) error {
	_, err := w.Write(append(text, '\n'))
	return err
}

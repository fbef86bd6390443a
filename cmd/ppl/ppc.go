package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"slices"
	"strconv"

	"ppl/runtime"
	"ppl/runtime/report"
)

type ppcCmd struct {
	Fit       string   `arg:"" help:"A fit that \"ppl fit --save\" has written."`
	By        []string `placeholder:"DATA" help:"Also by the labels of data, or along a dimension. May be repeated."`
	Residuals bool     `help:"Also a randomised quantile residual of each datum: how they are spread, and those furthest out; all of them as JSON."`
	Draws     int      `default:"0" placeholder:"1000" help:"Replicates; as many as draws the fit has kept."`
	Seed      uint64   `default:"1" help:"All randomness derives from it."`
	Format    string   `enum:"text,json" default:"text" help:"Print a table (text), or one JSON object (json)."`
	Strict    bool     `help:"Exit with status 3 if the verdict of the fit is poor."`
}

// Run draws the replicates and prints the table.
func (c *ppcCmd) Run(e *env) error {
	if c.Draws < 0 || c.Draws > runtime.MostDraws {
		return usage("--draws must be between 1 and %d, found %d", runtime.MostDraws, c.Draws)
	}
	post, err := runtime.LoadFile(c.Fit)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(e.ctx, os.Interrupt)
	defer stop()
	out, err := post.PPC(ctx, runtime.PPCOptions{Seed: c.Seed, Draws: c.Draws, By: c.By, Residuals: c.Residuals})
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return &failure{code: exitInterrupted, text: "interrupted: there is nothing to report"}
		}
		return err
	}
	if c.Format == "json" {
		err = c.writeJSON(e.stdout, out)
	} else {
		c.writeText(e, out)
	}
	if err == nil && c.Strict && out.Verdict == runtime.Poor {
		return told(exitPoor)
	}
	return err
}

// tables are the statistics of one array, or group, each.
func tables(all []runtime.PPCStatistic) [][]runtime.PPCStatistic {
	var out [][]runtime.PPCStatistic
	for i, s := range all {
		if i == 0 || s.Symbol != all[i-1].Symbol || s.Group != all[i-1].Group {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], s)
	}
	return out
}

func (c *ppcCmd) writeText(e *env, out *runtime.PPC) {
	w := e.stdout
	bold := func(s string) string { return e.paintOut(strong, s) }
	fmt.Fprintf(w, "%s; data against %s, seed %d\n\n", bold(report.Printable(out.Model)), report.Count(out.Draws, "replicate"), out.Seed)
	for _, rows := range tables(out.Statistics) {
		name := rows[0].Symbol
		if rows[0].Group != "" {
			name += ", " + rows[0].Group
		}
		n := data(rows[0].N)
		if rows[0].Weighted {
			n += ", weighted"
		}
		fmt.Fprintf(w, "%s (%s)\n", bold(report.Printable(name)), n)
		t := &report.Table{Head: []string{"", "data", "5%", "50%", "95%", "p"}}
		for _, s := range rows {
			t.Add(append(append([]string{ppcNames[s.Name]}, report.Numbers((s.Q95-s.Q5)/3.29, s.Data, s.Q5, s.Median, s.Q95)...), report.Fixed(s.P, 3))...)
		}
		t.Write(w, bold)
		fmt.Fprintln(w)
	}
	c.writeResiduals(e, out.Residuals)
	writeVerdict(e, out.Verdict, out.Reasons)
}

// mostResiduals is how many of an array are shown.
const mostResiduals = 10

// writeResiduals says of each array how its residuals are spread, and shows those furthest out.
func (c *ppcCmd) writeResiduals(e *env, all []runtime.Residual) {
	bold := func(s string) string { return e.paintOut(strong, s) }
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].Symbol == all[from].Symbol {
			to++
		}
		rows := slices.Clone(all[from:to])
		from = to
		sum, squares, far := 0.0, 0.0, 0
		for _, r := range rows {
			sum, squares = sum+r.Quantile, squares+r.Quantile*r.Quantile
			if math.Abs(r.Quantile) > 3 {
				far++
			}
		}
		n := float64(len(rows))
		mean := sum / n
		fmt.Fprintf(e.stdout, "%s: mean %s, sd %s (standard normal: 0, 1), %d of %d beyond ±3\n", bold("residuals of "+report.Printable(rows[0].Symbol)),
			report.Fixed(mean, 2), report.Fixed(math.Sqrt(math.Max(0, squares/n-mean*mean)), 2), far, len(rows))
		slices.SortStableFunc(rows, func(a, b runtime.Residual) int { return cmp.Compare(math.Abs(b.Quantile), math.Abs(a.Quantile)) })
		t := &report.Table{Head: []string{"", "data", "residual"}}
		for _, r := range rows[:min(len(rows), mostResiduals)] {
			t.Add(report.Printable(r.Name), strconv.FormatFloat(r.Data, 'g', 6, 64), report.Fixed(r.Quantile, 2))
		}
		t.Write(e.stdout, bold)
		fmt.Fprintln(e.stdout)
	}
}

// data counts data in words.
func data(n int) string {
	if n == 1 {
		return "1 datum"
	}
	return fmt.Sprintf("%d data", n)
}

// ppcNames are the statistics in words.
var ppcNames = map[string]string{"mean": "mean", "sd": "sd", "min": "min", "max": "max", "zeros": "share of 0", "q5": "5%", "q50": "50%", "q95": "95%"}

// The object of --format json, in the order of its keys.
type ppcReport struct {
	Model      string          `json:"model"`
	Seed       uint64          `json:"seed"`
	Replicates int             `json:"replicates"`
	Statistics []ppcStatistic  `json:"statistics"`
	Residuals  []ppcResidual   `json:"residuals,omitempty"`
	Verdict    runtime.Verdict `json:"verdict"`
	Reasons    []string        `json:"reasons"`
}

type ppcStatistic struct {
	Data  string `json:"data"`
	Group string `json:"group,omitempty"`
	N     int    `json:"n"`
	// Weighted is there where the data have weights.
	Weighted bool          `json:"weighted,omitempty"`
	Name     string        `json:"statistic"`
	Value    report.Number `json:"value"`
	Q5       report.Number `json:"q5"`
	Q50      report.Number `json:"q50"`
	Q95      report.Number `json:"q95"`
	P        report.Number `json:"p"`
}

type ppcResidual struct {
	Name     string        `json:"name"`
	Data     report.Number `json:"data"`
	PIT      report.Number `json:"pit"`
	Residual report.Number `json:"residual"`
}

func (c *ppcCmd) writeJSON(w io.Writer, out *runtime.PPC) error {
	r := ppcReport{Model: out.Model, Seed: out.Seed, Replicates: out.Draws, Statistics: []ppcStatistic{}, Verdict: out.Verdict, Reasons: flagged(out.Reasons)}
	for _, s := range out.Statistics {
		n := func(x float64) report.Number { return report.Number(x) }
		r.Statistics = append(r.Statistics, ppcStatistic{s.Symbol, s.Group, s.N, s.Weighted, s.Name, n(s.Data), n(s.Q5), n(s.Median), n(s.Q95), n(s.P)})
	}
	for _, x := range out.Residuals {
		r.Residuals = append(r.Residuals, ppcResidual{x.Name, report.Number(x.Data), report.Number(x.PIT), report.Number(x.Quantile)})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"slices"

	"ppl/inference/loo"
	"ppl/runtime"
	"ppl/runtime/report"
)

type looCmd struct {
	Fits   []string `arg:"" name:"fit" help:"Fits of the same data that \"ppl fit --save\" has written; several are compared."`
	By     []string `placeholder:"DATA" help:"Leave out together what has the same label, or the same place along a dimension. May be repeated."`
	Refit  bool     `help:"Fit again without each of which k̂ is high."`
	KFold  int      `name:"kfold" default:"0" placeholder:"10" help:"Fit so many times instead, each time without a part of the data."`
	Output string   `short:"o" placeholder:"FILE" help:"Write the log likelihood of each unit at each draw, a column for each unit: CSV (.csv), or Parquet (.parquet)."`
	Format string   `enum:"text,json" default:"text" help:"Print a table (text), or one JSON object (json)."`
	All    bool     `help:"Name everything of which k̂ is high."`
	Strict bool     `help:"Exit with status 3 if the verdict of a fit, or of one without some of its data, is poor."`
}

// crossValidated is a fit with its cross-validation.
type crossValidated struct {
	path string
	*runtime.LOO
	difference loo.Estimate // to the best of them
}

// Run cross-validates each fit and prints the table.
func (c *looCmd) Run(e *env) error {
	ctx, stop := signal.NotifyContext(e.ctx, os.Interrupt)
	defer stop()
	if err := c.valid(); err != nil {
		return err
	}
	fits := make([]crossValidated, len(c.Fits))
	for i, path := range c.Fits {
		var err error
		if fits[i], err = c.validate(ctx, path); err != nil {
			return err
		}
	}
	fits, err := ordered(fits)
	if err != nil {
		return err
	}
	unwritten := c.write(ctx)
	if c.Format == "json" {
		err = c.writeJSON(e.stdout, fits)
	} else {
		c.writeText(e, fits)
	}
	if err = errors.Join(err, unwritten); err != nil {
		return err
	}
	if err == nil && c.Strict && slices.ContainsFunc(fits, func(f crossValidated) bool { return f.Verdict == runtime.Poor || f.Refits[runtime.Poor] > 0 }) {
		return told(exitPoor)
	}
	return err
}

// valid finds mistakes on the command line before any time is spent.
func (c *looCmd) valid() error {
	switch {
	case c.Output == "":
		return nil
	case len(c.Fits) > 1:
		return usage("-o writes the log likelihood of one fit, found %d fits", len(c.Fits))
	}
	return validOutput("-o", c.Output, predictionFiles, c.Fits)
}

// write writes the log likelihood that the figures are made of.
func (c *looCmd) write(ctx context.Context) error {
	if c.Output == "" {
		return nil
	}
	post, err := runtime.LoadFile(c.Fits[0])
	if err != nil {
		return err
	}
	l, err := post.LogLikelihood(c.By...)
	if err != nil {
		return err
	}
	err = writeFile(c.Output, func(w *bufio.Writer) error {
		if format, _ := predictionFiles.format(c.Output); format == "Parquet" {
			return l.WriteParquet(ctx, w, false)
		}
		return l.WriteCSV(ctx, w)
	})
	switch {
	case err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return &failure{code: exitInterrupted, text: "interrupted: " + c.Output + " has not been written"}
	case err != nil:
		return unwritten(c.Output, err)
	}
	return nil
}

// validate cross-validates the fit in a file.
func (c *looCmd) validate(ctx context.Context, path string) (crossValidated, error) {
	post, err := runtime.LoadFile(path)
	if err != nil {
		return crossValidated{}, err
	}
	out, err := post.LOO(ctx, runtime.LOOOptions{By: c.By, Refit: c.Refit, KFold: c.KFold})
	var no *runtime.NoSample
	var option *runtime.OptionError
	switch {
	case errors.As(err, &option) && option.Field == "KFold":
		return crossValidated{}, usage("--kfold %s", option.Why)
	case errors.As(err, &no):
		return crossValidated{}, wrong("%s: the draws are no sample of the posterior, they are %s: fit again %s", path, no.What, instead(no))
	case err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return crossValidated{}, &failure{code: exitInterrupted, text: "interrupted: there is nothing to report"}
	}
	return crossValidated{path: path, LOO: out}, err
}

// instead says how a fit has a sample of the posterior.
func instead(no *runtime.NoSample) string {
	flag := flagOf(no.Option)
	switch {
	case no.Option == "":
		return "with --method " + runtime.MethodNUTS
	case no.Value != "true":
		flag += " " + no.Value
	}
	return fmt.Sprintf("without %s, or with --method %s", flag, runtime.MethodNUTS)
}

// ordered puts fits in the order of their elpd, the best first.
func ordered(fits []crossValidated) ([]crossValidated, error) {
	models := make([]*runtime.LOO, len(fits))
	for i, f := range fits {
		models[i] = f.LOO
	}
	places, err := runtime.CompareLOO(models...)
	if no := (*runtime.LOOMismatch)(nil); errors.As(err, &no) {
		first, other := fits[0].path, fits[no.Model].path
		switch {
		case no.Have != no.First:
			return nil, wrong("%s and %s are not fits of the same data: %d are left out of the one, and %d of the other", first, other, no.First, no.Have)
		case len(no.Values) == 2:
			return nil, wrong("%s and %s are not fits of the same data: `%s` is %g in the one, and %g in the other", first, other, no.Unit, no.Values[0], no.Values[1])
		}
		return nil, wrong("%s and %s are not fits of the same data: there is no `%s` in %s", first, other, no.Unit, other)
	}
	if err != nil {
		return nil, err
	}
	var out []crossValidated
	for _, p := range places {
		f := fits[p.Model]
		f.difference = p.Difference
		out = append(out, f)
	}
	return out, nil
}

// shownHigh is how many data with a high k̂ are named without --all.
const shownHigh = 10

func (c *looCmd) writeText(e *env, fits []crossValidated) {
	w := e.stdout
	bold := func(s string) string { return e.paintOut(strong, s) }
	if len(fits) == 1 {
		f := fits[0]
		fmt.Fprintf(w, "%s; %s\n\n", bold(report.Printable(f.Model)), leftOut(f.LOO))
		estimates(f.LOO).Write(w, bold)
		fmt.Fprintln(w)
		c.doubts(e, f)
		return
	}
	fmt.Fprintf(w, "%s of %s, the best first\n\n", bold("leave-one-out"), report.Count(len(fits[0].Points), "unit"))
	comparison(fits).Write(w, bold)
	for _, f := range fits {
		if len(f.High()) > 0 || f.Refits != nil || f.Verdict != runtime.Good {
			fmt.Fprintf(w, "\n%s\n", bold(report.Printable(f.path)))
			c.doubts(e, f)
		}
	}
}

// leftOut says what was left out, and by which draws.
func leftOut(l *runtime.LOO) string {
	by := ", exactly"
	if l.Draws == 0 && l.Refits != nil {
		by = ", by fits without them"
	} else if l.Draws > 0 {
		by = fmt.Sprintf(", by %s", report.Count(l.Draws, "draw"))
	}
	if l.Coupled {
		by += "; each is predicted from all other data"
	}
	return fmt.Sprintf("leave-one-out of %s%s", report.Count(len(l.Points), "unit"), by)
}

// estimates is the table of one fit.
func estimates(l *runtime.LOO) *report.Table {
	t := &report.Table{Head: []string{"", "value", "se"}}
	elpd, p := l.ELPD(), l.PLOO()
	d := digits(elpd)
	t.Add("elpd_loo", report.Fixed(elpd.Value, d), report.Fixed(elpd.SE, d))
	t.Add("p_loo", report.Fixed(p.Value, d), report.Fixed(p.SE, d))
	return t
}

// comparison is the table of several fits.
func comparison(fits []crossValidated) *report.Table {
	t := &report.Table{Head: []string{"", "elpd_loo", "se", "difference", "se", "p_loo", "high k̂", "verdict"}}
	d := 0
	for _, f := range fits {
		d = max(d, digits(f.ELPD()))
	}
	for _, f := range fits {
		x, p := f.ELPD(), f.PLOO()
		t.Add(f.path, report.Fixed(x.Value, d), report.Fixed(x.SE, d), report.Fixed(f.difference.Value, d), report.Fixed(f.difference.SE, d),
			report.Fixed(p.Value, d), fmt.Sprint(len(f.High())), string(f.Verdict))
	}
	return t
}

// digits is how many decimals of an elpd are of use.
func digits(x loo.Estimate) int {
	if math.Abs(x.SE) < 10 {
		return 2
	}
	return 1
}

// doubts names what k̂ says is not reliable, and the verdict of the fit.
func (c *looCmd) doubts(e *env, f crossValidated) {
	w := e.stdout
	high := f.High()
	slices.SortStableFunc(high, func(i, j int) int { return cmp.Compare(f.Points[j].KHat, f.Points[i].KHat) })
	switch {
	case f.Draws == 0:
	case len(high) == 0 && f.Counts().Exact > 0:
		fmt.Fprintf(w, "k̂        at most %s, but for %d that were fitted without\n", report.Fixed(f.Threshold(), 2), f.Counts().Exact)
	case len(high) == 0:
		fmt.Fprintf(w, "k̂        at most %s everywhere\n", report.Fixed(f.Threshold(), 2))
	default:
		fmt.Fprintf(w, "k̂        above %s for %d of %s, whose elpd is not reliable\n", report.Fixed(f.Threshold(), 2), len(high), report.Count(len(f.Points), "unit"))
		for n, i := range high {
			if n == shownHigh && !c.All {
				fmt.Fprintf(w, "         ... %d more\n", len(high)-n)
				break
			}
			fmt.Fprintf(w, "         - %s: %s\n", report.Printable(f.Units[i].Name), report.Fixed(f.Points[i].KHat, 2))
		}
	}
	if f.Refits != nil {
		fmt.Fprintf(w, "refits   %d good, %d caution, %d poor\n", f.Refits[runtime.Good], f.Refits[runtime.Caution], f.Refits[runtime.Poor])
	}
	if f.Held > 0 {
		fmt.Fprintf(w, "params   %s held where all data have put them: elpd is too high by about as many nats\n", report.Count(f.Held, "number"))
	}
	writeVerdict(e, f.Verdict, f.Reasons)
}

// writeVerdict prints the verdict of the fit that something was made of.
func writeVerdict(e *env, v runtime.Verdict, reasons []string) {
	style := map[runtime.Verdict]string{runtime.Good: bold + green, runtime.Caution: bold + yellow, runtime.Poor: bold + red}[v]
	fmt.Fprintf(e.stdout, "verdict  %s, of the fit\n", e.paintOut(style, string(v)))
	if v != runtime.Good {
		for _, why := range flagged(reasons) {
			fmt.Fprintf(e.stdout, "         - %s\n", report.Printable(why))
		}
	}
}

// The object of --format json, in the order of its keys: the fits, the best first.
type looReport struct {
	By   []string   `json:"by,omitempty"`
	Fits []looOfFit `json:"fits"`
}

type looOfFit struct {
	Fit        string                  `json:"fit"`
	Model      string                  `json:"model"`
	ELPD       looEstimate             `json:"elpd_loo"`
	Difference looEstimate             `json:"elpd_diff"`
	PLOO       looEstimate             `json:"p_loo"`
	MCSE       report.Number           `json:"mcse_elpd_loo"` // null where some k̂ is high
	Draws      int                     `json:"draws"`
	Threshold  report.Number           `json:"khat_threshold"`
	High       int                     `json:"khat_high"`
	Coupled    bool                    `json:"coupled"`
	Held       int                     `json:"params_held,omitempty"`
	Refits     map[runtime.Verdict]int `json:"refits,omitempty"`
	Verdict    runtime.Verdict         `json:"verdict"`
	Reasons    []string                `json:"reasons"`
	Units      []looUnit               `json:"units"`
}

type looEstimate struct {
	Value report.Number `json:"value"`
	SE    report.Number `json:"se"`
}

type looUnit struct {
	Unit string        `json:"unit"`
	Data int           `json:"data"` // how many are in it
	ELPD report.Number `json:"elpd"`
	PLOO report.Number `json:"p_loo"`
	MCSE report.Number `json:"mcse"`
	KHat report.Number `json:"khat"`
}

func (c *looCmd) writeJSON(w io.Writer, fits []crossValidated) error {
	estimate := func(x loo.Estimate) looEstimate { return looEstimate{report.Number(x.Value), report.Number(x.SE)} }
	out := looReport{By: c.By}
	for _, f := range fits {
		r := looOfFit{Fit: f.path, Model: f.Model, ELPD: estimate(f.ELPD()), Difference: estimate(f.difference), PLOO: estimate(f.PLOO()), MCSE: report.Number(f.MCSE()),
			Draws: f.Draws, Threshold: report.Number(f.Threshold()), High: len(f.High()), Coupled: f.Coupled, Held: f.Held, Refits: f.Refits, Verdict: f.Verdict, Reasons: flagged(f.Reasons)}
		for i, p := range f.Points {
			r.Units = append(r.Units, looUnit{f.Units[i].Name, len(f.Units[i].Data), report.Number(p.ELPD), report.Number(p.PLOO()), report.Number(p.MCSE), report.Number(p.KHat)})
		}
		out.Fits = append(out.Fits, r)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

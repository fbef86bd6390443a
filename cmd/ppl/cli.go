package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"ppl/inference"
	"ppl/inference/methods"
)

// cli is the command line.
type cli struct {
	Check    checkCmd    `cmd:"" help:"Check models: syntax, names, types, shapes, and data if given."`
	Fmt      fmtCmd      `cmd:"" help:"Format models in the one style."`
	Fit      fitCmd      `cmd:"" help:"Fit a model to data and print its posterior."`
	Show     showCmd     `cmd:"" help:"Print a saved fit again: chosen quantities, other quantiles."`
	Predict  predictCmd  `cmd:"" help:"Predict from a saved fit: replicates, new rows, new labels, more steps."`
	LOO      looCmd      `cmd:"" name:"loo" help:"Cross-validate saved fits, and compare them."`
	PPC      ppcCmd      `cmd:"" name:"ppc" help:"Check a saved fit by replicates of its data."`
	Simulate simulateCmd `cmd:"" help:"Draw data from a model: latents from their priors, then the data."`
	SBC      sbcCmd      `cmd:"" name:"sbc" help:"Check a model and its fits by simulation-based calibration."`
	Help     helpCmd     `cmd:"" help:"Explain a distribution, a function, an error code or a command."`
	Ver      verCmd      `cmd:"" name:"version" help:"Print the version of ppl."`

	Version showVersion `help:"Print the version and quit." hidden:""`
}

const about = `A probabilistic programming language. A .ppl file says what a model is; ppl fits it.

Exit status: 0 fine, 1 the model or the data are wrong, 2 usage, 3 the fit cannot be trusted, 70 a fault of ppl itself.`

// run is main without the process: it returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	e := newEnv(ctx, stdin, stdout, stderr)
	defer func() {
		if r := recover(); r != nil {
			code = e.panicked(r)
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	err := e.dispatch(args)
	if out := e.stdout.Flush(); err == nil {
		err = out
	}
	return e.exit(err)
}

// dispatch parses the arguments and runs the command that they name.
func (e *env) dispatch(args []string) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case helped: // kong printed help and wanted to exit
			err = nil
		default:
			panic(r)
		}
	}()
	var c cli
	parser, err := kong.New(&c,
		kong.Name("ppl"), kong.Description(about), kong.Writers(e.stdout, e.stderr),
		kong.Exit(func(int) { panic(helped{}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.Bind(e), choices(),
	)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return usageOf(err)
	}
	return parsed.Run(e)
}

type helped struct{}

// usageOf says which help to look at.
func usageOf(err error) error {
	help := "ppl --help"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if node := parse.Context.Selected(); node != nil {
			help = "ppl " + node.Name + " --help"
		}
	}
	if strings.HasPrefix(err.Error(), "unexpected argument") && help == "ppl fit --help" {
		return usage("%v: data are given with -d; see `%s`", err, help)
	}
	return usage("%s; see `%s`", strings.Replace(err.Error(), `one of "",`, "one of ", 1), help) // "" is the default
}

// usage is the error of a command line that makes no sense.
func usage(format string, args ...any) error {
	return &failure{code: exitUsage, text: fmt.Sprintf(format, args...)}
}

// choices are the values of flags that are lists elsewhere.
func choices() kong.Vars {
	var families []string
	for _, f := range inference.Families {
		families = append(families, fmt.Sprintf("%s (%s)", f.Name, f.Doc))
	}
	last := len(families) - 1
	return kong.Vars{
		"guides": strings.Join(inference.Guides, ","), "methods": strings.Join(methods.Names(), ","),
		"families": strings.Join(families[:last], ", ") + " or " + families[last],
	}
}

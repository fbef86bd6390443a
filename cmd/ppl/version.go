package main

import (
	"fmt"
	goruntime "runtime"
	"strings"

	"ppl/graph/kernel/vec"
	"ppl/runtime"
)

type verCmd struct{}

// Run prints what a report of a fault should say.
func (*verCmd) Run(e *env) error {
	printVersion(e)
	return nil
}

// showVersion is the flag --version.
type showVersion bool

func (showVersion) IgnoreDefault() {}

// BeforeReset runs before required arguments are asked for.
func (showVersion) BeforeReset(e *env) error {
	printVersion(e)
	panic(helped{})
}

func printVersion(e *env) {
	fmt.Fprintf(e.stdout, "ppl %s\n", runtime.Version())
	fmt.Fprintf(e.stdout, "Go %s %s/%s\n", strings.TrimPrefix(goruntime.Version(), "go"), goruntime.GOOS, goruntime.GOARCH)
	level, err := vec.Selected()
	fmt.Fprintf(e.stdout, "kernels %s\n", level)
	if err != nil {
		fmt.Fprintf(e.stderr, "ppl: warning: %v\n", err)
	}
}

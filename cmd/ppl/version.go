package main

import (
	"fmt"
	goruntime "runtime"
	"runtime/debug"
	"strings"

	"ppl/graph/kernel/vec"
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
	fmt.Fprintf(e.stdout, "ppl %s\n", version())
	fmt.Fprintf(e.stdout, "Go %s %s/%s\n", strings.TrimPrefix(goruntime.Version(), "go"), goruntime.GOOS, goruntime.GOARCH)
	level, err := vec.Selected()
	fmt.Fprintf(e.stdout, "kernels %s\n", level)
	if err != nil {
		fmt.Fprintf(e.stderr, "ppl: warning: %v\n", err)
	}
}

// version is the module's version and the commit, as far as the build knows them.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "(development)"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if rev := settings["vcs.revision"]; rev != "" {
		v += " commit " + rev
		if settings["vcs.modified"] == "true" {
			v += " (modified)"
		}
	}
	return v
}

package main

import (
	"fmt"
	goruntime "runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/cpu"
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
	fmt.Fprintf(e.stdout, "CPU %s\n", cpuLevel())
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

// cpuLevel names the widest vectors that the machine has.
func cpuLevel() string {
	switch {
	case cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL:
		return "AVX-512"
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return "AVX2"
	}
	return goruntime.GOARCH
}

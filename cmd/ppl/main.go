// Command ppl checks, formats and fits models written in the ppl language.
//
// The command holds flags, progress and printing; everything else is in
// package runtime, for any Go program to use. Each subcommand is a type with
// its flags as fields and a Run method, in a file of its own; results go to
// standard output, everything said about them to standard error, and Run's
// error becomes the exit status in exit.go.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

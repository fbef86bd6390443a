package main

import (
	"bufio"
	"context"
	"io"
	"os"

	"golang.org/x/term"
)

// env is what a command may touch of the outside world.
type env struct {
	ctx    context.Context
	stdin  io.Reader
	stdout *bufio.Writer
	stderr io.Writer
	// colorOut and colorErr say whether colours may be used; live, whether
	// standard error is a terminal on which a line can be rewritten.
	colorOut, colorErr, live bool
}

func newEnv(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) *env {
	plain := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	return &env{
		ctx: ctx, stdin: stdin, stdout: bufio.NewWriter(stdout), stderr: stderr,
		colorOut: isTerminal(stdout) && !plain,
		colorErr: isTerminal(stderr) && !plain,
		live:     isTerminal(stderr) && os.Getenv("TERM") != "dumb",
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Codes of the terminal's styles.
const (
	bold   = "1;"
	red    = "31"
	green  = "32"
	yellow = "33"
	faint  = "2"
	strong = "1"
)

func paint(on bool, style, text string) string {
	if !on || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func (e *env) paintOut(style, text string) string { return paint(e.colorOut, style, text) }
func (e *env) paintErr(style, text string) string { return paint(e.colorErr, style, text) }

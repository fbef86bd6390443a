package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"ppl/runtime"
	"ppl/runtime/report"
)

// strategies reads SITE=HOW.
func strategies(args []string) (map[string]string, error) {
	out := map[string]string{}
	for _, a := range args {
		name, how, ok := strings.Cut(a, "=")
		if !ok || name == "" {
			return nil, usage("--discrete takes SITE=HOW, found %q", a)
		}
		out[name] = how
		if !slices.Contains(runtime.Strategies, how) {
			return nil, usage("--discrete %s: choose one of %s", a, strings.Join(runtime.Strategies, ", "))
		}
	}
	return out, nil
}

// latents reads SITE=HOW of --latents.
func latents(args []string) (map[string]string, error) {
	out := map[string]string{}
	for _, a := range args {
		name, how, ok := strings.Cut(a, "=")
		if !ok || name == "" {
			return nil, usage("--latents takes SITE=HOW, found %q", a)
		}
		if out[name] = how; how != runtime.LatentIntegrate && how != runtime.LatentKeep {
			return nil, usage("--latents %s: choose one of %s, %s", a, runtime.LatentIntegrate, runtime.LatentKeep)
		}
	}
	return out, nil
}

// writeStrategies says how each discrete latent is handled.
func writeStrategies(w io.Writer, p *runtime.Problem) {
	for _, s := range p.Discrete() {
		fmt.Fprintf(w, "discrete %s\n", report.Printable(s.String()))
	}
}

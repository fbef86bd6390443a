// Package runtime is ppl for Go programs: it compiles a model once, binds data
// to it any number of times, fits each, and answers questions about the
// posterior by name.
//
//	m, err := runtime.Compile("model.ppl", text)
//	p, err := m.Bind(runtime.Map(map[string]any{"y": y, "sigma": sigma}))
//	post, err := p.Fit(ctx, runtime.Options{Seed: 1})
//	mu, err := post.Mean("mu")
//
// A Model and a Problem are immutable: several goroutines may use one at the
// same time. Errors about the user's model or data are a *ModelError or a
// *DataError, which hold located diagnostics.
package runtime
